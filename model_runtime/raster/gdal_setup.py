"""GDAL, set up once for this process: the only file that imports osgeo."""

from contextlib import contextmanager
from typing import Iterator, List

from osgeo import gdal

gdal.UseExceptions()
# Bounded, where GDAL's default grows with the machine; a writer adds room for its own blocks.
CACHE_BYTES = 16 << 20
gdal.SetCacheMax(CACHE_BYTES)


def gdal_version() -> str:
    """GDAL's version, as "3.6.2"."""
    return gdal.VersionInfo("RELEASE_NAME")


@contextmanager
def closing_errors() -> Iterator[List[str]]:
    """Close datasets within: afterwards the list holds what GDAL said against it, a full disk say.

    An exception inside a destructor goes nowhere but to stderr, so the last error is asked for.
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
