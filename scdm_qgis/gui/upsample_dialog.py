"""The dialog of scdm:upsample: Processing's own, with the time and the disk that the run takes."""

from processing.gui.AlgorithmDialog import AlgorithmDialog
from qgis.core import QgsProcessingContext, QgsProject
from qgis.PyQt.QtWidgets import QLabel, QSplitter

from ..algorithms.upsample_plan import words


class UpsampleDialog(AlgorithmDialog):
    """``expected`` says what is to be expected, above the progress bar; anew at each change."""

    def __init__(self, algorithm, parent=None):
        super().__init__(algorithm, parent=parent)
        self._context = QgsProcessingContext()  # keeps the layers that it opens
        self._context.setProject(QgsProject.instance())
        self.expected = QLabel(self)
        self.expected.setWordWrap(True)
        # Between the tabs and the progress bar: below the parameters it would scroll out of sight.
        column = self.layout()
        column.insertWidget(column.indexOf(self.findChild(QSplitter)) + 1, self.expected)
        for wrapper in self.mainWidget().wrappers.values():
            wrapper.widgetValueHasChanged.connect(lambda *_: self.reckon())
        self.reckon()

    def reckon(self):
        """Say what the values shown now will take."""
        wrappers = self.mainWidget().wrappers
        values = {name: wrapper.parameterValue() for name, wrapper in wrappers.items()}
        self.expected.setText(words(self.algorithm(), values, self._context))
