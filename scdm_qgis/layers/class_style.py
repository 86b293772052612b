"""How a raster of classes looks: a colour and a name for each class that occurs."""

from typing import Any, Callable, Mapping, Sequence

from qgis.core import QgsPalettedRasterRenderer, QgsRasterLayer
from qgis.PyQt.QtGui import QColor

from ..model_runtime.contract import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

# Okabe and Ito's colours first, safe for the colour-blind; then hues as far apart as can be.
FIRST = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, "#f0e442")
GOLDEN = 0.618034
NO_CLASS = QColor(200, 200, 200, 90)  # of the value 0: what lies below stays visible


def class_colours(classes: Sequence[Mapping[str, Any]]) -> Callable[[QgsRasterLayer], bool]:
    """A style of the worker's ``classes`` (value, name), the most frequent in the first colours."""

    def style(layer: QgsRasterLayer) -> bool:
        real = [(one, colour_of(i)) for i, one in enumerate(one for one in classes if one["value"])]
        shown = [*real, *((one, NO_CLASS) for one in classes if not one["value"])]
        items = [
            QgsPalettedRasterRenderer.Class(one["value"], colour, one["name"])
            for one, colour in shown
        ]
        layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, items))
        layer.triggerRepaint()
        return True

    return style


def colour_of(number: int) -> QColor:
    """The colour of the ``number``-th class, from 0."""
    if number < len(FIRST):
        return QColor(FIRST[number])
    return QColor.fromHsvF(number * GOLDEN % 1.0, 0.65, 0.85)
