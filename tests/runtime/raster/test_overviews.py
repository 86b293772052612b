"""Thinned copies: their factors, their blocks, and means that leave nodata out."""

import numpy as np
import pytest

from model_runtime.raster import encoding, overviews

COUNTS = encoding.of_dtype("uint16", "reflectance")
REALS = encoding.of_dtype("float32", "reflectance")
NOTHING = 65535


@pytest.mark.parametrize(
    ("longest", "factors"), [(1, []), (256, []), (257, [2]), (512, [2]), (513, [2, 4])]
)
def test_they_halve_until_a_file_block_holds_them(longest, factors):
    assert overviews.levels(longest) == factors


@pytest.mark.parametrize(
    ("factor", "block_side", "side"),
    [(2, 512, 256), (8, 512, 64), (16, 512, 0), (2, 464, 0), (2, 256, 128), (2, 384, 0)],
)
def test_a_file_block_thins_to_a_whole_block_or_none(factor, block_side, side):
    assert overviews.block_of(factor, block_side) == side


def test_a_pixel_is_the_rounded_mean_of_its_four():
    band = np.array([[1, 2, 65534, 65534], [3, 5, 65534, 65533]], np.uint16)
    assert overviews.halve(band[None], COUNTS).tolist() == [[[3, 65534]]]


def test_nodata_is_left_out_and_stays_where_there_is_nothing_else():
    band = np.array([[10, NOTHING, NOTHING, NOTHING], [20, 40, NOTHING, NOTHING]], np.uint16)
    assert overviews.halve(band[None], COUNTS).tolist() == [[[23, NOTHING]]]


def test_every_band_has_its_own_nodata():
    bands = np.array([[[10, 30]], [[NOTHING, 30]]], np.uint16)
    assert overviews.halve(bands, COUNTS).ravel().tolist() == [20, 30]


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (2, 5), (5, 3)])
def test_a_last_odd_row_or_col_stands_for_itself(shape):
    rows, cols = shape
    values = np.arange(rows * cols, dtype=np.float32).reshape(shape)
    found = overviews.halve(values[None], REALS)[0]
    expected = [
        [values[r : r + 2, c : c + 2].mean() for c in range(0, cols, 2)] for r in range(0, rows, 2)
    ]
    np.testing.assert_allclose(found, expected)


def test_real_numbers_keep_their_type_and_leave_nan_out():
    values = np.array([[[0.5, np.nan, np.nan], [1.0, np.nan, np.nan]]], np.float32)
    found = overviews.halve(values, REALS)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[[0.75, np.nan]]])
