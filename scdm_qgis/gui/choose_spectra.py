"""Asks which spectra of a large library are to be drawn."""

from typing import List, Sequence

from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QVBoxLayout,
)

from ..translation import tr


class SpectraDialog(QDialog):
    """A list of ``names`` of which some are picked."""

    def __init__(self, parent, names: Sequence[str]):
        super().__init__(parent)
        self.setWindowTitle(tr("Reference spectra"))
        column = QVBoxLayout(self)
        text = tr("Choose from {} spectra (Ctrl or Shift for several):")
        column.addWidget(QLabel(text.format(len(names)), self))
        self.list = QListWidget(self)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.addItems(list(names))
        column.addWidget(self.list)
        kinds = QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        buttons = QDialogButtonBox(kinds, self)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def picked(self) -> List[int]:
        """The places of the picked names, from 0."""
        return sorted(self.list.row(item) for item in self.list.selectedItems())


def choose_spectra(parent, names: Sequence[str]) -> List[int]:
    """The places of the names that the user picks; none when the dialog is cancelled."""
    dialog = SpectraDialog(parent, names)
    accepted = dialog.exec()
    return dialog.picked() if accepted else []
