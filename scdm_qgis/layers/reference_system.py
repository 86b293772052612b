"""The reference system that a user gave a layer whose file says none, or another one."""

from pathlib import Path

from osgeo import gdal, osr
from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingException, QgsRasterLayer

from ..translation import tr
from .raster_file import open_raster


def chosen_by_user(layer: QgsRasterLayer) -> str:
    """What GDAL takes for the layer's reference system where the file's is another; else empty.

    A raster placed by ground control points keeps theirs: its layer is a warped one.
    """
    crs = layer.crs()
    if not crs.isValid() or crs == layer.dataProvider().crs():
        return ""
    dataset = open_raster(layer.source())
    if dataset is None or dataset.GetGCPCount():
        return ""
    return gdal_text(crs)


def gdal_text(crs: QgsCoordinateReferenceSystem) -> str:
    """What GDAL takes for a reference system."""
    return crs.authid() if crs.authid().startswith("EPSG:") else crs.toWkt()


def write_into(path: Path, chosen: str) -> None:
    """Give the raster ``path`` the reference system ``chosen``; raises QgsProcessingException."""
    system = osr.SpatialReference()
    dataset = None
    try:
        if system.SetFromUserInput(chosen) == 0:
            dataset = gdal.OpenEx(str(path), gdal.OF_RASTER | gdal.OF_UPDATE)
        if dataset is None or dataset.SetSpatialRef(system) != 0:
            raise RuntimeError(tr("GDAL refuses it"))
        dataset.FlushCache()
    except RuntimeError as error:
        text = tr("{file} is whole, but its reference system could not be written: {error}")
        raise QgsProcessingException(text.format(file=path, error=error)) from error
