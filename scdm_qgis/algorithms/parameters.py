"""Builders of Processing parameters, so that each is one line with its help."""

from typing import Optional, Sequence, Tuple

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBand,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterDistance,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from ..runtime.defaults import NAMES, default_of

HTML = "HTML (*.html)"
MODEL_CHOOSER = f"{__package__.rpartition('.')[0]}.gui.model_chooser.ModelChooser"
SHORTEST = 1e-9  # a pixel's side


def raster(name: str, title: str, text: str, optional: bool = False):
    """A raster layer, needed unless it is ``optional``."""
    item = QgsProcessingParameterRasterLayer(name, title, None, optional)
    return _with_help(item, text)


def files(name: str, title: str, text: str):
    """One or more files or folders, needed."""
    kind = QgsProcessing.TypeFile
    return _with_help(QgsProcessingParameterMultipleLayers(name, title, kind), text)


def band(name: str, title: str, text: str, parent: str):
    """A band of ``parent``, optional: qgis_process 3.22 ignores a mandatory band's default."""
    return _with_help(QgsProcessingParameterBand(name, title, None, parent, True), text)


def choice(name: str, title: str, options: Sequence[str], default: Optional[str], text: str):
    """One of ``options``, given by its own word; optional without a default."""
    item = QgsProcessingParameterEnum(
        name, title, list(options), False, default, default is None, True
    )
    return _with_help(item, text)


def choices(name: str, title: str, options: Sequence[str], text: str):
    """Any of ``options``, given by their own words; optional."""
    item = QgsProcessingParameterEnum(name, title, list(options), True, None, True, True)
    return _with_help(item, text)


def whole(name: str, title: str, low: int, text: str):
    """A whole number from ``low``, optional."""
    kind = QgsProcessingParameterNumber.Type.Integer
    return _with_help(
        QgsProcessingParameterNumber(name, title, kind, None, True, low, 2**31 - 1), text
    )


def number(name: str, title: str, limits: Tuple[float, float], default: float, text: str):
    """A number within ``limits``."""
    kind = QgsProcessingParameterNumber.Type.Double
    return _with_help(
        QgsProcessingParameterNumber(name, title, kind, default, False, *limits), text
    )


def distance(name: str, title: str, text: str, parent: str):
    """A length above 0 in units of the layer ``parent``, optional."""
    return _with_help(
        QgsProcessingParameterDistance(name, title, None, parent, True, SHORTEST), text
    )


def switch(name: str, title: str, text: str):
    """Yes or no, no by default."""
    return _with_help(QgsProcessingParameterBoolean(name, title, False), text)


def line(name: str, title: str, text: str):
    """A line of text, optional."""
    return _with_help(QgsProcessingParameterString(name, title, None, False, True), text)


def file(name: str, title: str, text: str):
    """A file that exists, optional."""
    kind = QgsProcessingParameterFile.Behavior.File
    return _with_help(QgsProcessingParameterFile(name, title, kind, "", None, True), text)


def folder(name: str, title: str, text: str):
    """A folder that exists, optional."""
    kind = QgsProcessingParameterFile.Behavior.Folder
    return _with_help(QgsProcessingParameterFile(name, title, kind, "", None, True), text)


def model(name: str, title: str, text: str):
    """The folder of a model, or empty: in a dialog chosen by its name."""
    item = folder(name, title, text)
    item.setMetadata({"widget_wrapper": {"class": MODEL_CHOOSER}})
    return item


def raster_output(name: str, title: str, text: str, optional: bool = False):
    """A raster to write; an optional one is not made unless asked for."""
    item = QgsProcessingParameterRasterDestination(name, title, None, optional, not optional)
    return _with_help(item, text)


def folder_output(name: str, title: str, text: str):
    """A folder to write to, only when asked for."""
    return _with_help(QgsProcessingParameterFolderDestination(name, title, None, True, False), text)


def features(name: str, title: str, text: str):
    """A layer of points, lines or polygons, needed."""
    kinds = [QgsProcessing.TypeVectorAnyGeometry]
    return _with_help(QgsProcessingParameterFeatureSource(name, title, kinds), text)


def polygons(name: str, title: str, text: str):
    """A layer of polygons, optional."""
    kinds = [QgsProcessing.TypeVectorPolygon]
    return _with_help(QgsProcessingParameterFeatureSource(name, title, kinds, None, True), text)


def attribute(name: str, title: str, text: str, parent: str):
    """A field of the layer ``parent``, optional."""
    kind = QgsProcessingParameterField.DataType.Any
    return _with_help(
        QgsProcessingParameterField(name, title, None, parent, kind, False, True), text
    )


def features_output(name: str, title: str, text: str):
    """A layer of features to write; it may be left out."""
    kind = QgsProcessing.TypeVectorAnyGeometry
    item = QgsProcessingParameterVectorDestination(name, title, kind, None, True, True)
    return _with_help(item, text)


def file_output(name: str, title: str, kind: str, text: str, optional: bool = True):
    """A file of the ``kind`` "Words (*.ending)"; an optional one is written when asked for."""
    item = QgsProcessingParameterFileDestination(name, title, kind, None, optional, not optional)
    return _with_help(item, text)


def html_output(name: str, title: str, text: str):
    """An HTML file to write, only when asked for."""
    return file_output(name, title, HTML, text)


def start_with_default(item: QgsProcessingParameterDefinition):
    """Let a dialog begin with what the options page sets for ``item``, if it does."""
    value = default_of(item.name().lower()) if item.name().lower() in NAMES else ""
    if value:
        item.setGuiDefaultValueOverride(value)
    return item


def make_advanced(item: QgsProcessingParameterDefinition):
    """``item``, shown under the advanced parameters."""
    item.setFlags(item.flags() | QgsProcessingParameterDefinition.FlagAdvanced)
    return item


def _with_help(item: QgsProcessingParameterDefinition, text: str):
    item.setHelp(text)
    return item
