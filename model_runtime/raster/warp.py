"""Brings a raster in memory to the grid of another one."""

import math
from dataclasses import replace
from typing import Tuple

import numpy as np

from ..errors import InputError, one_line
from ..spectra.evaluation import GRID_TOLERANCE_PIXELS, grid_shift_pixels
from .cube import Cube
from .gdal_setup import gdal, vector_errors
from .georeference import PIXEL_GRID, Georeference, Geotransform

Shape = Tuple[int, int]
FINER = 1.5  # times: pixels smaller than that are averaged, others interpolated between


def has_other_grid(
    place: Georeference, shape: Shape, other: Georeference, its_shape: Shape
) -> bool:
    """Tell whether two rasters, (rows, cols) each, have other pixels on ground that is known.

    Returns: False too where one has no geotransform or no reference system.
    """
    ends = (place, other)
    if any(end.geotransform is None or end.spatial_ref is None for end in ends):
        return False
    with vector_errors():
        same_plane = bool(place.spatial_ref.IsSame(other.spatial_ref))  # type: ignore[union-attr]
    if shape != its_shape or not same_plane:
        return True
    return grid_shift_pixels(place.geotransform, other.geotransform, shape) > GRID_TOLERANCE_PIXELS


def warp(cube: Cube, place: Georeference, shape: Shape) -> Tuple[Cube, str]:
    """Bring ``cube`` to the pixels of a raster at ``place`` of (rows, cols) ``shape``.

    Pixels that are much smaller than those are averaged, others interpolated (bilinear). What the
    cube does not see is NaN.

    Returns: the Cube, and how its pixels were made, in words.
    Raises: InputError where there is no way between the two reference systems.
    """
    values = np.empty((len(cube.values), *shape), np.float32)
    try:
        side = _side(place.geotransform or PIXEL_GRID)
        is_finer = side > FINER * _side(_geotransform_there(cube, place))
        for band, warped in zip(cube.values, values):  # one by one: little memory beside the two
            warped[:] = _warp(band, cube.georeference, place, shape, is_finer)
    except RuntimeError as error:
        raise InputError(
            f"the raster cannot be brought to the other's grid ({one_line(error)})",
            "check the reference systems of both",
        ) from None
    said = "the mean of its smaller pixels" if is_finer else "bilinear"
    return replace(cube, values=values, georeference=place), said


def _warp(
    band: np.ndarray, source: Georeference, place: Georeference, shape: Shape, is_finer: bool
) -> np.ndarray:
    target = _grid(place, np.full(shape, np.nan, np.float32))
    method = "average" if is_finer else "bilinear"
    nothing = {"srcNodata": math.nan, "dstNodata": math.nan}
    gdal.Warp(target, _grid(source, band), resampleAlg=method, **nothing)
    return target.ReadAsArray()


def _grid(place: Georeference, values: np.ndarray):
    """GDAL's dataset of ``values`` (rows, cols) at ``place``."""
    rows, cols = values.shape
    made = gdal.GetDriverByName("MEM").Create("", cols, rows, 1, gdal.GDT_Float32)
    made.SetGeoTransform(list(place.geotransform or PIXEL_GRID))
    made.SetSpatialRef(place.spatial_ref)
    made.GetRasterBand(1).SetNoDataValue(math.nan)
    made.GetRasterBand(1).WriteArray(values)
    return made


def _side(transform: Geotransform) -> float:
    """The side of a pixel."""
    _, a, b, _, c, d = transform
    return math.sqrt(abs(a * d - b * c))


def _geotransform_there(cube: Cube, place: Georeference) -> Geotransform:
    """The grid that GDAL would give ``cube`` in the reference system of ``place``."""
    own = _grid(cube.georeference, np.zeros(cube.values.shape[1:], np.float32))
    there = gdal.AutoCreateWarpedVRT(own, None, place.crs_wkt)
    return there.GetGeoTransform()
