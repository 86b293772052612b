"""The baseline gives back what it knows, and fills what a sensor lacks from the nearest."""

import neighbours
import numpy as np
import pytest


def scene(seed, rows=12, cols=17):
    return np.random.default_rng(seed).uniform(0.0, 1.0, (3, rows, cols))


def bands_of(rgb):
    return np.stack([rgb[0], rgb.mean(0), 1 - rgb[2], rgb[1] * 0.5])


def test_a_pixel_that_is_known_often_is_given_back():
    rgb = np.repeat(scene(1), neighbours.NEIGHBOURS, axis=2)
    fitted = neighbours.fit([(rgb, bands_of(rgb))])
    assert fitted.estimate(rgb) == pytest.approx(bands_of(rgb), abs=1e-5)


def test_an_unseen_pixel_is_the_mean_of_the_nearest():
    rgb = np.concatenate([np.full((3, 1, 4), 0.1), np.full((3, 1, 4), 0.2)], axis=2)
    rgb = np.concatenate([rgb, np.full((3, 1, 20), 5.0)], axis=2)
    fitted = neighbours.fit([(rgb, bands_of(rgb))])
    found = fitted.estimate(np.full((3, 2, 3), 0.15))
    assert found.shape == (4, 2, 3) and found.dtype == np.float32
    assert found[0] == pytest.approx(0.15)


def test_a_band_that_a_sensor_lacks_is_the_nearest_other_pixels():
    rgb, lacking = scene(1), bands_of(scene(1))
    lacking[2] = np.nan
    other = bands_of(scene(1)) * 3
    fitted = neighbours.fit([(rgb, lacking), (rgb + 1e-6, other)])
    assert np.isfinite(fitted.spectra).all()
    known = len(fitted.spectra) // 2
    assert fitted.spectra[:known, 2] == pytest.approx(other[2].ravel(), abs=1e-6)


def test_masked_pixels_stay_masked_and_teach_nothing():
    rgb = scene(1)
    holed = rgb.copy()
    holed[1, 2, 3] = np.nan
    spoilt = bands_of(rgb)
    spoilt[:, 2, 3] = 1e6
    fitted = neighbours.fit([(holed, spoilt)])
    assert fitted.estimate(rgb).max() < 2
    found = fitted.estimate(holed)
    assert np.isnan(found[:, 2, 3]).all()
    assert np.isfinite(found).sum() == 4 * (12 * 17 - 1)
