"""Points on the map canvas, in the colours and with the numbers of their spectra."""

from typing import Collection, List

from qgis.core import QgsCoordinateTransform, QgsCsException, QgsProject
from qgis.gui import QgsMapCanvasItem
from qgis.PyQt.QtCore import QPointF, QRectF
from qgis.PyQt.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

RADIUS, PEN, HALO_PEN = 6.0, 3.0, 7.0  # pixels
REACH = 48.0  # of a marker around its point, its number included
FONT_SIZE, NUMBER_AT = 9, QPointF(10, -6)
HALO = "#ffffff"  # or a green ring on a tree is lost


class Marker(QgsMapCanvasItem):
    """A numbered ring at ``point`` of the reference system ``crs``, wherever the map's goes."""

    def __init__(self, canvas, point, crs, number: int, colour: str):
        super().__init__(canvas)
        self._canvas, self._point, self._crs = canvas, point, crs
        self.number, self._colour = number, QColor(colour)
        self._place = None
        self.reproject()

    def reproject(self) -> None:
        """Find the point's place in the map's reference system; nowhere where it has none."""
        target = self._canvas.mapSettings().destinationCrs()
        transform = QgsCoordinateTransform(self._crs, target, QgsProject.instance())
        try:
            self._place = transform.transform(self._point)
        except QgsCsException:
            self._place = None
        self.updatePosition()

    def place(self):
        """Where the marker is, in the map's coordinates; None where the map has no such place."""
        return self._place

    def updatePosition(self):
        """QGIS calls this when the map has moved."""
        if self._place is not None:
            self.setPos(self.toCanvasCoordinates(self._place))

    def boundingRect(self):
        return QRectF(-REACH, -REACH, 2 * REACH, 2 * REACH)

    def paint(self, painter, _option=None, _widget=None):
        if self._place is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ring, number = QPainterPath(), QPainterPath()
        ring.addEllipse(QPointF(0, 0), RADIUS, RADIUS)
        font = QFont()
        font.setPointSize(FONT_SIZE)
        font.setBold(True)
        number.addText(NUMBER_AT, font, str(self.number))
        for path in (ring, number):
            painter.strokePath(path, QPen(QColor(HALO), HALO_PEN if path is ring else PEN))
        painter.strokePath(ring, QPen(self._colour, PEN))
        painter.fillPath(number, self._colour)


class Markers:
    """The points that a panel has put on ``canvas``."""

    def __init__(self, canvas):
        self._canvas = canvas
        self._items: List[Marker] = []
        self._shown = True
        canvas.destinationCrsChanged.connect(self._reproject)

    def add(self, point, crs, number: int, colour: str) -> None:
        """A numbered ring at ``point`` of the reference system ``crs``."""
        marker = Marker(self._canvas, point, crs, number, colour)
        marker.setVisible(self._shown)
        self._items.append(marker)

    def keep(self, numbers: Collection[int]) -> None:
        """Take away the points whose number is not one of ``numbers``."""
        for item in self._items:
            if item.number not in numbers:
                self._canvas.scene().removeItem(item)
        self._items = [item for item in self._items if item.number in numbers]

    def places(self) -> List:
        """Where the points are, in the map's coordinates."""
        return [item.place() for item in self._items]

    def visible(self) -> List[bool]:
        """Which points are shown."""
        return [item.isVisible() for item in self._items]

    def show(self, visible: bool) -> None:
        """Show or hide all points, those to come too."""
        self._shown = visible
        for item in self._items:
            item.setVisible(visible)

    def clear(self) -> None:
        """Take all points away."""
        self.keep(())

    def close(self) -> None:
        """Before the panel goes."""
        self.clear()
        self._canvas.destinationCrsChanged.disconnect(self._reproject)

    def _reproject(self) -> None:
        for item in self._items:
            item.reproject()
