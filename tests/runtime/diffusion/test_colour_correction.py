"""Colour correction: what is fitted, and what moving an estimate onto it keeps and changes."""

from dataclasses import replace

import numpy as np
import pytest

from model_runtime.diffusion import colour_correction
from model_runtime.package import manifest
from model_runtime.spectra import band_response

NM = np.linspace(400, 1000, 48)
CENTRES, WIDTHS = (640.0, 550.0, 465.0), (82.0, 82.0, 70.0)
RESPONSES = band_response.response_matrix(NM, CENTRES, WIDTHS)
WARMER = np.array([[1.1, 0.05, 0.0], [0.0, 1.0, 0.05], [0.0, 0.1, 0.6]])


@pytest.fixture
def model(tiny_package):
    bands = tuple(manifest.InputBand("", nm, width) for nm, width in zip(CENTRES, WIDTHS))
    read = manifest.read(tiny_package)
    return replace(read, input_bands=bands, wavelength_nm=tuple(NM), fwhm_nm=(12.8,) * 48)


def colours(count=4000, seed=0):
    return np.random.default_rng(seed).uniform(0.01, 0.3, (3, count)).astype(np.float32)


def corrected(coefficients, rgb):
    return np.array(coefficients) @ colour_correction.terms(rgb)


def test_a_cameras_matrix_is_found_within_a_hundredth_of_white():
    rgb = colours()
    found = colour_correction.fit(rgb, WARMER @ rgb)
    assert np.abs(corrected(found, rgb) - WARMER @ rgb).max() < 0.01


def test_a_twentieth_of_wrong_estimates_hardly_changes_what_is_fitted():
    rgb = colours()
    estimated = WARMER @ rgb
    estimated[:, ::20] *= np.array([[3.0], [0.3], [2.0]])
    found = colour_correction.fit(rgb, estimated)
    assert np.abs(corrected(found, rgb) - WARMER @ rgb).mean() < 0.005


def test_of_one_colour_alone_others_stay_near_the_pictures_own():
    """Nothing is known of them: a bright grey of a green picture does not turn green."""
    green = np.tile(np.array([[0.04], [0.08], [0.03]], np.float32), 500)
    green = green * np.random.default_rng(0).uniform(0.8, 1.2, (1, 500)).astype(np.float32)
    found = colour_correction.fit(green, green * np.array([[0.8], [1.0], [0.9]]))
    grey = corrected(found, np.full((3, 1), 0.2, np.float32))
    assert np.ptp(grey) < 0.25 * grey.mean()


def test_moved_spectra_show_the_corrected_colours(model):
    rng = np.random.default_rng(1)
    spectra = rng.uniform(0.05, 0.25, (48, 5, 6)).astype(np.float32)
    rgb = rng.uniform(0.15, 0.3, (3, 5, 6)).astype(np.float32)
    found = colour_correction.fit(colours(), WARMER @ colours())
    moved = colour_correction.mover(model, found)(spectra, rgb)
    wanted = corrected(found, rgb.reshape(3, -1)).reshape(rgb.shape)
    np.testing.assert_allclose(band_response.apply(RESPONSES, moved), wanted, atol=1e-5)
    infrared = NM > 850
    assert np.abs(moved - spectra)[infrared].max() < 0.05 * np.abs(moved - spectra).max()


def test_a_correction_below_zero_leaves_a_share_of_the_estimate(model):
    spectra = np.full((48, 2, 2), 0.1, np.float32)
    black = tuple((-1.0,) * 8 for _ in range(3))
    moved = colour_correction.mover(model, black)(spectra, np.full((3, 2, 2), 0.1, np.float32))
    seen = band_response.apply(RESPONSES, moved)
    np.testing.assert_allclose(seen, 0.1 * colour_correction.LEAST_SHARE, atol=1e-5)
