"""Pictures: the right bands, a stretch that keeps colours, masks transparent."""

import numpy as np
import pytest

from model_runtime.contract import NATURAL_NM, RESPONSES_NM
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


def test_natural_colour_looks_as_the_picture_that_a_camera_took():
    """Narrow bands at the colours' centres would be more saturated, an own stretch as strong."""
    nm = np.arange(400, 1000, 10.0)
    rng = np.random.default_rng(3)
    peaks = np.exp(-0.5 * ((nm[:, None] - rng.uniform(430, 680, 300)) / 25) ** 2)
    cube = (0.05 + 0.3 * peaks).reshape(len(nm), 15, 20)
    centres, widths = np.array(RESPONSES_NM).T
    weights = np.exp(-0.5 * ((nm[:, None] - centres) / widths) ** 2)
    picture = np.tensordot((weights / weights.sum(axis=0)).T, cube, 1)
    shown = images.composite(picture, together=True)
    assert np.abs(images.natural(cube, nm, picture).astype(int) - shown).max() <= 1
    part = images.natural(cube[:, :5], nm, picture)  # of a part, in the whole picture's stretch
    assert np.abs(part.astype(int) - shown[:, :5]).max() <= 1


def test_colour_infrared_makes_nothing_dark_black_and_keeps_the_visible_in_balance():
    cube = np.linspace(0.05, 0.1, 200).reshape(1, 10, 20).repeat(3, 0)
    cube[2] *= 4
    rgba = images.infrared(cube, (550.0, 650.0, 860.0))
    assert rgba[:3].min() > 60
    assert np.array_equal(rgba[1], rgba[2])
