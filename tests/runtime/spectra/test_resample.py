"""A cube at other wavelengths: what is unseen or masked stays unknown."""

import numpy as np
import pytest

from model_runtime.spectra.resample import band_widths, resample

SOURCE_NM = np.arange(450.0, 901.0, 5.0)
TARGET_NM = np.array([400.0, 460.0, 550.0, 895.0, 950.0])
TARGET_FWHM_NM = np.full(5, 20.0)


def linear_cube():
    slope = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])  # (rows, cols)
    return (SOURCE_NM / 1000)[:, None, None].astype(np.float32) * slope.astype(np.float32)


def test_a_linear_spectrum_keeps_its_values():
    seen = resample(linear_cube(), SOURCE_NM, TARGET_NM, TARGET_FWHM_NM)
    assert seen.shape == (5, 2, 3) and seen.dtype == np.float32
    assert seen[2] == pytest.approx(0.55 * linear_cube()[0] / 0.45, rel=1e-5)


def test_bands_beyond_the_sensor_are_nan():
    seen = resample(linear_cube(), SOURCE_NM, TARGET_NM, TARGET_FWHM_NM)
    assert np.isnan(seen).all(axis=(1, 2)).tolist() == [True, False, False, False, True]


def test_band_order_does_not_matter():
    expected = resample(linear_cube(), SOURCE_NM, TARGET_NM, TARGET_FWHM_NM)
    turned = resample(linear_cube()[::-1], SOURCE_NM[::-1], TARGET_NM, TARGET_FWHM_NM)
    assert turned == pytest.approx(expected, rel=1e-5, nan_ok=True)


def test_a_masked_pixel_is_nan_and_its_neighbours_are_not():
    cube = linear_cube()
    cube[:, 1, 2] = np.nan
    hidden = np.isnan(resample(cube, SOURCE_NM, TARGET_NM[1:4], TARGET_FWHM_NM[1:4]))
    assert hidden[:, 1, 2].all() and hidden.sum() == 3


def test_a_pixel_masked_in_one_band_loses_only_what_that_band_gave():
    cube = linear_cube()
    cube[SOURCE_NM == 550, 0, 0] = np.nan
    hidden = np.isnan(resample(cube, SOURCE_NM, TARGET_NM[1:4], TARGET_FWHM_NM[1:4]))
    assert hidden[:, 0, 0].tolist() == [False, True, False] and hidden.sum() == 1


def test_an_empty_band_counts_as_lacking():
    cube = linear_cube()
    whole = resample(cube, SOURCE_NM, TARGET_NM, TARGET_FWHM_NM)
    cube[SOURCE_NM == 550] = np.nan
    seen = resample(cube, SOURCE_NM, TARGET_NM, TARGET_FWHM_NM)
    assert seen[2] == pytest.approx(whole[2], rel=1e-4)


def test_nothing_valid_gives_nothing():
    assert np.isnan(resample(np.full((91, 1, 2), np.nan), SOURCE_NM, [500.0], [10.0])).all()


def test_band_widths_fall_back_on_the_spacing():
    assert band_widths([500, 480, 465], None).tolist() == [20, 17.5, 15]
    assert band_widths([400, 500], [7, 8]).tolist() == [7, 8]


def test_bands_that_lie_far_apart_are_not_as_wide_as_that():
    assert band_widths([475, 560, 668, 842], None).tolist() == [40, 40, 40, 40]
