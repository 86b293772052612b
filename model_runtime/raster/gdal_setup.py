"""GDAL, set up once for this process: the only file that imports osgeo."""

from osgeo import gdal

gdal.UseExceptions()
# Bounded, where GDAL's default grows with the machine; a writer adds room for its own blocks.
CACHE_BYTES = 16 << 20
gdal.SetCacheMax(CACHE_BYTES)


def gdal_version() -> str:
    """GDAL's version, as "3.6.2"."""
    return gdal.VersionInfo("RELEASE_NAME")
