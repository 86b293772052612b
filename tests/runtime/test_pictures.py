"""Pictures: the right bands, a stretch that keeps colours, masks transparent."""

import numpy as np
import pytest

from model_runtime.contract import NATURAL_NM
from model_runtime.report import images


def test_nearest_bands():
    nm = np.linspace(400, 1000, 48)
    chosen = images.nearest_bands(nm, NATURAL_NM)
    assert [round(nm[b]) for b in chosen] == [643, 553, 464]


def test_masked_pixels_are_transparent():
    bands = np.random.default_rng(0).uniform(size=(3, 4, 6))
    bands[2, 1, 5] = np.nan
    alpha = images.composite(bands, together=True)[3]
    assert alpha[1, 5] == 0 and (alpha == 255).sum() == 23


def test_a_common_stretch_keeps_grey_grey_and_own_stretches_do_not_care():
    ramp = np.linspace(0, 1, 200).reshape(10, 20)
    bands = np.stack([ramp, ramp, ramp * 0.5])
    together, each = images.composite(bands, True), images.composite(bands, False)
    assert np.array_equal(together[0], together[1]) and together[2].max() < 135
    assert np.abs(each[0].astype(int) - each[2]).max() <= 1
    assert each[0].min() == 0 and each[0].max() == 255


def test_an_empty_or_flat_picture_does_not_fail():
    assert images.composite(np.full((3, 2, 3), np.nan), True).max() == 0
    assert images.composite(np.full((3, 2, 3), 0.2), True)[3].min() == 255


def test_colour_map_ends_are_viridis():
    rgba = images.colour_map(np.array([[0.0, 2.0, np.nan]]), 0, 2)
    assert rgba[:, 0, 0].tolist() == [68, 1, 84, 255]
    assert rgba[:, 0, 1].tolist() == [253, 231, 37, 255]
    assert rgba[3, 0, 2] == 0


def test_class_map_has_the_charts_colours():
    rgba = images.class_map(np.array([[0, 4, -1]]))
    assert tuple(rgba[:3, 0, 1]) == images.hex_rgb(images.CLASS_COLOURS[4])
    assert rgba[3, 0].tolist() == [255, 255, 0]


@pytest.mark.parametrize("shape, expected", [((4, 20, 30), (4, 40, 60)), ((4, 70, 9), (4, 70, 9))])
def test_small_pictures_are_enlarged_by_whole_pixels(shape, expected):
    assert images.enlarge(np.zeros(shape, np.uint8), 50).shape == expected
