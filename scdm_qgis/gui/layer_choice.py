"""Which layers the panel reads: one that follows the active layer, others beside it."""

from typing import List

from qgis.core import QgsMapLayerProxyModel, QgsProject, QgsRasterLayer
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from ..layers.raster_file import wavelengths_nm
from ..translation import tr
from .sampler import Sampler


class LayerChoice(QWidget):
    """``samplers``: of the chosen layers, the first chosen first; ``text`` says what they are."""

    changed = pyqtSignal()

    def __init__(self, parent, iface):
        super().__init__(parent)
        self.samplers: List[Sampler] = []
        self.text = ""
        self._compared: List[str] = []
        self._project = QgsProject.instance()
        self._tree = iface.layerTreeView()
        self._build()
        self._project.layersAdded.connect(self.refresh)
        self._project.layersRemoved.connect(self.refresh)
        self._tree.currentLayerChanged.connect(self._follow)
        self.refresh()
        self._follow(iface.activeLayer())

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.box = QgsMapLayerComboBox(self)
        self.box.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.box.setToolTip(tr("Raster with wavelengths whose pixels are read"))
        self.box.layerChanged.connect(self._take)
        self.compare = QToolButton(self)
        self.compare.setText(tr("Compare"))
        self.compare.setToolTip(tr("Further rasters that are read at the same pixel"))
        self.compare.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.compare)
        self.menu.aboutToShow.connect(self.fill_menu)
        self.compare.setMenu(self.menu)
        row.addWidget(self.box, 1)
        row.addWidget(self.compare)

    def refresh(self, *_layers) -> None:
        """Offer the layers with wavelengths only; let go of layers that are gone."""
        rasters = [one for one in self._project.mapLayers().values() if _is_raster(one)]
        self.box.setExceptedLayerList([one for one in rasters if not _has_nm(one)])
        self._compared = [name for name in self._compared if self._project.mapLayer(name)]
        self._take()

    def fill_menu(self) -> None:
        """List the layers that can be compared with the one in the box."""
        self.menu.clear()
        for number in range(self.box.count()):
            layer = self.box.layer(number)
            if layer is not self.box.currentLayer():
                self._offer(layer.name(), layer.id())
        if self.menu.isEmpty():
            self.menu.addAction(tr("No other raster with wavelengths")).setEnabled(False)

    def _offer(self, name: str, layer_id: str) -> None:
        action = self.menu.addAction(name)
        action.setCheckable(True)
        action.setChecked(layer_id in self._compared)
        action.toggled.connect(lambda on: self._compare(layer_id, on))

    def _compare(self, layer_id: str, wanted: bool) -> None:
        others = [name for name in self._compared if name != layer_id]
        self._compared = [*others, layer_id] if wanted else others
        self._take()

    def _follow(self, layer) -> None:
        """The active layer, where it can be read."""
        if layer is not None and _is_raster(layer) and _has_nm(layer):
            self.box.setLayer(layer)

    def _take(self, *_layer) -> None:
        """Open the chosen layers."""
        first = self.box.currentLayer()
        self.samplers = []
        if first is None:
            self.text = tr("No raster layer with wavelengths is loaded.")
        else:
            beside = [name for name in self._compared if name != first.id()]
            self._open([first, *map(self._project.mapLayer, beside)])
        self.changed.emit()

    def _open(self, layers) -> None:
        try:
            self.samplers = [Sampler(layer, self._project) for layer in layers]
        except ValueError as error:
            self.text = str(error)
            return
        self.text = "; ".join(f"{one.layer_name}: {_kind(one)}" for one in self.samplers)

    def close_for_good(self) -> None:
        """Before the panel goes."""
        self._project.layersAdded.disconnect(self.refresh)
        self._project.layersRemoved.disconnect(self.refresh)
        self._tree.currentLayerChanged.disconnect(self._follow)


def _kind(sampler: Sampler) -> str:
    if sampler.is_spread:
        return tr("a spread, not reflectance")
    return tr("with spread") if sampler.has_spread else tr("no spread layer")


def _is_raster(layer) -> bool:
    return isinstance(layer, QgsRasterLayer) and layer.providerType() == "gdal"


def _has_nm(layer: QgsRasterLayer) -> bool:
    return any(nm is not None for nm in wavelengths_nm(layer.source()))
