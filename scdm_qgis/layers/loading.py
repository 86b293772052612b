"""What happens to an output once Processing has loaded it: its name, styles and metadata."""

from pathlib import Path
from typing import Callable, List, Optional

from qgis.core import QgsProcessingLayerPostProcessorInterface, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QTimer

from ..model_runtime.contract import RELIABILITY_CONTENT, SPREAD_CONTENT
from ..translation import tr
from .look import Look
from .metadata import describe
from .raster_file import scdm_tags
from .style import dress
from .style_file import write_beside


class LayerPostProcessor(QgsProcessingLayerPostProcessorInterface):
    """Styles and describes one loaded layer, the estimate of ``source_name``; ``look``: its own."""

    def __init__(self, source_name: str, look: Optional[Look] = None):
        super().__init__()
        self._source_name, self._look = source_name, look

    def postProcessLayer(self, layer, context, feedback):
        """Called by Processing in the main thread."""
        if not isinstance(layer, QgsRasterLayer):
            return
        if not dress(layer, self._look):
            text = tr("Layer '{}' has no wavelengths: left unstyled")
            feedback.pushWarning(text.format(layer.name()))
        describe(layer, self._source_name)
        if scdm_tags(layer.source()).get("CONTENT") in (SPREAD_CONTENT, RELIABILITY_CONTENT):
            name = layer.id()
            QTimer.singleShot(0, lambda: _uncheck(name))  # newer QGIS adds to the tree later


class StylePostProcessor(QgsProcessingLayerPostProcessorInterface):
    """Gives one loaded raster the style ``dress``: Processing does not read the file beside it."""

    def __init__(self, dress: Callable[[QgsRasterLayer], bool]):
        super().__init__()
        self._dress = dress

    def postProcessLayer(self, layer, context, feedback):
        """Called by Processing in the main thread."""
        if isinstance(layer, QgsRasterLayer):
            self._dress(layer)


def _uncheck(layer_id: str) -> None:
    """Leave a layer in the tree but off the map: it would lie over its estimate."""
    entry = QgsProject.instance().layerTreeRoot().findLayer(layer_id)
    if entry is not None:
        entry.setItemVisibilityChecked(False)


# Processing keeps a bare pointer and deletes the object after its use: so Python must hold each
# until then, and none serves two layers.
KEPT: List[QgsProcessingLayerPostProcessorInterface] = []


def style_on_load(
    context, destination: str, name: str, source_name: str, look: Optional[Look] = None
) -> None:
    """When Processing loads ``destination``: call the layer ``name``, style and describe it."""
    if context.willLoadLayerOnCompletion(destination):
        details = context.layerToLoadOnCompletionDetails(destination)
        details.name, details.forceName = name, True
        KEPT.append(LayerPostProcessor(source_name, look))
        details.setPostProcessor(KEPT[-1])


def style_result(
    context, destination: str, dress: Callable[[QgsRasterLayer], bool], name: str = ""
) -> None:
    """Give the raster ``destination`` the style ``dress``, on disk and where Processing loads it.

    ``name``: what the layer is called then, if not as the parameter.
    """
    write_beside(Path(destination).absolute(), dress)
    if context.willLoadLayerOnCompletion(destination):
        details = context.layerToLoadOnCompletionDetails(destination)
        if name:
            details.name, details.forceName = name, True
        KEPT.append(StylePostProcessor(dress))
        details.setPostProcessor(KEPT[-1])
