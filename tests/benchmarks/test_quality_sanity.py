"""Sanity without truth: made-up estimates with one fault each are found out by its figure alone."""

import numpy as np
import pytest
import quality_sanity
from osgeo import gdal
from quality_bench import Bench
from quality_methods import Regression

from model_runtime.package import manifest
from model_runtime.raster.cube import Cube
from model_runtime.raster.reader import RasterReader
from model_runtime.tiling import Window

NM = np.array([500.0, 670.0, 840.0])


def picture(rows=60, cols=90, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(30, 220, (3, rows, cols)).astype(np.float32)


def all_valid(rgb):
    return np.ones(rgb.shape[1:], bool)


def test_strongly_green_is_as_defined():
    pixels = np.array([[60, 80, 60], [60, 100, 60], [30, 44, 20], [30, 46, 20]], np.float32)
    green = quality_sanity.strongly_green(pixels.T[:, None])
    assert green.tolist() == [[False, True, False, True]]


def test_green_as_water_counts_green_pixels_of_low_ndvi():
    rgb = np.full((3, 4, 5), 60, np.float32)
    rgb[1, :2] = 120  # ten green pixels
    values = np.full((3, 4, 5), 0.1)
    values[2] = 0.3
    values[2, 0, :3] = 0.12  # three of them dark in the infrared
    values[2, 3] = 0.01  # not green: may be water
    estimate = Cube(values, NM, None, "reflectance")
    assert quality_sanity.green_as_water(rgb, all_valid(rgb), estimate) == pytest.approx(0.3)
    grey = np.full_like(rgb, 60)
    assert np.isnan(quality_sanity.green_as_water(grey, all_valid(rgb), estimate))


def test_a_checkerboard_in_the_dark_is_a_phase_difference():
    rgb = picture(200, 300)
    infrared = np.full((200, 300), 0.2)
    assert quality_sanity.phase_difference(rgb, all_valid(rgb), infrared) == pytest.approx(0)
    bright = rgb.sum(axis=0) > np.quantile(rgb.sum(axis=0), 0.5)
    infrared[::2, ::2] = np.where(bright, 0.4, 0.2)[::2, ::2]  # a pattern, but not in the dark
    assert quality_sanity.phase_difference(rgb, all_valid(rgb), infrared) == pytest.approx(0)
    infrared[1::2, ::2] = 0.26
    found = quality_sanity.phase_difference(rgb, all_valid(rgb), infrared)
    assert found == pytest.approx(0.06 / 0.215)


def test_holes_are_no_darkness():
    rgb, infrared = picture(), np.full((60, 90), 0.2)
    valid = all_valid(rgb)
    rgb[:, :30], valid[:30], infrared[:30] = 0, False, np.nan
    assert quality_sanity.phase_difference(rgb, valid, infrared) == pytest.approx(0)


def test_clamped_values_are_counted_among_those_that_exist():
    values = np.array([0.0, 0.1, np.nan, 0.2, -0.0])
    assert quality_sanity.share_of_zeros(values) == 0.5


def test_the_parts_are_the_darkest_and_the_brightest_that_are_not_empty():
    rgb, valid = np.full((3, 63, 91), 100.0), np.ones((63, 91), bool)
    rgb[:, 21:42, 30:60] = 10
    rgb[:, :21, 60:90] = 200
    rgb[:, 42:63, :30] = 0
    valid[42:63, :30] = False  # darker still, but nodata
    windows = quality_sanity.parts(rgb, valid)
    assert windows == [Window(21, 30, 21, 30), Window(0, 60, 21, 30)]


@pytest.mark.parametrize("transform", [(500000, 2, 0, 4100000, 0, -2), None])
def test_the_extent_of_a_part_is_its_window(write_raster, transform):
    path = write_raster("rgb.tif", np.ones((3, 30, 40), np.uint8), transform=transform)
    image, window = RasterReader(str(path), None), Window(10, 4, 9, 13)
    assert image.window(quality_sanity.extent_of(image, window)) == window


def test_a_part_is_cut_with_its_place_and_its_values(write_raster, tmp_path):
    values = picture().astype(np.uint8)
    path = write_raster("rgb.tif", values)
    quality_sanity.cut(path, Window(10, 20, 5, 7), tmp_path / "part.tif")
    part = gdal.Open(str(tmp_path / "part.tif"))
    np.testing.assert_array_equal(part.ReadAsArray(), values[:, 10:15, 20:27])
    assert part.GetGeoTransform()[0] == 500000 + 2 * 20


def method(tiny_package, function):
    model = manifest.read(tiny_package)
    return Regression("made up", function, NM, np.full(3, 20.0), model)


def judged(tiny_package, write_raster, tmp_path, function):
    path = write_raster("rgb.tif", picture().astype(np.uint8))
    bench = Bench([method(tiny_package, function)], tmp_path)
    return quality_sanity.on_pictures(bench, [path])["rgb"]["made up"]


def test_what_looks_at_pixels_alone_has_no_fault(tiny_package, write_raster, tmp_path):
    found = judged(
        tiny_package, write_raster, tmp_path, lambda rgb: np.stack([rgb[1], rgb[0], 0.5 + rgb[1]])
    )
    assert found["crop_extent"] == pytest.approx(0, abs=1e-6)
    assert (found["clamped"], found["green_as_water"]) == (0, 0)


def test_a_level_that_follows_the_part_shows_in_the_crops(tiny_package, write_raster, tmp_path):
    def by_mean(rgb):
        infrared = np.broadcast_to(rgb.mean() if rgb.shape[1] < 60 else 0.1, rgb.shape[1:])
        return np.stack([rgb[1], rgb[0], infrared])

    found = judged(tiny_package, write_raster, tmp_path, by_mean)
    assert min(found["crop_file"], found["crop_extent"]) > 0.05
