"""Polygons laid over a raster: outside of them an output is nodata."""

import hashlib
from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

import numpy as np

from ..errors import InputError
from ..tiling import Window, strips
from .features import Placed, burn, in_memory, open_layer, place_on
from .gdal_setup import gdal, ogr, vector_errors
from .georeference import PIXEL_GRID, Georeference, Geotransform

LAYER_OPTION = "--mask-layer"
POLYGON_DIMENSION = 2
COARSE_SIDE = 1024  # pixels of the picture by which the polygons' share is counted


@dataclass(frozen=True)
class Polygons:
    """Polygons as WKB in the raster's own reference system, and its geotransform: picklable."""

    wkb: Tuple[bytes, ...]
    geotransform: Geotransform

    @property
    def description(self) -> str:
        """Their number, and a digest that tells them from others wherever their file lies."""
        digest = hashlib.sha256(repr(self).encode()).hexdigest()
        return f"{len(self.wkb)} polygon{'s' * (len(self.wkb) != 1)}, sha256 {digest[:16]}"


class PolygonMask:
    """Which pixels of a raster have their centre in one of ``polygons``, window by window.

    ``warnings``: what was taken for granted when they were read.
    """

    def __init__(self, polygons: Polygons, warnings: Sequence[str] = ()):
        self.polygons, self.warnings = polygons, list(warnings)
        self._source = in_memory()
        self._layer = self._source.CreateLayer("", None)
        with vector_errors():
            for wkb in polygons.wkb:
                feature = ogr.Feature(self._layer.GetLayerDefn())
                feature.SetGeometry(ogr.CreateGeometryFromWkb(wkb))
                self._layer.CreateFeature(feature)

    def inside(self, window: Window, shape: Optional[Tuple[int, int]] = None) -> np.ndarray:
        """Find the pixels of ``window`` whose centre a polygon holds.

        ``shape``: rows and columns to which the window is thinned; its own.

        Returns: ``shape`` bool.
        """
        rows, cols = shape or (window.rows, window.cols)
        moved = Georeference(self.polygons.geotransform).of(window).geotransform or PIXEL_GRID
        x0, a, b, y0, c, d = moved
        across, down = window.cols / cols, window.rows / rows
        transform = (x0, a * across, b * down, y0, c * across, d * down)
        self._layer.SetSpatialFilterRect(*_envelope(transform, rows, cols))
        return burn(self._layer, transform, (rows, cols))

    def share_of(self, window: Window) -> float:
        """Estimate how much of ``window`` lies inside.

        Returns: 0 to 1.
        """
        shape = min(window.rows, COARSE_SIDE), min(window.cols, COARSE_SIDE)
        return float(self.inside(window, shape).mean())


def read_mask(
    path: str, layer: Optional[str], place: Georeference, window: Window, whole: Window
) -> PolygonMask:
    """Read the polygons of ``path`` (its ``layer``, else its only one) that meet ``window``.

    ``place`` is the raster's, ``whole`` all of it.

    Returns: the PolygonMask.
    Raises: InputError for what is not a file of polygons, or if none holds a pixel of ``window``.
    """
    opened = open_layer(path, layer, option=LAYER_OPTION)
    placed = place_on(opened, place, (whole.rows, whole.cols), False)
    for name, geometry in zip(opened.names, placed.geometries):
        if geometry is not None and geometry.GetDimension() != POLYGON_DIMENSION:
            raise InputError(
                f"feature {name} of the mask '{path}' is not a polygon "
                f"({geometry.GetGeometryName().lower()})",
                "give a layer of polygons",
            )
    met = [number for number in range(len(opened.names)) if _meet(placed, number, window)]
    if not met:
        raise InputError(
            f"no polygon of the mask '{path}' meets the part that is to be done",
            "check the mask's reference system, or give another mask or extent",
        )
    if not any(_holds_pixel(placed, number, window) for number in met):
        raise InputError(
            f"no pixel of the part that is to be done has its centre in a polygon of '{path}'",
            "check the mask's reference system, or give polygons that are larger than a pixel",
        )
    wkb = tuple(bytes(placed.geometries[number].ExportToWkb()) for number in met)
    polygons = Polygons(wkb, place.geotransform or PIXEL_GRID)
    return PolygonMask(polygons, [f"mask: {warning}" for warning in placed.warnings])


def _holds_pixel(placed: Placed, number: int, window: Window) -> bool:
    """Whether a polygon that meets ``window`` holds the centre of one of its pixels."""
    part = placed.window(number)
    if part is None:
        return False
    row0, col0 = max(part.row0, window.row0), max(part.col0, window.col0)
    rows = min(part.row0 + part.rows, window.row0 + window.rows) - row0
    cols = min(part.col0 + part.cols, window.col0 + window.cols) - col0
    return any(
        placed.mask(
            number, Window(row0 + strip.row0, col0 + strip.col0, strip.rows, strip.cols)
        ).any()
        for strip in strips(1, rows, cols)
    )


def _meet(placed: Placed, number: int, window: Window) -> bool:
    """Whether the part of the raster that holds a polygon overlaps ``window``."""
    part = placed.window(number)
    return (
        part is not None
        and part.row0 < window.row0 + window.rows
        and window.row0 < part.row0 + part.rows
        and part.col0 < window.col0 + window.cols
        and window.col0 < part.col0 + part.cols
    )


def _envelope(transform, rows: int, cols: int) -> Tuple[float, float, float, float]:
    """xmin, ymin, xmax, ymax of a grid's corners."""
    corners = [
        gdal.ApplyGeoTransform(list(transform), col, row) for col in (0, cols) for row in (0, rows)
    ]
    x, y = zip(*corners)
    return min(x), min(y), max(x), max(y)
