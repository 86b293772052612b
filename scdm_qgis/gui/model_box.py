"""A list of the models that are found, by name, and any other folder."""

from qgis.PyQt.QtWidgets import QComboBox, QFileDialog

from ..runtime.models import found_models, model_of
from ..translation import tr

OTHER = "other"  # the last entry's data: ask for a folder


class ModelBox(QComboBox):
    """The models that are found, the embedded one as "", and *Other folder…*."""

    def __init__(self, parent=None):
        super().__init__(parent)
        for model in found_models():
            self.addItem(model.title, "" if model.embedded else str(model.folder))
        self.addItem(tr("Other folder…"), OTHER)
        self._chosen = 0
        self.activated.connect(self._take)

    def folder(self) -> str:
        """The chosen folder, "" for the embedded model."""
        data = self.currentData()
        return "" if data == OTHER else data or ""

    def choose(self, text: str) -> None:
        """Choose the model ``text`` (a folder or a name), added where it is not listed."""
        model = model_of(text)
        known = model is not None and model.embedded
        folder = "" if known else text if model is None else str(model.folder)
        place = self.findData(folder)
        if place < 0:
            place = self.count() - 1
            self.insertItem(place, folder if model is None else f"{model.title} ({folder})", folder)
        self.setCurrentIndex(place)
        self._chosen = place

    def _take(self, place: int) -> None:
        if self.itemData(place) != OTHER:
            self._chosen = place
            return
        folder = QFileDialog.getExistingDirectory(self, tr("Folder with a model.json"))
        self.setCurrentIndex(self._chosen)
        if folder:
            self.choose(folder)
