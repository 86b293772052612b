"""The empirical line against NumPy's own fit, and what is refused or doubted."""

import json
from dataclasses import replace

import numpy as np
import pytest

from model_runtime.errors import InputError
from model_runtime.spectra import empirical_line
from model_runtime.spectra.empirical_line import Calibration, Target

BANDS = [("red", 640.0), ("green", 550.0), ("blue", 465.0)]
GAIN, OFFSET = np.array([0.004, 0.003, 0.005]), np.array([-0.02, -0.01, -0.05])


def targets(lights, noise=0.0):
    """A target for each of ``lights``, of all bands alike, on the line but for ``noise``."""
    rng = np.random.default_rng(0)
    known = [GAIN * light + OFFSET + noise * rng.standard_normal(3) for light in lights]
    return [Target(f"t{i}", 9, (x,) * 3, tuple(k)) for i, (x, k) in enumerate(zip(lights, known))]


def calibration(found):
    lines = tuple(empirical_line.fit(found, BANDS))
    return Calibration("linear", 1.0, True, 8, lines, tuple(found))


def test_exact_targets_give_back_the_line():
    made = calibration(targets([20.0, 100.0, 200.0]))
    assert [line.gain for line in made.lines] == pytest.approx(GAIN)
    assert [line.offset for line in made.lines] == pytest.approx(OFFSET)
    assert made.rmse == pytest.approx(0, abs=1e-12)
    assert empirical_line.doubts(made) == []


def test_noisy_targets_give_the_least_squares_of_numpy():
    found = targets([10.0, 60.0, 120.0, 180.0, 240.0], noise=0.02)
    made = calibration(found)
    for i, line in enumerate(made.lines):
        x = [target.light[i] for target in found]
        y = [target.reflectance[i] for target in found]
        slope, shift = np.polyfit(x, y, 1)
        assert (line.gain, line.offset) == pytest.approx((slope, shift))
        rmse = np.sqrt(np.mean((np.polyval([slope, shift], x) - y) ** 2))
        assert line.rmse == pytest.approx(rmse)
        assert empirical_line.residuals(made)[:, i] == pytest.approx(
            np.polyval([slope, shift], x) - y
        )


@pytest.mark.parametrize(
    "lights, known, why",
    [
        ([50.0], [0.2], "1 targets can be used"),
        ([100.0, 101.0, 103.0], [0.2, 0.3, 0.4], "look alike in the red band"),
        ([50.0, 200.0], [0.5, 0.1], "the line of the red band falls"),
        ([50.0, 200.0], [0.3, 0.3], "the line of the red band falls"),
    ],
)
def test_what_is_no_line_is_refused(lights, known, why):
    found = [Target("t", 9, (x,) * 3, (y,) * 3) for x, y in zip(lights, known)]
    with pytest.raises(InputError, match=why):
        empirical_line.fit(found, BANDS)


def test_a_large_residual_names_the_target_that_is_off():
    found = targets([20.0, 100.0, 150.0, 200.0])
    wrong = replace(found[2], name="grey panel", reflectance=(0.9, *found[2].reflectance[1:]))
    (said,) = empirical_line.doubts(calibration([*found[:2], wrong, found[3]]))
    assert "more than 0.03" in said and "grey panel (red band)" in said


def test_two_targets_are_said_to_prove_nothing():
    (said,) = empirical_line.doubts(calibration(targets([20.0, 200.0])))
    assert "two targets fit a line exactly" in said


def test_a_file_gives_back_what_was_written(tmp_path):
    made = calibration(targets([20.0, 100.0, 200.0], noise=0.01))
    text = empirical_line.as_text(made)
    (tmp_path / "c.json").write_text(text)
    assert empirical_line.read(tmp_path / "c.json") == made
    off = [target["residual"] for target in json.loads(text)["targets"]]
    assert np.array(off) == pytest.approx(empirical_line.residuals(made))


def broken(change):
    said = json.loads(empirical_line.as_text(calibration(targets([20.0, 100.0, 200.0]))))
    change(said)
    return json.dumps(said)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "not json",
        broken(lambda said: said.update(format="other")),
        broken(lambda said: said.update(curve="gamma")),
        broken(lambda said: said.update(white=0)),
        broken(lambda said: said.update(lines=[])),
        broken(lambda said: said["lines"][0].update(gain=-1)),
        broken(lambda said: said["lines"][0].update(gain="much")),
        broken(lambda said: said["lines"][0].update(gain=float("inf"))),
        broken(lambda said: said["lines"][0].pop("offset")),
        broken(lambda said: said["targets"][0].pop("light")),
    ],
)
def test_what_is_no_calibration_is_refused(tmp_path, text):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(InputError, match=r"c\.json' cannot be read as a calibration"):
        empirical_line.read(tmp_path / "c.json")
