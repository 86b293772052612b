"""The stated spread: which calibration is taken, what it makes of the samples' deviation."""

from dataclasses import replace

import numpy as np
import pytest

from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import Sampling
from model_runtime.diffusion.spread_calibration import calibrated_spread, choose
from model_runtime.errors import PackageError
from model_runtime.package import manifest

ONES, ZEROS = (1.0,) * 8, (0.0,) * 8


@pytest.fixture
def model(tiny_package):
    """The tiny package's manifest with calibrations of ddim in 2 steps."""
    few = manifest.Calibration("ddim", 2, 4, (2.0,) * 8, ZEROS)
    many = manifest.Calibration("ddim", 2, 16, (1.5,) * 8, (0.1,) * 8)
    return replace(manifest.read(tiny_package), calibrations=(few, many))


@pytest.mark.parametrize("samples, taken", [(2, 4), (4, 4), (9, 4), (11, 16), (100, 16)])
def test_the_nearest_number_of_samples_is_taken(model, samples, taken):
    assert choose(model, "ddim", 2, samples).samples == taken


@pytest.mark.parametrize("settings", [("ddpm", 2, 4), ("ddim", 3, 4)])
def test_another_sampler_or_number_of_steps_has_none(model, settings):
    assert choose(model, *settings) is None


def test_a_spread_is_widened_and_has_a_part_of_the_signal():
    settings = manifest.Calibration("ddim", 2, 4, (2.0, 1.0), (0.0, 0.1))
    found = calibrated_spread(np.full((2, 1, 1), 0.03), np.full((2, 1, 1), 0.4), settings)
    np.testing.assert_allclose(found[:, 0, 0], [0.06, 0.05], rtol=1e-6)


def test_the_cascades_spread_is_the_calibrated_one(model, tiny_package):
    rgb = np.random.default_rng(0).uniform(0.02, 0.6, (3, 16, 16)).astype(np.float32)
    plain = load_cascade(tiny_package, replace(model, calibrations=()), "cpu", 1)
    stated = load_cascade(tiny_package, model, "cpu", 1)
    for steps, factor in ((2, 2.0), (3, 1.0)):
        how = Sampling("ddim", steps, 4, (0.0, 0.0), seed=1)
        one, other = plain.estimate(rgb, 0, 0, how), stated.estimate(rgb, 0, 0, how)
        np.testing.assert_array_equal(one.mean, other.mean)
        np.testing.assert_allclose(other.spread, factor * one.spread, rtol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"factor": ONES[:7]},
        {"factor": (-1.0,) * 8},
        {"relative": (float("nan"),) * 8},
        {"samples": 1},
        {"steps": 10**6},
        {"sampler": "euler"},
    ],
)
def test_a_calibration_that_cannot_be_is_refused(model, tmp_path, wrong):
    broken = replace(model.calibrations[0], **wrong)
    with pytest.raises(PackageError, match=r"calibrations\[0\]"):
        replace(model, calibrations=(broken,)).write(tmp_path)
