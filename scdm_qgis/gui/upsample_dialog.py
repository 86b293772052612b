"""The dialog of scdm:upsample: Processing's own, with the time and the disk that the run takes.

Processing's dialog is no stable part of QGIS: what it may lack is left out here, not missed.
"""

from qgis.core import QgsProcessingContext, QgsProject
from qgis.PyQt.QtWidgets import QBoxLayout, QLabel, QSplitter

from ..algorithms.upsample_plan import words

try:
    from processing.gui.AlgorithmDialog import AlgorithmDialog
except ImportError:  # QGIS 4.2 can dock it, and calls it a widget
    from processing.gui.algorithm_widget import AlgorithmWidget as AlgorithmDialog


class UpsampleDialog(AlgorithmDialog):
    """``expected`` says what is to be expected, above the progress bar; anew at each change."""

    def __init__(self, algorithm, parent=None):
        super().__init__(algorithm, parent=parent)
        self._context = QgsProcessingContext()  # keeps the layers that it opens
        self._context.setProject(QgsProject.instance())
        self.expected = QLabel(self)
        self.expected.setWordWrap(True)
        self._place(self.layout())
        for wrapper in self._wrappers().values():
            wrapper.widgetValueHasChanged.connect(lambda *_: self.reckon())
        self.reckon()

    def reckon(self):
        """Say what the values shown now will take."""
        values = {name: wrapper.parameterValue() for name, wrapper in self._wrappers().items()}
        self.expected.setText(words(self.algorithm(), values, self._context))

    def _place(self, column):
        """Between the tabs and the progress bar: below the parameters it would scroll away."""
        if isinstance(column, QBoxLayout):
            column.insertWidget(column.indexOf(self.findChild(QSplitter)) + 1, self.expected)
        else:
            self.expected.hide()

    def _wrappers(self):
        """Parameter's name: its widget; none where the panel does not tell."""
        return getattr(self.mainWidget(), "wrappers", {})
