"""An array is read as the raster with the same values is."""

from dataclasses import replace

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.api.array_reader import ArrayReader
from model_runtime.api.array_values import of_array
from model_runtime.raster.band_choice import CAMERA
from model_runtime.raster.reader import RasterReader
from model_runtime.tiling import Window


def values_of(rows, cols):
    return np.arange(3 * rows * cols, dtype=np.int32).reshape(3, rows, cols)


@pytest.mark.parametrize("side", [7, 16, 64])
@pytest.mark.parametrize("shape", [(64, 65), (127, 128), (129, 200), (5, 1000), (192, 48)])
def test_the_sample_takes_the_pixels_that_gdal_takes(write_raster, shape, side):
    values = values_of(*shape)
    path = write_raster("a.tif", values)
    sample = ArrayReader(of_array(values, None), CAMERA).sample(side).values
    np.testing.assert_array_equal(sample, RasterReader(path, None).sample(side))


@pytest.mark.parametrize(
    "window", [(-5, -3, 20, 30), (2, 4, 6, 8), (10, 30, 40, 16), (-9, 0, 60, 3)]
)
def test_beyond_the_edge_the_array_is_mirrored_as_a_raster_is(write_raster, window):
    values = values_of(21, 40)
    values[2, 3, 5] = -1
    path = write_raster("a.tif", values, nodata=-1)
    mine = ArrayReader(of_array(values, -1), CAMERA).read(Window(*window))
    its = RasterReader(path, None).read(Window(*window))
    for one, other in zip(mine, its):
        np.testing.assert_array_equal(one, other)


def test_zero_below_a_negative_offset_is_nodata_as_of_a_raster(write_raster):
    values = np.full((3, 4, 5), 1200, np.uint16)
    values[:, 1, 2] = values[0, 3, 3] = 0
    path = write_raster("a.tif", values)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for number in (1, 2, 3):
        dataset.GetRasterBand(number).SetScale(1e-4)
        dataset.GetRasterBand(number).SetOffset(-0.1)
    del dataset
    given = replace(of_array(values, None), scale=1e-4, offset=-0.1)
    _, mine = ArrayReader(given, CAMERA).read(Window(0, 0, 4, 5))
    _, its = RasterReader(path, None).read(Window(0, 0, 4, 5))
    assert not mine[1, 2] and mine.sum() == 19
    np.testing.assert_array_equal(mine, its)


def test_a_mask_and_nodata_count_in_any_band():
    values = np.ma.masked_equal(values_of(4, 5), 7)
    _, valid = ArrayReader(of_array(values, 21), CAMERA).read(Window(0, 0, 4, 5))
    masked = np.zeros((4, 5), bool)
    masked[1, 2] = masked[0, 1] = True  # 7 in the first band, 21 in the second
    np.testing.assert_array_equal(valid, ~masked)
