"""Points on the map canvas, in the colours of their spectra."""

from typing import List

from qgis.gui import QgsVertexMarker
from qgis.PyQt.QtGui import QColor

SIZE, PEN, HALO_PEN = 12, 3, 7  # pixels
HALO = "#ffffff"  # or a green ring on a tree is lost


class Markers:
    """The points that a panel has put on ``canvas``."""

    def __init__(self, canvas):
        self._canvas = canvas
        self._items: List[QgsVertexMarker] = []

    def add(self, point, colour: str) -> None:
        """A ring at ``point``, in the map's coordinates, in a white one."""
        self._ring(point, HALO, HALO_PEN)
        self._ring(point, colour, PEN)

    def _ring(self, point, colour: str, pen: int) -> None:
        item = QgsVertexMarker(self._canvas)
        item.setCenter(point)
        item.setIconType(QgsVertexMarker.IconType.ICON_CIRCLE)
        item.setColor(QColor(colour))
        item.setIconSize(SIZE)
        item.setPenWidth(pen)
        self._items.append(item)

    def show(self, visible: bool) -> None:
        """Show or hide all points."""
        for item in self._items:
            item.setVisible(visible)

    def clear(self) -> None:
        """Take all points away."""
        for item in self._items:
            self._canvas.scene().removeItem(item)
        self._items = []
