"""The measure of a radiance correction, on spectra whose answer is known."""

import numpy as np
import pytest
from radiance_correction import angle, endmember_mean, endmembers, errors

NM = np.array([470.0, 550.0, 670.0, 800.0])
SOIL = np.array([0.1, 0.15, 0.2, 0.25])
LEAF = np.array([0.03, 0.08, 0.04, 0.5])


def mixed(seed, *shares):
    rng = np.random.default_rng(seed)
    levels = rng.uniform(0.5, 1.5, 200)
    kinds = rng.choice(2, 200, p=shares)
    return np.stack([SOIL, LEAF])[kinds].T * levels


def mean_of(spectra):
    return spectra.mean(1)


def test_places_of_the_same_cover_are_corrected_almost_rightly():
    places = {"a": [mixed(0, 0.5, 0.5)], "b": [mixed(1, 0.5, 0.5)]}
    assert max(errors(places, mean_of).values()) < 3


def test_a_place_of_another_cover_is_corrected_wrongly():
    places = {"soil": [mixed(0, 1, 0)], "forest": [mixed(1, 0, 1)]}
    apart = angle(SOIL[:, None], LEAF[:, None])
    assert errors(places, mean_of)["soil"] == pytest.approx(apart, abs=0.1)


def test_endmembers_hold_what_is_rare_and_the_green_are_left_out_of_their_mean():
    rare = np.hstack([mixed(0, 1, 0), LEAF[:, None]])
    assert any(np.allclose(one, LEAF) for one in endmembers(rare, 2).T)
    mean = endmember_mean(NM)(rare)
    assert angle(mean[:, None], SOIL[:, None]) < 1


def test_black_pixels_have_no_angle():
    assert angle(np.array([[0, 1.0], [0, 1.0]]), np.ones((2, 2))) == pytest.approx(0, abs=1e-5)
