"""The .qml beside an output: whoever opens it later, without this plugin too, sees it styled."""

import contextlib
from pathlib import Path
from typing import Callable, Iterator

from osgeo import gdal
from qgis.core import QgsRasterLayer

MARK = "scdm/style"  # a style file without it is the user's own


def write_beside(path: Path, dress: Callable[[QgsRasterLayer], bool]) -> bool:
    """Write the style that ``dress`` gives the raster ``path``; whether that was done.

    A user's own style file is left alone, and so is a raster that cannot be dressed.
    """
    target = path.with_suffix(".qml")
    if not is_ours(target):
        return False
    with _without_statistics_files():
        options = QgsRasterLayer.LayerOptions()
        options.loadDefaultStyle = False
        layer = QgsRasterLayer(str(path), path.stem, "gdal", options)
        if not layer.isValid() or not dress(layer):
            return False
        layer.setCustomProperty(MARK, True)
        _message, written = layer.saveNamedStyle(str(target))
        del layer
    return written


@contextlib.contextmanager
def _without_statistics_files() -> Iterator[None]:
    """GDAL leaves no .aux.xml beside a raster of which this thread asks a histogram.

    Nor does it print that a raster of one value has none: QGIS asks for three on opening it.
    """
    before = gdal.GetThreadLocalConfigOption("GDAL_PAM_ENABLED")
    gdal.SetThreadLocalConfigOption("GDAL_PAM_ENABLED", "NO")
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()
        gdal.SetThreadLocalConfigOption("GDAL_PAM_ENABLED", before)


def is_ours(target: Path) -> bool:
    """Whether ``target`` may be written: it is not there, or this plugin wrote it."""
    try:
        return not target.exists() or MARK in target.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
