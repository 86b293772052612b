"""The baseline fits what it can and learns nothing from bands that a sensor lacks."""

import numpy as np
import pytest
import ridge


def scene(seed, rows=12, cols=17):
    return np.random.default_rng(seed).uniform(0.0, 1.0, (3, rows, cols))


def bands_of(rgb):
    red, green, blue = rgb
    return np.stack([red, 0.2 + red * green * blue, blue**3 - green**2 * red])


def test_a_cubic_is_recovered():
    fitted = ridge.fit([(scene(1), bands_of(scene(1))), (scene(2), bands_of(scene(2)))])
    unseen = scene(3, 5, 7)
    estimate = fitted.estimate(unseen)
    assert estimate.shape == (3, 5, 7) and estimate.dtype == np.float32
    assert estimate == pytest.approx(bands_of(unseen), abs=2e-3)


def test_there_are_twenty_terms_of_three_bands():
    assert ridge.terms(scene(1).reshape(3, -1)).shape == (12 * 17, 20)


def test_a_band_is_learnt_from_the_scenes_that_have_it():
    whole, lacking = bands_of(scene(1)), bands_of(scene(2)) * 9
    lacking[1] = np.nan
    alone = ridge.fit([(scene(1), whole)])
    both = ridge.fit([(scene(1), whole), (scene(2), lacking)])
    assert both.weights[1] == pytest.approx(alone.weights[1])
    assert not np.allclose(both.weights[0], alone.weights[0])


def test_masked_pixels_stay_masked_and_teach_nothing():
    rgb, bands = scene(1), bands_of(scene(1))
    holed, spoilt = rgb.copy(), bands.copy()
    holed[1, 2, 3] = np.nan
    spoilt[:, 2, 3] = 1e6
    fitted = ridge.fit([(holed, spoilt)])
    assert fitted.estimate(rgb) == pytest.approx(bands, abs=3e-3)
    assert np.isnan(fitted.estimate(holed)[:, 2, 3]).all()
