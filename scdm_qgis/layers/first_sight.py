"""Estimates that come without a style, such as those of the command line: dressed when added.

QGIS shows bands 1, 2 and 3 of a raster whatever it says of itself; an estimate's are all blue.
"""

from typing import Iterable

from qgis.core import QgsMultiBandColorRenderer, QgsRasterLayer

from .partner import is_spread
from .raster_file import is_own_output
from .style import both_styles, spread_colours

FEWEST_BANDS = 5  # what shows bands 1, 2 and 3 of fewer may be a picture


def dress_new(layers: Iterable) -> None:
    """Style those of ``layers`` that are estimates in QGIS's own first style; the rest stays."""
    for layer in layers:
        if isinstance(layer, QgsRasterLayer) and _is_undressed(layer):
            (spread_colours if is_spread(layer) else both_styles)(layer)


def _is_undressed(layer: QgsRasterLayer) -> bool:
    renderer = layer.renderer()
    return (
        layer.providerType() == "gdal"
        and layer.bandCount() >= FEWEST_BANDS
        and isinstance(renderer, QgsMultiBandColorRenderer)
        and list(renderer.usesBands()) == [1, 2, 3]
        and is_own_output(layer.source())
    )
