"""A layer that is not a file (WMS, XYZ): a part of it as it is displayed, saved as GeoTIFF.

``part_of`` belongs to QGIS's main thread, ``temporary_geotiff`` to any; only that uses the network.
"""

import math
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Optional, Tuple

import numpy as np
from osgeo import gdal
from qgis.core import (
    QgsProcessingException,
    QgsProcessingUtils,
    QgsRasterBlockFeedback,
    QgsRasterLayer,
    QgsRasterPipe,
    QgsRectangle,
)
from qgis.PyQt.QtGui import QImage

from ..translation import tr
from .reference_system import gdal_text

LONGEST_NAME = 60
BLOCK = 512  # pixels per side of what is asked for at once
MOST_PIXELS = 100_000_000
CHANNELS = 4  # red, green, blue, alpha
OPTIONS = ("TILED=YES", "COMPRESS=DEFLATE", "PHOTOMETRIC=RGB", "ALPHA=YES", "BIGTIFF=IF_SAFER")


def is_web_layer(layer: QgsRasterLayer) -> bool:
    """Whether no file stands behind ``layer``."""
    return layer.providerType() != "gdal"


@dataclass(frozen=True)
class Part:
    """A part of a layer: what another thread may take of it. ``pixel`` in units of ``crs``.

    (``left``, ``top``) is the upper left corner; ``crs`` is what GDAL takes for it.
    """

    layer: str
    pipe: QgsRasterPipe
    left: float
    top: float
    pixel: float
    rows: int
    cols: int
    crs: str

    def extent(self, row: int, col: int, rows: int, cols: int) -> QgsRectangle:
        """The extent of some of the pixels."""
        left, top = self.left + col * self.pixel, self.top - row * self.pixel
        return QgsRectangle(left, top - rows * self.pixel, left + cols * self.pixel, top)


def shown_pixel(layer: QgsRasterLayer, iface) -> Optional[float]:
    """The side of a pixel on the map, in units of ``layer``; None without a window."""
    if iface is None or iface.mapCanvas() is None:
        return None
    settings = iface.mapCanvas().mapSettings()
    size = settings.outputSize().width()
    extent = settings.outputExtentToLayerExtent(layer, settings.visibleExtent())
    usable = size > 0 and math.isfinite(extent.width()) and extent.width() > 0
    return extent.width() / size if usable else None


def part_of(layer: QgsRasterLayer, extent: QgsRectangle, pixel: float) -> Part:
    """``extent`` of ``layer`` in its reference system, in square pixels of the side ``pixel``.

    Raises QgsProcessingException for one that is too large.
    """
    cols = max(1, round(extent.width() / pixel))
    rows = max(1, round(extent.height() / pixel))
    if rows * cols > MOST_PIXELS:
        text = tr(
            "{cols} × {rows} pixels are more than may be asked of a web layer at once "
            "({most} million): choose a smaller Extent or a coarser Resolution."
        )
        raise QgsProcessingException(
            text.format(cols=cols, rows=rows, most=MOST_PIXELS // 1_000_000)
        )
    pipe = QgsRasterPipe()
    pipe.set(layer.dataProvider().clone())
    pipe.set(layer.renderer().clone())
    left, top = extent.xMinimum(), extent.yMaximum()
    return Part(layer.name(), pipe, left, top, pixel, rows, cols, gdal_text(layer.crs()))


@contextmanager
def temporary_geotiff(part: Part, feedback, cancelled: Callable[[], bool]) -> Iterator[str]:
    """The path of a GeoTIFF of ``part``, for which the service is asked; it is gone afterwards.

    Raises QgsProcessingException when nothing came, on a full disk, or when it is cancelled.
    """
    folder = tempfile.mkdtemp(dir=QgsProcessingUtils.tempFolder())
    try:
        name = re.sub(r"[^\w-]+", "_", part.layer)[:LONGEST_NAME] or "picture"
        path = str(Path(folder) / f"{name}.tif")
        _save(part, path, feedback, cancelled)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _save(part: Part, path: str, feedback, cancelled: Callable[[], bool]) -> None:
    try:
        came = sum(_copy(part, _create(part, path), feedback, cancelled))
    except RuntimeError as error:  # where GDAL raises; elsewhere it returns
        raise QgsProcessingException(_cannot_be_written(path)) from error
    _tell_gaps(part, came, feedback)


def _create(part: Part, path: str):
    driver = gdal.GetDriverByName("GTiff")
    kind = gdal.GDT_Byte
    dataset = driver.Create(path, part.cols, part.rows, CHANNELS, kind, list(OPTIONS))
    if dataset is None:
        raise QgsProcessingException(_cannot_be_written(path))
    dataset.SetGeoTransform((part.left, part.pixel, 0.0, part.top, 0.0, -part.pixel))
    dataset.SetProjection(part.crs)
    return dataset


def _cannot_be_written(path: str) -> str:
    return tr("'{}' cannot be written: see that its disk has room.").format(path)


def _copy(part: Part, dataset, feedback, cancelled: Callable[[], bool]) -> Iterator[int]:
    """Copy block by block; how many pixels of each came."""
    places = list(_places(part.rows, part.cols))
    service = QgsRasterBlockFeedback()
    for number, (row, col, rows, cols) in enumerate(places):
        if cancelled():
            raise QgsProcessingException(tr("Cancelled: nothing was written."))
        feedback.setProgressText(
            tr("Asking '{layer}' for its pixels: {done} of {all} blocks").format(
                layer=part.layer, done=number, all=len(places)
            )
        )
        extent = part.extent(row, col, rows, cols)
        values = _rgba(part.pipe.last().block(1, extent, cols, rows, service), rows, cols)
        if dataset.WriteRaster(col, row, cols, rows, values.tobytes()) != 0:
            raise QgsProcessingException(_cannot_be_written(dataset.GetDescription()))
        yield int(np.count_nonzero(values[-1]))


def _places(rows: int, cols: int) -> Iterator[Tuple[int, int, int, int]]:
    """(row, column, rows, columns) of each block."""
    for row in range(0, rows, BLOCK):
        for col in range(0, cols, BLOCK):
            yield row, col, min(BLOCK, rows - row), min(BLOCK, cols - col)


def _rgba(block, rows: int, cols: int) -> np.ndarray:
    """(4, rows, cols) of a displayed block, all 0 where nothing came."""
    image = block.image().convertToFormat(QImage.Format.Format_RGBA8888)
    if (image.height(), image.width()) != (rows, cols):
        return np.zeros((CHANNELS, rows, cols), np.uint8)
    bits = image.constBits().asstring(rows * cols * CHANNELS)
    return np.moveaxis(np.frombuffer(bits, np.uint8).reshape(rows, cols, CHANNELS), -1, 0)


def _tell_gaps(part: Part, came: int, feedback) -> None:
    if came == 0:
        text = tr(
            "Nothing came from '{layer}' for this extent: check that the layer shows something "
            "there at this resolution, and that the service can be reached."
        )
        raise QgsProcessingException(text.format(layer=part.layer))
    gaps = 1 - came / (part.rows * part.cols)
    if gaps > 0:
        text = tr("{percent:.1f} % of '{layer}' did not come or is empty there: it is nodata.")
        feedback.pushWarning(text.format(percent=100 * gaps, layer=part.layer))
