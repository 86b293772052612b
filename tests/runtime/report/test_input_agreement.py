"""Agreement of an estimate with its own input bands."""

import numpy as np
import pytest

from model_runtime.package.manifest import InputBand
from model_runtime.report.input_agreement import check
from model_runtime.spectra.resample import resample

NM = np.linspace(400, 1000, 48)
BANDS = (InputBand("red", 640, 82), InputBand("green", 550, 82), InputBand("blue", 465, 70))


def scene():
    cube = np.random.default_rng(0).uniform(0.1, 0.6, (48, 5, 9)).astype(np.float32)
    rgb = resample(cube, NM, [b.wavelength_nm for b in BANDS], [b.fwhm_nm for b in BANDS])
    return rgb, cube


def test_a_cube_agrees_with_its_own_simulated_bands():
    agreement = check(*scene(), NM, BANDS)
    assert [b.name for b in agreement.bands] == ["red", "green", "blue"]
    assert max(b.rmse for b in agreement.bands) == 0 and agreement.error.max() == 0


def test_an_offset_is_a_bias_of_its_band():
    rgb, cube = scene()
    rgb[1] -= np.float32(0.05)
    agreement = check(rgb, cube, NM, BANDS)
    assert [b.bias for b in agreement.bands] == pytest.approx([0, 0.05, 0], abs=1e-6)
    assert agreement.bands[1].correlation == pytest.approx(1)
    assert agreement.error == pytest.approx(np.full((5, 9), 0.05 / np.sqrt(3)), abs=1e-6)
    assert agreement.band_error[1] == pytest.approx(np.full((5, 9), 0.05), abs=1e-6)
    assert agreement.band_error[[0, 2]].max() < 1e-6


def test_masked_pixels_are_left_out():
    rgb, cube = scene()
    rgb[:, 2, 3] = np.nan
    agreement = check(rgb, cube, NM, BANDS)
    assert np.isnan(agreement.error[2, 3]) and np.isnan(agreement.error).sum() == 1
    assert agreement.bands[0].rmse == 0
