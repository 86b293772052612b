"""What all algorithms of the plugin share: icon, help page, the worker's Python."""

from pathlib import Path
from typing import Sequence

from qgis.core import QgsProcessingAlgorithm, QgsProcessingException
from qgis.PyQt.QtGui import QIcon

from ..help_pages import help_url
from ..layers.refresh import refresh_all
from ..runtime import locate
from ..translation import tr

VECTOR_FORMATS = ("gpkg", "shp", "geojson", "fgb")  # that the worker reads


def icon() -> QIcon:
    """The plugin's icon."""
    return QIcon(str(Path(__file__).resolve().parent.parent / "icon.svg"))


class ScdmAlgorithm(QgsProcessingAlgorithm):
    """An algorithm that runs a worker; subclasses give name, texts, parameters and the run.

    ``written``: the rasters that a run has replaced. ``help_page``: the page of docs/ behind Help.
    """

    written: Sequence[Path] = ()
    help_page = "qgis"

    def createInstance(self):
        return type(self)()

    def icon(self):
        return icon()

    def helpUrl(self):
        return help_url(self.help_page)

    def tr(self, text: str) -> str:
        """``text`` in the user's language."""
        return tr(text)

    def purpose(self) -> str:
        """What the algorithm does."""
        raise NotImplementedError

    def limits(self) -> str:
        """What the algorithm cannot know or do."""
        raise NotImplementedError

    def example(self) -> str:
        """A worked example for the terminal."""
        raise NotImplementedError

    def shortHelpString(self):
        """The help panel: purpose, limits, every parameter, an example."""
        rows = "".join(
            f"<p><b>{item.description()}</b><br>{item.help()}</p>"
            for item in self.parameterDefinitions()
        )
        return (
            f"<p>{self.purpose()}</p><h3>{self.tr('What it cannot know')}</h3>"
            f"<p>{self.limits()}</p><h3>{self.tr('Parameters')}</h3>{rows}"
            f"<h3>{self.tr('Example')}</h3><p><code>{self.example()}</code></p>"
        )

    def canExecute(self):
        """Whether a worker's Python exists; if not, the text says what to do."""
        try:
            locate.find(locate.current_places())
        except locate.RuntimeNotFound as error:
            self._offer_setup()
            return False, str(error)
        return True, ""

    def _offer_setup(self):
        offer = getattr(self.provider(), "offer_setup", None)
        if offer is not None:
            offer()

    def worker_python(self) -> locate.WorkerPython:
        """The worker's Python; raises QgsProcessingException when there is none."""
        try:
            return locate.find(locate.current_places())
        except locate.RuntimeNotFound as error:
            raise QgsProcessingException(str(error)) from error

    def titles(self, options) -> dict:
        """Option of the worker -> title of its parameter; ``options``: (name, option) pairs."""
        return {option: self.parameterDefinition(name).description() for name, option in options}

    def raster_layer(self, parameters, name, context):
        """The raster layer chosen for ``name``; raises QgsProcessingException without one."""
        layer = self.parameterAsRasterLayer(parameters, name, context)
        if layer is None or not layer.isValid():
            raise QgsProcessingException(self.invalidRasterError(parameters, name))
        return layer

    def folder_option(self, parameters, name, option, context) -> list:
        """``option`` with the folder chosen for ``name``, if one is: the worker runs elsewhere."""
        if not given(parameters, name):
            return []
        return [f"{option}={Path(self.parameterAsFile(parameters, name, context)).absolute()}"]

    def vector_file(self, parameters, name, context, feedback) -> tuple:
        """The file, in full, and layer of the features ``name``; for ``prepareAlgorithm``.

        What is in memory, filtered or selected goes to a file of its own.
        """
        path, layer = self.parameterAsCompatibleSourceLayerPathAndLayerName(
            parameters, name, context, list(VECTOR_FORMATS), "gpkg", feedback
        )
        return str(Path(path).absolute()), layer

    def checkParameterValues(self, parameters, context):
        """Also accept a choice by its number, which qgis_process 3.22 tells users to give."""
        words = {
            item.name(): chosen_word(parameters[item.name()], item.options())
            for item in self.parameterDefinitions()
            if item.type() == "enum" and not item.allowMultiple() and given(parameters, item.name())
        }
        return super().checkParameterValues({**parameters, **words}, context)

    def choice(self, parameters, name) -> str:
        """The word chosen for the enumeration ``name``, its default when none was."""
        item = self.parameterDefinition(name)
        value = parameters[name] if given(parameters, name) else item.defaultValue()
        return chosen_word(value, item.options())

    def postProcessAlgorithm(self, context, feedback):
        """In the main thread: layers that show what was there before of what was ``written``."""
        refresh_all(self.written, context.project())
        return {}


class AnalysisAlgorithm(ScdmAlgorithm):
    """An algorithm that works on a hyperspectral raster, estimated or not."""

    def group(self):
        return self.tr("Spectral analysis")

    def groupId(self):
        return "analysis"


def chosen_word(value, options) -> str:
    """``value`` as one of the words ``options``: itself, or the word at that number."""
    text = str(value)
    if text.isdigit() and int(text) < len(options):
        return options[int(text)]
    return text


def given(parameters, name) -> bool:
    """Whether the user set the optional parameter ``name``."""
    return parameters.get(name) not in (None, "")
