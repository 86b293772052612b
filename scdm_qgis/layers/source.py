"""A raster layer on the way in: what GDAL opens in another process, its bands and extent.

Layers belong to QGIS's main thread: call these from ``prepareAlgorithm`` only.
"""

import os
from typing import Optional, Sequence, Tuple

from qgis.core import (
    QgsMultiBandColorRenderer,
    QgsProcessingException,
    QgsRasterLayer,
    QgsRectangle,
)

from ..model_runtime.raster import band_choice
from ..translation import tr
from .raster_file import bands_of_file

_OPEN_OPTION = "|option:"
IN_ORDER = (1, 2, 3)


def gdal_name(layer: QgsRasterLayer) -> str:
    """What ``gdal.Open`` takes for ``layer``; raises QgsProcessingException if it is not a file."""
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

    What is not chosen goes by the file, as the worker reads it: wavelengths, colour
    interpretation, band names. Only where that says nothing it goes by what the layer shows. None
    when the worker will choose the same by itself.
    """
    by_file = bands_of_file(gdal_name(layer))
    told = by_file is not None and by_file.found_by != band_choice.ORDER
    usual = by_file.bands if told else shown_bands(layer) or IN_ORDER
    if not any(chosen) and (told or by_file is None or usual == by_file.bands):
        return None
    red, green, blue = (band or default for band, default in zip(chosen, usual))
    return red, green, blue


def shown_bands(layer: QgsRasterLayer) -> Optional[Tuple[int, int, int]]:
    """The bands that ``layer`` shows as red, green and blue; None where it shows no three."""
    renderer = layer.renderer()
    if not isinstance(renderer, QgsMultiBandColorRenderer):
        return None
    bands = renderer.redBand(), renderer.greenBand(), renderer.blueBand()
    return bands if len({band for band in bands if band > 0}) == 3 else None


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
