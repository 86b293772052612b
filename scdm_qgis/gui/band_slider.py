"""A small window with a slider over the wavelengths of a layer: one band at a time on the map."""

from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDialog, QLabel, QSlider, QVBoxLayout

from ..layers.wavelength_styles import bands_by_wavelength, show_one_band
from ..translation import tr


class BandSlider(QDialog):
    """Shows the band of ``layer`` under the slider; closes with the layer."""

    def __init__(self, layer: QgsRasterLayer, parent=None):
        super().__init__(parent)
        self._layer, self._bands = layer, bands_by_wavelength(layer)
        self.setWindowTitle(tr("One band of {}").format(layer.name()))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.label, self.slider = QLabel(self), QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, len(self._bands) - 1)
        self.slider.setMinimumWidth(320)
        layout = QVBoxLayout(self)
        layout.addWidget(self.label)
        layout.addWidget(self.slider)
        self.slider.valueChanged.connect(self._show)
        layer.willBeDeleted.connect(self.close)
        self._show(0)

    def _show(self, place: int) -> None:
        nm, band = self._bands[place]
        self.label.setText(tr("{nm:.1f} nm, band {band}").format(nm=nm, band=band))
        show_one_band(self._layer, band)
