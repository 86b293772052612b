"""The layer that a dialog proposes as input: a picture, not one of this software's own results."""

import os
from typing import Iterable, Optional

from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QThread

from .raster_file import is_own_output


def proposed_picture(iface) -> Optional[str]:
    """The id of the active layer, else of the topmost one, that the upsampling takes.

    None leaves the choice to QGIS: where there is no such layer, no window, or this is not the
    thread of the layers (QGIS makes algorithms in others, too).
    """
    project = QgsProject.instance()
    if iface is None or QThread.currentThread() != project.thread():
        return None
    layers = [iface.activeLayer(), *project.layerTreeRoot().layerOrder()]
    return next(_pictures(layers), None)


def _pictures(layers: Iterable):
    for layer in layers:
        usable = isinstance(layer, QgsRasterLayer) and layer.providerType() == "gdal"
        if usable and not _is_own(layer.source()):
            yield layer.id()


def _is_own(source: str) -> bool:
    """Only files are looked into: a dialog does not wait for the network."""
    return os.path.isfile(source) and is_own_output(source)  # noqa: PTH113
