"""GDAL, set up once for this process: the only file that imports osgeo."""

import os
from contextlib import contextmanager
from typing import Callable, Iterator, List

from osgeo import gdal, ogr, osr

from ..errors import DeviceError

gdal.UseExceptions()
# Bounded, where GDAL's default grows with the machine; a writer adds room for its own blocks.
CACHE_BYTES = 16 << 20
gdal.SetCacheMax(CACHE_BYTES)


def require_proj() -> None:
    """Check that PROJ finds its database.

    Reference systems would be lost on reading, and nothing could be written.

    Raises: DeviceError where PROJ was sent to a folder without it.
    """
    where = next((name for name in ("PROJ_DATA", "PROJ_LIB") if os.environ.get(name)), None)
    if where is None:
        return
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        failed = osr.SpatialReference().ImportFromEPSG(4326)
    except RuntimeError:
        failed = True
    finally:
        gdal.PopErrorHandler()
    if failed:
        raise DeviceError(
            f"PROJ's database is not in {where}={os.environ[where]!a}",
            f"unset {where}, or set it to the folder that holds proj.db",
        )


def gdal_version() -> str:
    """Look up GDAL's version.

    Returns: for example "3.6.2".
    """
    return gdal.VersionInfo("RELEASE_NAME")


def callback_of(tell: Callable[[float], None]) -> Callable[..., int]:
    """Make a progress callback for GDAL of ``tell``, which hears the share that is done.

    Returns: a function that tells GDAL to go on.
    """

    def go_on(share: float, *_) -> int:
        tell(share)
        return 1

    return go_on


@contextmanager
def vector_errors() -> Iterator[None]:
    """Have features and reference systems raise RuntimeError within, as rasters always do.

    Before GDAL 3.7 each has a switch of its own, and the last one on has to be the first one off.
    """
    turned_on = [module for module in (ogr, osr) if not module.GetUseExceptions()]
    for module in turned_on:
        module.UseExceptions()
    try:
        yield
    finally:
        for module in turned_on[::-1]:
            module.DontUseExceptions()


@contextmanager
def closing_errors() -> Iterator[List[str]]:
    """Close datasets within.

    An exception inside a destructor goes nowhere but to stderr, so the last error is asked for.

    Returns: a list that afterwards holds what GDAL said against it, a full disk say.
    """
    said: List[str] = []
    gdal.DontUseExceptions()
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        gdal.ErrorReset()
        yield said
        if gdal.GetLastErrorType() >= gdal.CE_Failure:
            said.append(gdal.GetLastErrorMsg() or "it could not be closed")
    finally:
        gdal.PopErrorHandler()
        gdal.UseExceptions()
