"""Band responses: what a sensor's bands say of a model's."""

import numpy as np
import pytest

from model_runtime.spectra import band_response

FINE = np.arange(400.0, 1001.0, 2.0)  # a spectrometer
COARSE = np.array([443.0, 490.0, 560.0, 665.0, 865.0])  # a multispectral satellite
TARGET = np.array([450.0, 550.0, 640.0, 700.0, 800.0])
WIDTH = np.array([20.0, 82.0, 82.0, 12.8, 12.8])
UNEVEN = np.sort(np.random.default_rng(0).uniform(400, 1000, 150))


@pytest.mark.parametrize("source", [FINE, COARSE, UNEVEN], ids=["fine", "coarse", "uneven"])
def test_a_flat_spectrum_stays_flat(source):
    weights = band_response.response_matrix(source, TARGET, WIDTH)
    assert weights.shape == (len(TARGET), len(source))
    np.testing.assert_allclose(weights.sum(1), 1)
    assert (weights >= 0).all()


@pytest.mark.parametrize("source, tolerance", [(FINE, 0.01), (COARSE, 1e-9)])
def test_a_straight_spectrum_is_read_at_the_bands_centre(source, tolerance):
    weights = band_response.response_matrix(source, TARGET, np.full(5, 12.8))
    np.testing.assert_allclose(weights @ source, TARGET, atol=tolerance)


def test_a_line_is_weighted_by_the_bands_gaussian():
    """Half of the peak response at half a width from the centre."""
    weights = band_response.response_matrix(FINE, np.array([600.0]), np.array([40.0]))[0]
    at = dict(zip(FINE, weights))
    assert at[620.0] / at[600.0] == pytest.approx(0.5)
    assert at[580.0] / at[600.0] == pytest.approx(0.5)
    assert at[640.0] / at[600.0] == pytest.approx(1 / 16)


def test_crowded_bands_do_not_count_twice():
    """A sensor with a second, denser spectrometer from 600 nm: each band counts by its spacing."""
    source = np.concatenate([np.arange(500.0, 600, 4), np.arange(600.0, 700, 1)])
    weights = band_response.response_matrix(source, np.array([600.0]), np.array([60.0]))[0]
    assert weights[source < 600].sum() == pytest.approx(0.5, abs=0.05)


def test_a_coarse_sensor_is_interpolated():
    weights = band_response.response_matrix(
        COARSE, np.array([525.0, 865.0]), np.array([10.0, 10.0])
    )
    np.testing.assert_allclose(weights[0], [0, 0.5, 0.5, 0, 0])
    np.testing.assert_allclose(weights[1], [0, 0, 0, 0, 1])


def test_a_gap_in_the_sensor_is_interpolated_across():
    source = np.concatenate([np.arange(400.0, 701, 5), np.arange(800.0, 1001, 5)])
    weights = band_response.response_matrix(source, np.array([750.0]), np.array([12.8]))[0]
    assert {int(nm) for nm in source[weights > 0]} == {700, 800}


def test_a_single_band_is_all_there_is():
    weights = band_response.response_matrix(np.array([550.0]), np.array([545.0]), np.array([20.0]))
    np.testing.assert_allclose(weights, [[1]])


def test_covered_reaches_half_a_width_beyond_the_sensor():
    target, width = np.array([389.0, 391.0, 500.0, 1009.0, 1011.0]), np.full(5, 20.0)
    found = band_response.sees_band(FINE, target, width)
    assert found.tolist() == [False, True, True, True, False]


def test_apply_weighs_bands_and_keeps_places():
    cube = np.random.default_rng(1).random((len(FINE), 3, 4)).astype(np.float32)
    weights = band_response.response_matrix(FINE, TARGET, WIDTH)
    found = band_response.apply(weights, cube)
    assert found.shape == (5, 3, 4)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 2, 1], weights @ cube[:, 2, 1], rtol=1e-5)


@pytest.mark.parametrize("low, share", [(0, 1), (465, 0.5), (430.0, 0.8805)])
def test_the_share_of_a_response(low, share):
    # FWHM 70: sigma 29.73; 35 nm below the centre is 1.1774 sigma, which leaves 11.95 % below.
    found = band_response.response_share(np.array([low, 2000.0]), [465.0], [70.0])
    assert found == pytest.approx([share], abs=1e-4)


def test_the_gap_about_a_wavelength():
    gap, off = band_response.gaps_about([390.0, 450.0, 520.0, 700.0], [600.0, 400.0, 500.0])
    assert gap.tolist() == [0, 100, 100, 0] and off.tolist() == [10, 50, 20, 100]
