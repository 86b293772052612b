"""A raster layer on the way in: what GDAL opens in another process, its bands and extent.

Layers belong to QGIS's main thread: call these from ``prepareAlgorithm`` only.
"""

import os
from typing import Optional, Sequence, Tuple

from qgis.core import (
    QgsMultiBandColorRenderer,
    QgsPalettedRasterRenderer,
    QgsProcessingException,
    QgsRasterLayer,
    QgsRectangle,
)

from ..model_runtime.raster import band_choice
from ..translation import tr
from .raster_file import bands_of_file

_OPEN_OPTION = "|option:"
IN_ORDER = (1, 2, 3)
Bands = Tuple[int, int, int]


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


def band_numbers(layer: QgsRasterLayer, chosen: Sequence[int]) -> Optional[Bands]:
    """Red, green and blue band (1-based); ``chosen`` holds 0 where the user chose none.

    What is not chosen goes by the file, as the worker reads it: wavelengths, colour
    interpretation, band names. Only where that says nothing it goes by what the layer shows. None
    when the worker will choose the same by itself.
    """
    by_file = bands_of_file(gdal_name(layer))
    usual = _usual_bands(layer, by_file)
    told = by_file is not None and by_file.found_by != band_choice.ORDER
    if not any(chosen) and (told or by_file is None or usual == by_file.bands):
        return None
    return _filled_up(chosen, usual)


def shows_what_is_taken(layer: QgsRasterLayer, chosen: Sequence[int]) -> bool:
    """Whether ``layer`` is displayed in the bands that are read as red, green and blue.

    Not so in false colours or in greys, nor where QGIS shows the bands of a file that names them
    blue, green, red in the order 1, 2, 3. ``chosen`` as of ``band_numbers``.
    """
    if isinstance(layer.renderer(), QgsPalettedRasterRenderer):
        return True  # one band, read as its colours
    usual = _usual_bands(layer, bands_of_file(gdal_name(layer)))
    return shown_bands(layer) == _filled_up(chosen, usual)


def _usual_bands(layer: QgsRasterLayer, by_file: Optional[band_choice.Choice]) -> Bands:
    """Those of the file, where it says which are red, green and blue, else those shown."""
    if by_file is not None and by_file.found_by != band_choice.ORDER:
        return by_file.bands
    return shown_bands(layer) or IN_ORDER


def _filled_up(chosen: Sequence[int], usual: Bands) -> Bands:
    red, green, blue = (band or default for band, default in zip(chosen, usual))
    return red, green, blue


def shown_bands(layer: QgsRasterLayer) -> Optional[Bands]:
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
