"""Where a raster lies: geotransform, reference system, ground control points."""

import math
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Iterator, List, Optional, Tuple

import numpy as np

from ..errors import InputError
from ..tiling import Window
from .gdal_setup import gdal

Geotransform = Tuple[float, float, float, float, float, float]
# What QGIS takes for a raster without georeference: pixels, y upwards from 0 at the top.
PIXEL_GRID: Geotransform = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
# GDAL calls its table of reference systems corrupt where it had no memory for it: what tells the
# two apart is whether this much, in bytes, can be had. No run gets far without.
MEMORY_TRIAL = 64 << 20
METRES_PER_DEGREE = 111_320.0  # of latitude, and of longitude at the equator


@dataclass(frozen=True)
class Georeference:
    """Where a raster lies. ``spatial_ref`` is GDAL's own object, so that nothing is lost.

    ``rpc``: the items of GDAL's domain of rational polynomial coefficients, as unrectified
    satellite pictures have them.
    """

    geotransform: Optional[Geotransform] = None
    spatial_ref: Optional[Any] = None
    gcps: tuple = ()
    gcp_spatial_ref: Optional[Any] = None
    area_or_point: str = "Area"
    rpc: Tuple[Tuple[str, str], ...] = ()

    @property
    def crs_wkt(self) -> str:
        """The coordinate reference system as WKT 2, "" without one."""
        reference = self.spatial_ref or self.gcp_spatial_ref
        return reference.ExportToWkt(["FORMAT=WKT2_2019"]) if reference else ""

    def of(self, window: Window) -> "Georeference":
        """Compute the georeference of a part of the raster.

        Returns: the georeference of ``window``.
        """
        transform = self.geotransform
        if transform is None and not self.gcps and not self.rpc and (window.row0 or window.col0):
            transform = PIXEL_GRID  # so that QGIS lays the part over the whole
        if transform is not None:
            x, y = apply_geotransform(transform, window.col0, window.row0)
            transform = (x, *transform[1:3], y, *transform[4:6])
        gcps = tuple(_shift_gcp(gcp, window) for gcp in self.gcps)
        rpc = tuple((key, _shift_rpc(key, text, window)) for key, text in self.rpc)
        return replace(self, geotransform=transform, gcps=gcps, rpc=rpc)

    def ground(self, rows: int, cols: int) -> Optional[Tuple[float, float]]:
        """Measure a raster of ``rows`` x ``cols`` through its middle.

        Returns: metres across, and degrees by which grid north is turned clockwise from the
            picture's up; None where the place is unknown.
        """
        transform, reference = self.geotransform, self.spatial_ref
        if transform is None or reference is None:
            return None
        _, y = apply_geotransform(transform, cols / 2, rows / 2)
        if reference.IsGeographic():
            unit_y = METRES_PER_DEGREE * math.degrees(reference.GetAngularUnits())
            unit_x = unit_y * math.cos(y * reference.GetAngularUnits())
        else:
            unit_x = unit_y = reference.GetLinearUnits()
        across = math.hypot(transform[1] * unit_x, transform[4] * unit_y) * cols
        # Where the picture's up goes on the ground, clockwise from north.
        up = math.degrees(math.atan2(-transform[2] * unit_x, -transform[5] * unit_y))
        return across, -up


def _shift_gcp(gcp, window: Window):
    pixel, line = gcp.GCPPixel - window.col0, gcp.GCPLine - window.row0
    # Without its name: a GeoTIFF has no place for it, and it may be in any encoding.
    return gdal.GCP(gcp.GCPX, gcp.GCPY, gcp.GCPZ, pixel, line)


def _shift_rpc(key: str, text: str, window: Window) -> str:
    """An item of the coefficients, for a raster that begins at ``window``."""
    start = {"LINE_OFF": window.row0, "SAMP_OFF": window.col0}.get(key)
    return text if not start else repr(float(text) - start)


def apply_geotransform(transform: Geotransform, col: float, row: float) -> Tuple[float, float]:
    """Convert a place in pixels to coordinates.

    Returns: x and y in units of the CRS.
    """
    x0, a, b, y0, c, d = transform
    return x0 + col * a + row * b, y0 + col * c + row * d


def refuse_without_grid(place: Georeference) -> None:
    """Check that a raster that has a place on the ground has a grid there.

    Raises: InputError where it has only ground control points or RPCs.
    """
    if place.geotransform is None and (place.gcps or place.rpc):
        raise InputError(
            "the raster has ground control points or RPCs and no grid",
            "warp it first (gdalwarp, with -rpc for RPCs)",
        )


def georeference_of(dataset) -> Georeference:
    """Read where a dataset lies.

    Returns: the Georeference.
    Raises: RuntimeError where GDAL leaves out keys that are damaged, as some versions do;
        MemoryError where memory is too short for its table of reference systems.
    """
    with _gdal_messages() as said:
        point = dataset.GetMetadataItem("AREA_OR_POINT") or "Area"
        found = Georeference(
            dataset.GetGeoTransform(can_return_null=True),
            dataset.GetSpatialRef(),
            tuple(dataset.GetGCPs()),
            dataset.GetGCPSpatialRef(),
            point,
            tuple(sorted((dataset.GetMetadata("RPC") or {}).items())),
        )
    for message in said:
        if "corrupt" in message:
            np.empty(MEMORY_TRIAL, np.uint8)
            raise RuntimeError(message)
    if found.geotransform is not None and not all(map(math.isfinite, found.geotransform)):
        raise RuntimeError("its geotransform has values that are not finite numbers")
    return found


@contextmanager
def _gdal_messages() -> Iterator[List[str]]:
    """What GDAL says meanwhile."""
    said: List[str] = []
    gdal.PushErrorHandler(lambda kind, number, message: said.append(message))
    try:
        yield said
    finally:
        gdal.PopErrorHandler()
