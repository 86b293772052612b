"""The list of the panel's spectra: rename with F2 or a double click, remove with Del."""

from typing import List, Sequence

from qgis.PyQt.QtCore import QEvent, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from qgis.PyQt.QtWidgets import QAbstractItemView, QAction, QListWidget, QListWidgetItem

from ..translation import tr
from .spectra import Spectrum

PIECE, LINE_WIDTH, ROWS_SHOWN = QSize(30, 12), 2, 6  # pixels; lines
PEN_STYLES = {
    "-": Qt.PenStyle.SolidLine,
    "--": Qt.PenStyle.DashLine,
    "-.": Qt.PenStyle.DashDotLine,
    ":": Qt.PenStyle.DotLine,
}


class SpectrumList(QListWidget):
    """Tells of ``renamed`` (place, name) and ``removed`` (places)."""

    renamed = pyqtSignal(int, str)
    removed = pyqtSignal(list)

    def __init__(self, parent):
        super().__init__(parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setToolTip(tr("Rename with F2 or a double click, remove with Del"))
        self.setAccessibleName(tr("Spectra"))
        self.setIconSize(PIECE)
        self.setMaximumHeight(ROWS_SHOWN * (self.fontMetrics().height() + 6))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        rename, remove = QAction(tr("Rename"), self), QAction(tr("Remove"), self)
        rename.triggered.connect(lambda: self.editItem(self.currentItem()))
        remove.triggered.connect(self._remove)
        self.addActions([rename, remove])
        self.itemChanged.connect(lambda item: self.renamed.emit(self.row(item), item.text()))

    def event(self, event):
        """Del is for the list: QGIS's own shortcut would stand against it, and neither act."""
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Delete:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event):
        """Remove by Del; what else a list knows, F2 for editing included."""
        if event.key() == Qt.Key.Key_Delete:
            self._remove()
        else:
            super().keyPressEvent(event)

    def show_spectra(self, spectra: Sequence[Spectrum], dashes: Sequence[str]) -> None:
        """List ``spectra``, each with a piece of its line; nothing is listed, nothing is shown."""
        self.blockSignals(True)
        self.clear()
        for one, style in zip(spectra, dashes):
            item = QListWidgetItem(_piece(one.colour, style), one.name, self)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        self.blockSignals(False)
        self.setVisible(bool(spectra))

    def set_name(self, place: int, name: str) -> None:
        """Show ``name`` at ``place`` without telling of it."""
        self.blockSignals(True)
        self.item(place).setText(name)
        self.blockSignals(False)

    def chosen(self) -> List[int]:
        """The places of the selected spectra."""
        return sorted(self.row(item) for item in self.selectedItems())

    def _remove(self) -> None:
        if self.chosen():
            self.removed.emit(self.chosen())


def _piece(colour: str, style: str) -> QIcon:
    """A piece of a line of the chart."""
    piece = QPixmap(PIECE)
    piece.fill(Qt.GlobalColor.transparent)
    painter = QPainter(piece)
    painter.setPen(QPen(QColor(colour), LINE_WIDTH, PEN_STYLES[style]))
    middle = PIECE.height() // 2
    painter.drawLine(0, middle, PIECE.width(), middle)
    painter.end()
    return QIcon(piece)
