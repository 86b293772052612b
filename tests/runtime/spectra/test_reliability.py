"""The reliability: 0 to 100, falling with the spread and with the distance from training."""

import numpy as np
import pytest

from model_runtime.spectra.reliability import relative_spread, reliability


def test_the_relative_spread_is_of_all_bands_together():
    mean = np.array([0.3, 0.4, 0.0])[:, None, None]
    spread = np.array([0.03, 0.0, 0.04])[:, None, None]
    assert relative_spread(spread, mean)[0, 0, 0] == pytest.approx(0.1)


def test_a_black_pixel_is_not_known():
    black = np.zeros((3, 1, 1))
    assert reliability(relative_spread(black + 0.01, black))[0, 0, 0] == 0
    assert reliability(relative_spread(black, black))[0, 0, 0] == 0


@pytest.mark.parametrize(
    ("relative", "distance", "expected"),
    [(0, 0, 100), (0.5, 0, 50), (1, 0, 0), (7, 0, 0), (0, 1, 50), (0.2, 3, 20), (1, 2, 0)],
)
def test_what_the_numbers_mean(relative, distance, expected):
    assert reliability(np.float32(relative), distance) == pytest.approx(expected)


def test_more_spread_or_more_distance_is_never_more_reliable():
    relative, distance = np.meshgrid(np.linspace(0, 2, 41), np.linspace(0, 5, 41))
    found = reliability(relative, distance)
    assert (np.diff(found, axis=0) <= 0).all() and (np.diff(found, axis=1) <= 0).all()
    assert found.min() == 0 and found.max() == 100
