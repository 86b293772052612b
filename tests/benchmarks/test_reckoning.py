"""The tables of docs/measurements/scaling.md follow from what was measured."""

import pytest
import reckoning


def cells(out):
    """{first cell: the others as numbers} of all rows that have numbers."""
    rows = [line.strip("| ").split(" | ") for line in out.splitlines() if line.count("|") > 2]
    return {row[0]: [float(c.strip("%").replace(",", "")) for c in row[1:]] for row in rows[2:]}


@pytest.fixture
def table(capsys):
    def made(**measured):
        words = [word for name, value in measured.items() for word in (f"--{name}", str(value))]
        reckoning.main(words)
        tables = capsys.readouterr().out.split("\n\n")
        return cells(tables[0]), cells(tables[1])

    return made


MEASURED = {"fast": 10, "balanced": 40, "client": 2, "scheduler": 3, "worker": 1, "file": 90}


def test_a_unit_of_the_least_side_has_two_percent_of_overhead(table):
    cores, _ = table(**MEASURED)
    sides, speeds = cores["least side for 2 %"], cores["pixels per second"]
    assert [0.004 * speed / side**2 for speed, side in zip(speeds, sides)] == pytest.approx(
        [reckoning.SHARE] * 4, rel=0.03
    )


def test_an_area_takes_its_pixels_times_a_pixels_work(table):
    cores, areas = table(**MEASURED)
    mosaic = 10_000e6 / 0.3**2
    assert areas["processor hours, fast"][0] == pytest.approx(mosaic * 10 / 1e6 / 3600, rel=0.01)
    assert areas["TB of output"][0] == pytest.approx(10)
    units, side = areas[f"units of {reckoning.KEPT} pixels"][0], reckoning.KEPT
    assert units * side**2 == pytest.approx(mosaic, rel=0.01)
    assert cores["workers that one client assembles for"][:2] == [20, 5]


def test_twice_the_pace_is_half_the_hours(table):
    (_, slow), (_, quick) = table(**MEASURED), table(**{**MEASURED, "fast": 5})
    name = "processor hours, fast"
    assert [2 * hours for hours in quick[name]] == pytest.approx(slow[name], rel=0.01)
    assert quick["processor hours, balanced"] == slow["processor hours, balanced"]
