"""Layers of the project whose file was written anew: they show the new pixels and extent."""

from pathlib import Path
from typing import Iterable, Iterator, Optional

from qgis.core import QgsDataProvider, QgsProject, QgsRasterLayer


def refresh_all(paths: Iterable[Path], project: Optional[QgsProject]) -> None:
    """Read anew all layers of ``project`` that show one of ``paths``; in QGIS's main thread."""
    for path in paths if project is not None else ():
        for layer in layers_of(path, project):
            read_anew(layer)


def layers_of(path: Path, project: QgsProject) -> Iterator[QgsRasterLayer]:
    """The raster layers of ``project`` that show the file ``path``."""
    for layer in project.mapLayers().values():
        if isinstance(layer, QgsRasterLayer) and _same_file(layer.source(), path):
            yield layer


def read_anew(layer: QgsRasterLayer) -> None:
    """Open the layer's file again: pixels, extent and bands; its name and style stay."""
    options = QgsDataProvider.ProviderOptions()
    layer.setDataSource(layer.source(), layer.name(), layer.providerType(), options, False)
    layer.triggerRepaint()


def _same_file(name: str, path: Path) -> bool:
    try:
        return Path(name).samefile(path)
    except (OSError, ValueError):
        return False
