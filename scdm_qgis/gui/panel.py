"""The dock of spectral profiles: click pixels of the map, see their spectra."""

from pathlib import Path
from typing import List, NamedTuple, Optional

import numpy as np
from qgis.core import QgsMapLayerProxyModel, QgsProject, QgsRasterLayer
from qgis.gui import QgsDockWidget, QgsMapLayerComboBox, QgsMapToolEmitPoint
from qgis.PyQt.QtCore import QEvent, Qt
from qgis.PyQt.QtGui import QGuiApplication, QPalette
from qgis.PyQt.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..layers.raster_file import wavelengths_nm
from ..layers.spectral_library import LibraryError, read
from ..translation import tr
from .canvas import new_canvas
from .chart import Chart
from .choose_spectra import choose_spectra
from .markers import Markers
from .sampler import Sampler
from .spectra import Spectrum, as_csv, colour_of

MOST_REFERENCES = 12  # of a library with hundreds only the first are drawn
PICTURE_DPI = 200


class Words(NamedTuple):
    """The chart's texts."""

    across: str
    up: str
    hint: str


class SpectralPanel(QgsDockWidget):
    """Spectra of clicked pixels beside reference spectra; ``iface`` is QGIS's interface."""

    def __init__(self, iface):
        super().__init__(tr("Spectral profile"), iface.mainWindow())
        self.setObjectName("ScdmSpectralPanel")
        self._iface, self._map = iface, iface.mapCanvas()
        self._points: List[Spectrum] = []
        self._references: List[Spectrum] = []
        self._taken = 0
        self._sampler: Optional[Sampler] = None
        self._markers = Markers(self._map)
        self._tool = QgsMapToolEmitPoint(self._map)
        self._tool.canvasClicked.connect(self.add_point)
        self._build()
        self._project = QgsProject.instance()
        self._project.layersAdded.connect(self._layers_changed)
        self._project.layersRemoved.connect(self._forget)
        self._layers_changed()
        self._follow(iface.activeLayer())
        self.redraw()

    # --- widgets

    def _build(self):
        body = QWidget(self)
        column = QVBoxLayout(body)
        column.setContentsMargins(6, 6, 6, 6)
        self._layer_box = QgsMapLayerComboBox(body)
        self._layer_box.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self._layer_box.setToolTip(tr("Raster with wavelengths whose pixels are read"))
        self._layer_box.layerChanged.connect(self._take_layer)
        column.addWidget(self._layer_box)
        column.addLayout(self._buttons(body))
        self._canvas = new_canvas()
        self._canvas.setMinimumSize(280, 260)
        column.addWidget(self._canvas, 1)
        self._status = QLabel(body)
        self._status.setWordWrap(True)
        column.addWidget(self._status)
        self._chart = Chart(self._canvas.figure, *self._theme())
        self.setWidget(body)

    def _buttons(self, parent):
        row = QHBoxLayout()
        self.pick_button = _button(parent, tr("Pick pixels"), tr("Click pixels on the map"))
        self.pick_button.setCheckable(True)
        self.pick_button.toggled.connect(self._pick)
        self._tool.setButton(self.pick_button)
        row.addWidget(self.pick_button)
        for title, tip, action in (
            (tr("Clear"), tr("Remove the picked pixels; reference spectra stay"), self.clear),
            (
                tr("Library…"),
                tr("Reference spectra from an ENVI library (.sli), a CSV or a text file"),
                self._ask_library,
            ),
            (tr("Copy CSV"), tr("All spectra as a table to the clipboard"), self.copy_csv),
            (tr("Save PNG…"), tr("The chart as a picture"), self._ask_picture),
        ):
            button = _button(parent, title, tip)
            button.clicked.connect(lambda _checked=False, act=action: act())
            row.addWidget(button)
            if action == self._ask_library:
                self._add_library_menu(button)
        row.addStretch(1)
        return row

    def _add_library_menu(self, button):
        menu = QMenu(button)
        menu.addAction(tr("Add reference spectra…")).triggered.connect(self._ask_library)
        menu.addAction(tr("Remove reference spectra")).triggered.connect(self.clear_library)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)

    def _theme(self):
        """(ink, paper) of the chart: the window's own, so light and dark both fit."""
        palette = self.palette()
        ink, paper = QPalette.ColorRole.Text, QPalette.ColorRole.Base
        return palette.color(ink).name(), palette.color(paper).name()

    def changeEvent(self, event):
        """A change of theme: the chart takes the window's new colours."""
        super().changeEvent(event)
        kinds = (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)
        if event.type() in kinds and hasattr(self, "_chart"):
            self._chart.recolour(*self._theme())
            self.redraw()

    # --- layers

    def _layers_changed(self, *_layers):
        """Offer the layers with wavelengths only; forget a layer that is gone."""
        rasters = [one for one in self._project.mapLayers().values() if _is_raster(one)]
        self._layer_box.setExceptedLayerList([one for one in rasters if not _has_nm(one)])
        self._take_layer(self._layer_box.currentLayer())

    def _forget(self, layer_ids):
        """The points of layers that are gone go with them."""
        gone = set(layer_ids)
        kept = [one.layer_id not in gone for one in self._points]
        self._markers.keep(kept)
        self._points = [one for one, stays in zip(self._points, kept) if stays]
        self._layers_changed()
        self.redraw()

    def _follow(self, layer):
        if layer is not None and _is_raster(layer) and _has_nm(layer):
            self._layer_box.setLayer(layer)

    def _take_layer(self, layer):
        self._sampler = None
        if layer is None:
            self._say(tr("No raster layer with wavelengths is loaded."))
            return
        try:
            self._sampler = Sampler(layer, self._project)
        except ValueError as error:
            self._say(str(error))
            return
        self._say(f"{layer.name()}: {self._kind_of_layer()}")

    def _kind_of_layer(self) -> str:
        if self._sampler.is_spread:
            return tr("a spread, not reflectance")
        return tr("with spread") if self._sampler.has_spread else tr("no spread layer")

    # --- what the user does

    def _pick(self, wanted: bool):
        if wanted:
            self._map.setMapTool(self._tool)
        else:
            self._map.unsetMapTool(self._tool)

    def add_point(self, point, _button=None):
        """Read the spectrum under ``point`` (map coordinates) and draw it."""
        if self._sampler is None:
            self._say(tr("No raster layer with wavelengths is loaded."))
            return
        crs = self._map.mapSettings().destinationCrs()
        found = self._sampler.at(point, crs)
        if found is None or not np.isfinite(found[1]).any():
            self._say(tr("No value there: outside the raster, or nodata."))
            return
        self._taken += 1
        one = self._named(found, (point.x(), point.y()))
        self._points.append(one)
        self._markers.add(point, one.number, one.colour)
        self._say(f"{one.name}: {point.x():.10g}, {point.y():.10g}")
        self.redraw()

    def _named(self, found, place) -> Spectrum:
        """The spectrum (nm, values, spread) of the point that was taken last, at ``place``."""
        sampler, number = self._sampler, self._taken
        text = tr("Point {} (spread)") if sampler.is_spread else tr("Point {}")
        facts = {"layer_id": sampler.layer_id, "number": number, "is_spread": sampler.is_spread}
        return Spectrum(text.format(number), colour_of(number - 1), *found, place, **facts)

    def clear(self):
        """Take the picked pixels away; reference spectra stay."""
        self._points, self._taken = [], 0
        self._markers.clear()
        self.redraw()

    def clear_library(self):
        """Take the reference spectra away."""
        self._references = []
        self.redraw()

    def add_library(self, path, choose=None):
        """Draw the reference spectra in the file ``path``; of many, those that ``choose`` picks.

        ``choose`` gets the names and gives their places; without it the first are drawn.
        """
        try:
            found = read(Path(path))
        except LibraryError as error:
            self._say(str(error))
            return
        shown = range(min(len(found), MOST_REFERENCES))
        if choose is not None and len(found) > MOST_REFERENCES:
            shown = choose([one.name for one in found])
        for place in shown:
            one, colour = found[place], colour_of(-1 - len(self._references))  # the other end
            self._references.append(Spectrum(one.name, colour, one.wavelength_nm, one.values))
        self._say(_of_library(Path(path).name, len(shown), found))
        self.redraw()

    def copy_csv(self):
        """Put all spectra on the clipboard as CSV."""
        QGuiApplication.clipboard().setText(as_csv([*self._points, *self._references]))
        self._say(tr("Copied."))

    def save_picture(self, path):
        """Write the chart to ``path``."""
        try:
            self._canvas.figure.savefig(path, dpi=PICTURE_DPI, facecolor=self._theme()[1])
        except (OSError, ValueError) as error:
            self._say(tr("Not saved: {}").format(error))
            return
        self._say(tr("Saved {}").format(path))

    def _ask_library(self):
        kinds = tr("Spectra (*.sli *.hdr *.csv *.txt *.tsv *.tab *.dat *.asc *.spectrum)")
        kinds += ";;" + tr("All files (*)")
        path, _kind = QFileDialog.getOpenFileName(self, tr("Reference spectra"), "", kinds)
        if path:
            self.add_library(path, lambda names: choose_spectra(self, names))

    def _ask_picture(self):
        path, _kind = QFileDialog.getSaveFileName(self, tr("Save chart"), "", "PNG (*.png)")
        if path:
            self.save_picture(path if path.lower().endswith(".png") else path + ".png")

    # --- drawing

    def redraw(self):
        """Draw all spectra anew."""
        hint = tr("Choose 'Pick pixels' and click on the map")
        words = Words(tr("Wavelength (nm)"), self._up(), hint)
        self._chart.draw(self._points, self._references, words)
        self._canvas.draw_idle()

    def _up(self) -> str:
        """The title of the upward axis."""
        spreads = [one.is_spread for one in self._points]
        if any(spreads):
            alone = all(spreads) and not self._references
            return tr("Spread of reflectance") if alone else tr("Reflectance, spread")
        if any(one.spread is not None for one in self._points):
            return tr("Reflectance ± spread")
        return tr("Reflectance")

    def _say(self, text: str):
        self._status.setText(text)

    # --- the panel's own life

    def set_active(self, active: bool):
        """Work only while the panel is open: no tool, no points on the map otherwise."""
        self._markers.show(active)
        if not active:
            self.pick_button.setChecked(False)

    def close_for_good(self):
        """Before the plugin goes."""
        self.set_active(False)
        self._markers.close()
        self._project.layersAdded.disconnect(self._layers_changed)
        self._project.layersRemoved.disconnect(self._forget)


def _of_library(name: str, shown: int, found) -> str:
    """What was read of a library, and how, where that is a guess."""
    text = tr("{shown} of {count} spectra of {name} are shown.")
    if shown == len(found):
        text = tr("{count} spectra of {name}.")
    notice = f" ({found[0].notice})" if found and found[0].notice else ""
    return text.format(shown=shown, count=len(found), name=name) + notice


def _button(parent, title: str, tip: str) -> QToolButton:
    button = QToolButton(parent)
    button.setText(title)
    button.setToolTip(tip)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    return button


def _is_raster(layer) -> bool:
    return isinstance(layer, QgsRasterLayer) and layer.providerType() == "gdal"


def _has_nm(layer: QgsRasterLayer) -> bool:
    return any(nm is not None for nm in wavelengths_nm(layer.source()))
