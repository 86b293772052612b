"""Estimates that come without a style, such as those of the command line: dressed when added.

QGIS shows bands 1, 2 and 3 of a raster whatever it says of itself; an estimate's are all blue.
"""

from typing import Iterable

from qgis.core import QgsMultiBandColorRenderer, QgsRasterLayer, QgsSingleBandGrayRenderer

from .raster_file import is_own_output
from .style import dress

FEWEST_BANDS = 5  # what shows bands 1, 2 and 3 of fewer may be a picture


def dress_new(layers: Iterable) -> None:
    """Style those of ``layers`` that are estimates in QGIS's own first style; the rest stays."""
    for layer in layers:
        if isinstance(layer, QgsRasterLayer) and _is_undressed(layer):
            dress(layer)


def _is_undressed(layer: QgsRasterLayer) -> bool:
    grey = layer.bandCount() == 1 and isinstance(layer.renderer(), QgsSingleBandGrayRenderer)
    first_style = grey or _is_first_of_many(layer)
    return layer.providerType() == "gdal" and first_style and is_own_output(layer.source())


def _is_first_of_many(layer: QgsRasterLayer) -> bool:
    renderer = layer.renderer()
    return (
        layer.bandCount() >= FEWEST_BANDS
        and isinstance(renderer, QgsMultiBandColorRenderer)
        and list(renderer.usesBands()) == [1, 2, 3]
    )
