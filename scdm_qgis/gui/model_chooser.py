"""The list of models in Processing's dialogs.

QGIS 4.4 has no WidgetWrapper: it shows a parameter of folders as a box for a folder's path.
"""

from processing.gui.wrappers import WidgetWrapper
from qgis.gui import QgsGui

from .model_box import ModelBox


class ModelChooser(WidgetWrapper):
    """ModelBox as Processing wants it; the modeler keeps its own, which takes a model's input."""

    def __new__(cls, param, dialog, *places, **words):
        """The modeler's own widget in its dialog."""
        if type(dialog).__name__ == "ModelerParametersDialog":
            return QgsGui.processingGuiRegistry().createModelerParameterWidget(
                dialog.model, dialog.childId, param, dialog.context
            )
        return super().__new__(cls, param, dialog, *places, **words)

    def createWidget(self):
        """The list, with the options page's choice."""
        box = ModelBox()
        box.choose(str(self.parameterDefinition().defaultValueForGui() or ""))
        box.currentIndexChanged.connect(lambda _place: self.widgetValueHasChanged.emit(self))
        return box

    def setValue(self, value):
        """Choose the folder or name ``value``."""
        self.widget.choose(str(value or ""))

    def value(self):
        """The chosen folder; None for the embedded model."""
        return self.widget.folder() or None
