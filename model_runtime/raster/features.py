"""Points, lines and polygons of a vector file on a raster's pixels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import numpy as np
from osgeo import ogr, osr

from ..errors import InputError
from ..tiling import Window
from .dataset import one_line
from .gdal_setup import gdal, require_proj
from .georeference import PIXEL_GRID, Georeference, apply_geotransform

# Drivers of files that lead to no other file or machine.
DRIVERS = ("GPKG", "ESRI Shapefile", "GeoJSON", "FlatGeobuf", "KML", "MapInfo File")
GIVE_VECTOR = f"give a vector file ({', '.join(DRIVERS)})"
AREAS = (ogr.wkbPolygon, ogr.wkbMultiPolygon, ogr.wkbCurvePolygon)


@dataclass(frozen=True)
class Feature:
    """One feature: its number and name in the file; ``geometry`` (GDAL's) in the raster's CRS."""

    number: int
    name: str
    geometry: Any

    @property
    def is_area(self) -> bool:
        """Whether it is a polygon: those take pixels by their centres."""
        return ogr.GT_Flatten(self.geometry.GetGeometryType()) in AREAS


@dataclass(frozen=True)
class Features:
    """The features of a layer that have a geometry, and warnings about what was assumed."""

    features: List[Feature]
    warnings: List[str]


def read_features(
    path: str, place: Georeference, layer: Optional[str] = None, name_field: Optional[str] = None
) -> Features:
    """Read the features of ``layer`` (the only one) of ``path`` in the CRS of ``place``.

    ``name_field`` names them; without it, they have numbers.

    Returns: the Features.
    Raises: InputError for a file, layer or field that cannot be used.
    """
    require_proj()
    try:
        dataset = gdal.OpenEx(str(path), gdal.OF_VECTOR, allowed_drivers=list(DRIVERS))
    except RuntimeError as error:
        if not Path(path).exists():
            raise InputError(f"'{path}' does not exist", "check the path") from error
        raise InputError(f"'{path}' cannot be read ({one_line(error)})", GIVE_VECTOR) from error
    try:
        chosen = _layer_of(dataset, path, layer)
        _check_field(chosen, name_field)
        move, warnings = _way_to(place, chosen)
        found = list(_features(chosen, name_field, move))
    except RuntimeError as error:
        raise InputError(f"'{path}' cannot be read ({one_line(error)})", GIVE_VECTOR) from error
    if not found:
        raise InputError(f"'{path}' has no feature with a geometry", "draw some, or name a layer")
    return Features(found, warnings)


def _layer_of(dataset, path: str, name: Optional[str]):
    names = [dataset.GetLayer(i).GetName() for i in range(dataset.GetLayerCount())]
    if name is None and len(names) == 1:
        return dataset.GetLayer(0)
    if name in names:
        return dataset.GetLayerByName(name)
    wrong = f"has no layer '{name}'" if name else f"has {len(names)} layers"
    raise InputError(f"'{path}' {wrong}", f"name one with --layer: {', '.join(names) or 'none'}")


def _check_field(layer, field: Optional[str]) -> None:
    schema = layer.GetLayerDefn()
    names = [schema.GetFieldDefn(i).GetName() for i in range(schema.GetFieldCount())]
    if field is not None and field not in names:
        raise InputError(
            f"the layer '{layer.GetName()}' has no field '{field}'",
            f"choose from {', '.join(names) or 'none: leave it out'}",
        )


def _way_to(place: Georeference, layer) -> Tuple[Any, List[str]]:
    """The transformation into the raster's CRS, None where both lie in the same plane already."""
    here, there = place.spatial_ref, layer.GetSpatialRef()
    if here is not None and there is not None:
        same = bool(there.IsSame(here))
        return (None if same else osr.CoordinateTransformation(there, here)), []
    if here is there:
        return None, []
    lacking = "raster" if here is None else "vector file"
    return None, [f"the {lacking} has no reference system: its coordinates are taken as they are"]


def _features(layer, field: Optional[str], move) -> Iterator[Feature]:
    for feature in layer:
        geometry = feature.GetGeometryRef()
        if geometry is None or geometry.IsEmpty():
            continue
        geometry = geometry.Clone()
        if move is not None:
            geometry.Transform(move)
        number = feature.GetFID()
        name = feature.GetFieldAsString(field) if field else ""
        yield Feature(number, name or str(number), geometry)


def window_of(feature: Feature, place: Georeference, rows: int, cols: int) -> Optional[Window]:
    """Find the pixels of a raster of ``rows`` x ``cols`` that a feature may lie on.

    Returns: their window; None where it lies outside.
    """
    inverse = gdal.InvGeoTransform(place.geotransform or PIXEL_GRID)
    x0, x1, y0, y1 = feature.geometry.GetEnvelope()
    corners = [apply_geotransform(inverse, x, y) for x in (x0, x1) for y in (y0, y1)]
    if not np.isfinite(corners).all():
        return None
    (col0, row0), (col1, row1) = np.floor(np.min(corners, 0)), np.floor(np.max(corners, 0)) + 1
    col0, row0 = max(int(col0), 0), max(int(row0), 0)
    col1, row1 = min(int(col1), cols), min(int(row1), rows)
    if col0 >= col1 or row0 >= row1:
        return None
    return Window(row0, col0, row1 - row0, col1 - col0)


def takes_touched(feature: Feature, place: Georeference, windows: Sequence[Window]) -> bool:
    """Tell whether a feature takes every pixel that it touches.

    A polygon takes those whose centres lie inside, unless there is none in all of ``windows``.

    Returns: True of points, lines and polygons smaller than a pixel.
    """
    if not feature.is_area:
        return True
    return not any(pixels_of(feature, place, window, False).any() for window in windows)


def pixels_of(feature: Feature, place: Georeference, window: Window, touched: bool) -> np.ndarray:
    """Find the pixels in ``window`` whose centres lie in a feature, or all that are ``touched``.

    Returns: bool (rows, cols).
    """
    mask = gdal.GetDriverByName("MEM").Create("", window.cols, window.rows)
    grid = Georeference(place.geotransform or PIXEL_GRID).of(window).geotransform
    mask.SetGeoTransform(list(grid or PIXEL_GRID))
    drawn = gdal.GetDriverByName("Memory" if _OLD else "MEM").Create("", 0, 0, 0)
    layer = drawn.CreateLayer("feature")
    shape = ogr.Feature(layer.GetLayerDefn())
    shape.SetGeometry(feature.geometry)
    layer.CreateFeature(shape)
    options = ["ALL_TOUCHED=TRUE"] if touched else []
    gdal.PushErrorHandler("CPLQuietErrorHandler")  # both lie in one plane, GDAL need not know which
    try:
        gdal.RasterizeLayer(mask, [1], layer, burn_values=[1], options=options)
    finally:
        gdal.PopErrorHandler()
    return mask.ReadAsArray() == 1


_OLD = int(gdal.VersionInfo()) < 3_110_000  # then vectors in memory had a driver of their own
