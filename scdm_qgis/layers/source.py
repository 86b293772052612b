"""A raster layer on the way in: what GDAL opens in another process, its bands and extent.

Layers belong to QGIS's main thread: call these from ``prepareAlgorithm`` only.
"""

import os
from typing import Optional, Sequence, Tuple

from qgis.core import QgsProcessingException, QgsRasterLayer, QgsRectangle

from ..translation import tr
from .raster_file import colour_bands

_OPEN_OPTION = "|option:"


def gdal_name(layer: QgsRasterLayer) -> str:
    """What ``gdal.Open`` takes for ``layer``; raises QgsProcessingException when it is no file."""
    if layer.providerType() != "gdal":
        raise QgsProcessingException(
            tr(
                "'{layer}' is not a raster file. Web layers must be saved first: right-click the "
                "layer → Export → Save As…, choose extent and resolution."
            ).format(layer=layer.name())
        )
    name = layer.source()
    if name.startswith("/vsimem/"):
        raise QgsProcessingException(
            tr(
                "Layer '{layer}' is held in memory ({name}). Save it first: right-click the layer "
                "→ Export → Save As…"
            ).format(layer=layer.name(), name=name)
        )
    if _OPEN_OPTION in name:
        raise QgsProcessingException(
            tr(
                "Layer '{layer}' is opened with driver options ({name}): add it again without them"
            ).format(layer=layer.name(), name=name)
        )
    return os.path.abspath(name) if os.path.exists(name) else name  # noqa: PTH100, PTH110


def band_numbers(layer: QgsRasterLayer, chosen: Sequence[int]) -> Optional[Tuple[int, int, int]]:
    """Red, green and blue band (1-based); ``chosen`` holds 0 where the user chose none.

    None when the user chose none at all: the worker then goes by the file. A choice of one or two
    is filled up from the file's colour interpretation, else 1, 2, 3.
    """
    if not any(chosen):
        return None
    defaults = colour_bands(gdal_name(layer))
    red, green, blue = (band or default for band, default in zip(chosen, defaults))
    return red, green, blue


def extent_text(rectangle: QgsRectangle) -> str:
    """XMIN,YMIN,XMAX,YMAX with every digit; raises QgsProcessingException for an empty one."""
    if rectangle.isEmpty():
        raise QgsProcessingException(
            tr(
                "Extent '{}' is empty: give xmin,xmax,ymin,ymax with xmin < xmax and ymin < ymax, "
                "or leave Extent empty for the whole raster"
            ).format(rectangle.toString())
        )
    sides = (
        rectangle.xMinimum(),
        rectangle.yMinimum(),
        rectangle.xMaximum(),
        rectangle.yMaximum(),
    )
    return ",".join(repr(side) for side in sides)
