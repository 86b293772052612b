"""The GPU benchmark on the processor: all of it runs, and what fails costs only itself."""

import json
import subprocess
import sys
import time
import zipfile

import gpu_bench
import gpu_report
import gpu_tests
import pytest
from gpu_settings import Rows, Settings, read_rows, time_action
from gpu_wheels import install_missing, join_parts

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")


@pytest.fixture
def rows(tmp_path):
    """The rows of a part that has a minute."""
    return Rows(tmp_path / "part.json", Settings("cpu", True, 1, time.time() + 60))


def test_all_of_it_runs_on_the_processor(tmp_path):
    words = ["--provider", "cpu", "--quick", "--threads", "1", "--minutes", "20"]
    done = subprocess.run(
        [sys.executable, gpu_bench.__file__, *words, "--out", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    whole = json.loads((tmp_path / "gpu_bench.json").read_text())
    assert list(whole["parts"]) == list(gpu_bench.PARTS)
    said = [row for part in whole["parts"].values() for row in part["rows"]]
    assert [row for row in said if row["error"]] == []
    assert [part["error"] for part in whole["parts"].values()] == [""] * len(gpu_bench.PARTS)
    values = {row["what"]: row["value"] for row in said}
    assert values["tests failed"] == 0 and values["tests passed"] >= 10
    for what in ("fast", "balanced", "guided step", "training, bfloat16", "memory, at most"):
        assert values[what] > 0
    table = (tmp_path / "gpu_bench.md").read_text()
    assert "Of a processor" in table and "| fast over the fastest MST++ |" in table


def test_a_part_that_fails_is_a_row_and_the_others_go_on(tmp_path):
    words = ["--provider", "cpu", "--quick", "--threads", "1", "--out", str(tmp_path)]
    missing = tmp_path / "MST_Plus_Plus.py"
    assert gpu_bench.main([*words, "--only", "mst", "--mst", str(missing)]) == 0
    (row,) = read_rows(gpu_bench.rows_path(tmp_path, "mst"))
    assert "FileNotFoundError" in row["error"]
    assert (
        "| mst | MST++ |  |  |  | failed: FileNotFoundError"
        in (tmp_path / "gpu_bench.md").read_text()
    )


@pytest.mark.parametrize(
    "script, error",
    [
        ("exec tail -f /dev/null", "ended after its 1 s"),
        ("echo 'out of memory' >&2; exit 3", "ended with 3: out of memory"),
        ("kill -SEGV $$", "ended with -11: nothing said"),
    ],
    ids=["hangs", "fails", "crashes"],
)
def test_a_process_that_does_not_end_well_is_said(tmp_path, monkeypatch, script, error):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(gpu_bench.sys, "executable", str(python))
    monkeypatch.setattr(gpu_bench, "GRACE_SECONDS", 0)
    options = gpu_bench.parse(["--provider", "cpu", "--out", str(tmp_path)])
    found = gpu_bench.in_a_process(options, "tiles", time.time(), {})
    assert found["error"] == error and found["rows"] == []


def test_what_is_measured_before_a_part_is_killed_is_kept(rows):
    rows.add("fast", 3.0, "Mpx/s")
    (kept,) = read_rows(rows.path)
    assert (kept["what"], kept["value"]) == ("fast", 3.0)


def test_an_error_is_a_row(rows):
    assert rows.measure("fast", lambda: 1 / 0) is None
    assert rows.rows[0].error == "ZeroDivisionError: division by zero"


def test_what_there_is_no_time_for_is_not_begun(tmp_path):
    late = Rows(tmp_path / "part.json", Settings("cpu", True, 1, time.time() - 1))
    assert late.measure("fast", lambda: pytest.fail("it was begun")) is None
    assert late.rows[0].error == "not begun: the time was up"


def test_a_median_leaves_the_first_run_out(monkeypatch):
    clock = iter([0.0, 0.0, 1.0, 4.0, 4.0, 4.0, 6.0, 9.0])  # begun, then asked, since, until
    monkeypatch.setattr("gpu_settings.time.perf_counter", lambda: next(clock))
    runs = []
    settings = Settings("cpu", False, 1, time.time() + 60)
    assert time_action(lambda: runs.append(1), settings) == pytest.approx(2.5)
    assert len(runs) == 3


def test_time_that_a_part_leaves_over_is_shared():
    options = gpu_bench.parse(["--only", "tiles", "memory"])
    now = time.time()
    first, last = (gpu_bench._until(options, number, now + 100) for number in (0, 1))
    assert first - now == pytest.approx(100 * 0.20 / 0.25, abs=1)
    assert last - now == pytest.approx(100, abs=1)
    assert sum(place.share for place in gpu_bench.PARTS.values()) == pytest.approx(1)


def part(*rows, error=""):
    keys = ("what", "value", "unit", "note", "error")
    return {"rows": [dict(zip(keys, row)) for row in rows], "error": error, "seconds": 1.0}


def test_targets_stand_beside_what_was_found():
    whole = {
        "command": "gpu_bench.py",
        "date": "2026-11-26",
        "machine": {"provider": "cuda", "gpu": "A GPU"},
        "installed": ["onnx 1.20: installed"],
        "parts": {
            "tiles": part(("fast", 25.0, "Mpx/s", "", ""), ("balanced", 2.0, "Mpx/s", "", "")),
            "released": part(
                ("guided step, torch eager", 10.0, "steps/s", "", ""),
                ("guided step", 40.0, "steps/s", "4.00 times eager torch", ""),
            ),
            "mst": part(("MST++, torch eager", 5.0, "Mpx/s", "", ""), error="ended with 1: a | b"),
        },
    }
    table = gpu_report.markdown(whole)
    assert "| tiles | fast | 25.0 | Mpx/s | 20.0, reached |  |" in table
    assert "| tiles | balanced | 2.00 | Mpx/s | 5.00, not reached |  |" in table
    assert "| released | guided step | 40.0 | steps/s | 50.0, not reached | 4.00 times" in table
    assert "| mst | fast over the fastest MST++ | 5.00 | times |" in table
    assert "| mst | the part |  |  |  | failed: ended with 1: a / b |" in table
    assert "- onnx 1.20: installed" in table and "Of a processor" not in table


def write_wheel(folder, name="scdm_made_for_a_test"):
    """A wheel of one module."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "ANSWER = 42\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(f"{info}/WHEEL", tag)
        files = (f"{name}.py", f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD")
        wheel.writestr(f"{info}/RECORD", "".join(f"{file},,\n" for file in files))
    return path


def split(wheel, size=100):
    """A wheel in parts, as split makes them; the wheel itself goes."""
    content = wheel.read_bytes()
    for number, start in enumerate(range(0, len(content), size)):
        part = wheel.with_name(f"{wheel.name}.part{number:02}")
        part.write_bytes(content[start : start + size])
    wheel.unlink()
    return content


def test_a_wheel_in_parts_is_the_wheel(tmp_path):
    (tmp_path / "wheels").mkdir()
    content = split(write_wheel(tmp_path / "wheels"), size=60)
    assert len(list((tmp_path / "wheels").iterdir())) > 10  # in the order of numbers
    (joined,) = join_parts(tmp_path / "wheels", tmp_path / "joined")
    assert joined.read_bytes() == content and joined.suffix == ".whl"


@pytest.mark.parametrize("in_parts", [False, True])
def test_what_is_missing_is_installed_beside_the_machines_packages(tmp_path, in_parts):
    wheels, target = tmp_path / "wheels", tmp_path / "packages"
    wheels.mkdir()
    wheel = write_wheel(wheels)
    if in_parts:
        split(wheel)
    write_wheel(wheels, "numpy")
    said = install_missing(wheels, target)
    assert sorted(said) == ["numpy: there already", "scdm_made_for_a_test 1.0: installed"]
    assert (target / "scdm_made_for_a_test.py").is_file() and not (target / "numpy.py").exists()
    assert str(target) in gpu_bench.environment_with(target)["PYTHONPATH"]


def test_a_wheel_that_lacks_a_part_is_said(tmp_path):
    (tmp_path / "wheels").mkdir()
    split(write_wheel(tmp_path / "wheels"), size=300)
    sorted((tmp_path / "wheels").iterdir())[-1].unlink()
    (said,) = install_missing(tmp_path / "wheels", tmp_path / "packages")
    assert "is not whole, a part may be missing" in said


def test_no_folder_of_wheels_is_said(tmp_path):
    (said,) = install_missing(tmp_path / "none", tmp_path / "packages")
    assert "is no folder" in said


def test_pytests_report_becomes_rows(tmp_path, rows):
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase name="a"/><testcase name="b">'
        '<failure message="1 is&#10;not 2">trace</failure></testcase><testcase name="c">'
        '<skipped message="needs an NVIDIA GPU"/></testcase></testsuite></testsuites>'
    )
    gpu_tests.add_rows(report, rows)
    found = {row.what: (row.value, row.note) for row in rows.rows}
    assert found == {
        "tests passed": (1, ""),
        "tests failed": (1, ""),
        "tests skipped": (1, ""),
        "failed: b": (0, "1 is not 2"),
        "skipped because": (0, "needs an NVIDIA GPU"),
    }
