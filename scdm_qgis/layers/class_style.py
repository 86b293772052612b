"""How a raster of classes looks: a colour and a name for each class that occurs."""

import colorsys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence

import numpy as np
from qgis.core import QgsPalettedRasterRenderer, QgsRasterLayer
from qgis.PyQt.QtGui import QColor

from ..model_runtime.contract import BLUE, GREEN, NATURAL_NM, ORANGE, PURPLE, SKY, VERMILION
from ..model_runtime.errors import ScdmError
from ..model_runtime.spectra.spectral_library import LibraryError, Reference, read_all

# Okabe and Ito's colours first, safe for the colour-blind, and the hue (degrees) of the materials
# that each suits; then hues as far apart as can be.
SUITS = {BLUE: 220, VERMILION: 18, GREEN: 105, PURPLE: 320, ORANGE: 38, SKY: 190, "#f0e442": 55}
GOLDEN = 0.618034
GREYEST = 0.12  # saturation below which a material has no colour of its own
NO_CLASS = QColor(200, 200, 200, 90)  # of the value 0: what lies below stays visible


def class_colours(
    classes: Sequence[Mapping[str, Any]], hues: Optional[Mapping[str, float]] = None
) -> Callable[[QgsRasterLayer], bool]:
    """A style of the worker's ``classes`` (value, name), the most frequent first.

    Each has the first colour that is left, or the nearest to its hue in degrees in ``hues``.
    """

    def style(layer: QgsRasterLayer) -> bool:
        named = [one for one in classes if one["value"]]
        real = zip(named, _colours([(hues or {}).get(one["name"]) for one in named]))
        shown = [*real, *((one, NO_CLASS) for one in classes if not one["value"])]
        items = [
            QgsPalettedRasterRenderer.Class(one["value"], colour, one["name"])
            for one, colour in shown
        ]
        layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, items))
        layer.triggerRepaint()
        return True

    return style


def _colours(hues: Sequence[Optional[float]]) -> Iterator[QColor]:
    left: List[str] = list(SUITS)
    for number, hue in enumerate(hues):
        if not left:
            yield QColor.fromHsvF(number * GOLDEN % 1.0, 0.65, 0.85)
            continue
        chosen = left[0] if hue is None else min(left, key=lambda one: _apart(SUITS[one], hue))
        left.remove(chosen)
        yield QColor(chosen)


def _apart(one: float, other: float) -> float:
    """Degrees from one hue to another, the shorter way round."""
    return abs((one - other + 180) % 360 - 180)


def hues_of(libraries: Sequence[Path]) -> Dict[str, float]:
    """The hue in degrees that each spectrum's material has to the eye; without the grey ones."""
    try:
        found, _ = read_all(libraries)
    except (LibraryError, ScdmError, OSError):
        return {}
    return {one.name: hue for one in found for hue in _hue(one)}


def _hue(one: Reference) -> List[float]:
    known = np.isfinite(one.values)
    if not known.any():
        return []
    order = np.argsort(one.wavelength_nm[known])
    nm, values = one.wavelength_nm[known][order], one.values[known][order]
    if nm[0] > min(NATURAL_NM) or nm[-1] < max(NATURAL_NM):
        return []
    hue, saturation, _ = colorsys.rgb_to_hsv(*np.maximum(np.interp(NATURAL_NM, nm, values), 0))
    return [360 * hue] if saturation >= GREYEST else []
