"""The dock of spectral profiles: click pixels of the map, see their spectra."""

from pathlib import Path
from typing import List, NamedTuple

from matplotlib.figure import Figure
from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsProject
from qgis.gui import QgsDockWidget, QgsMapToolEmitPoint
from qgis.PyQt.QtCore import QEvent, Qt
from qgis.PyQt.QtGui import QGuiApplication, QKeySequence, QPalette
from qgis.PyQt.QtWidgets import (
    QAction,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..layers.spectra_file import WRITERS
from ..layers.spectral_library import LibraryError, read
from ..translation import tr
from .canvas import new_canvas
from .chart import Chart
from .chart_events import ChartEvents
from .choose_spectra import choose_spectra
from .layer_choice import LayerChoice
from .markers import Markers
from .picking import pick
from .profile import Profile
from .project_entry import read_entry, write_entry
from .spectra import as_csv, colour_of
from .spectrum_list import SpectrumList

MOST_REFERENCES = 12  # of a library with hundreds only the first are drawn
PICTURE_DPI, PICTURE_INCHES = 200, (9.0, 5.5)
SIDES = (1, 3, 5)  # pixels


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
        self._map = iface.mapCanvas()
        self.profile = Profile()
        self._markers = Markers(self._map)
        self._tool = QgsMapToolEmitPoint(self._map)
        self._tool.canvasClicked.connect(self.add_point)
        self._build(iface)
        self._project = QgsProject.instance()
        self._project.layersRemoved.connect(self._forget)
        self._project.readProject.connect(self._take_up)
        self._project.cleared.connect(self._begin_anew)
        self._say(self.layers.text)
        self._take_up()

    # --- widgets

    def _build(self, iface):
        body = QWidget(self)
        column = QVBoxLayout(body)
        column.setContentsMargins(6, 6, 6, 6)
        self.layers = LayerChoice(body, iface)
        self.layers.changed.connect(lambda: self._say(self.layers.text))
        column.addWidget(self.layers)
        column.addLayout(self._buttons(body))
        column.addWidget(self._new_canvas(), 1)
        column.addWidget(self._value)
        self.list = SpectrumList(body)
        self.list.renamed.connect(self._rename)
        self.list.removed.connect(self.remove)
        column.addWidget(self.list)
        self._status = QLabel(body)
        self._status.setWordWrap(True)
        column.addWidget(self._status)
        self._add_keys(body)
        self.setWidget(body)

    def _new_canvas(self) -> QWidget:
        self._canvas, self._value = new_canvas(), QLabel()
        self._canvas.setMinimumSize(280, 220)
        self._canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._canvas.setToolTip(
            tr("Wheel or + and - zoom, dragging or the arrow keys move, a double click or 0 resets")
        )
        self._chart = Chart(self._canvas.figure, *self._theme())
        self._events = ChartEvents(self._canvas, self._chart, self._value.setText)
        return self._canvas

    def _buttons(self, parent):
        row = QHBoxLayout()
        self.pick_button = _button(parent, tr("Pick pixels"), tr("Click pixels on the map"))
        self.pick_button.setCheckable(True)
        self.pick_button.toggled.connect(self._pick)
        self._tool.setButton(self.pick_button)
        row.addWidget(self.pick_button)
        row.addWidget(self._side_box(parent))
        clear = _button(parent, tr("Clear"), tr("Remove the picked pixels; reference spectra stay"))
        clear.clicked.connect(lambda: self.clear())
        row.addWidget(clear)
        row.addWidget(self._library_button(parent))
        row.addWidget(self._save_button(parent))
        row.addStretch(1)
        return row

    def _side_box(self, parent) -> QComboBox:
        self.side_box = QComboBox(parent)
        self.side_box.setToolTip(tr("Pixels about the clicked one whose mean is taken"))
        for side in SIDES:
            self.side_box.addItem(f"{side} × {side}", side)
        return self.side_box

    def _library_button(self, parent) -> QToolButton:
        tip = tr("Reference spectra from an ENVI library (.sli), a CSV or a text file")
        button = _button(parent, tr("Library…"), tip)
        button.clicked.connect(lambda: self._ask_library())
        _add_menu(
            button,
            (tr("Add reference spectra…"), self._ask_library),
            (tr("Remove reference spectra"), self.clear_library),
        )
        return button

    def _save_button(self, parent) -> QToolButton:
        tip = tr("The spectra as CSV, ENVI library or GeoPackage, or the chart as a picture")
        button = _button(parent, tr("Save…"), tip)
        button.clicked.connect(lambda: self._ask_file())
        _add_menu(button, (tr("Save…"), self._ask_file), (tr("Copy CSV"), self.copy_csv))
        return button

    def _add_keys(self, body):
        """Keys that work while the panel has the focus; none that QGIS's window knows."""
        for keys, act in (
            (QKeySequence(Qt.Key.Key_P), self.pick_button.toggle),
            (QKeySequence(Qt.Key.Key_M), self.add_middle),
        ):
            action = QAction(body)
            action.setShortcut(keys)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(lambda _checked=False, act=act: act())
            body.addAction(action)

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
            self._draw()

    # --- what the user does

    def _pick(self, wanted: bool):
        if wanted:
            self._map.setMapTool(self._tool)
        else:
            self._map.unsetMapTool(self._tool)

    def add_middle(self):
        """Read the pixel in the middle of the map: picking without a mouse."""
        self.add_point(self._map.center())

    def add_point(self, point, _button=None):
        """Read the spectra under ``point`` (map coordinates) and draw them."""
        if not self.layers.samplers:
            self._say(self.layers.text)
            return
        crs, side = self._map.mapSettings().destinationCrs(), self.side_box.currentData()
        number = self.profile.next_number
        found = pick(self.layers.samplers, point, crs, side, number)
        if not found:
            self._say(tr("No value there: outside the raster, or nodata."))
            return
        self.profile.add_point(found)
        self._markers.add(point, crs, number, colour_of(number - 1))
        self._say(f"{tr('Point {}').format(number)}: {point.x():.10g}, {point.y():.10g}")
        self.redraw()

    def remove(self, places: List[int]):
        """Remove the spectra at ``places`` of the list."""
        self.profile.remove(places)
        self.redraw()

    def _rename(self, place: int, name: str):
        self.profile.rename(place, name)
        self.list.set_name(place, self.profile.spectra[place].name)
        write_entry(self._project, self.profile)
        self._draw()  # the list is being edited: it is not filled anew

    def _begin_anew(self):
        """Show nothing in a new project, and leave nothing in it that came while it was cleared."""
        self.profile = Profile()
        self.redraw()
        self._project.setDirty(False)

    def _take_up(self, *_document):
        """Show what the project was saved with."""
        self.profile = read_entry(self._project)
        self._markers.clear()
        for one in {one.origin.number: one.origin for one in self.profile.points}.values():
            crs = QgsCoordinateReferenceSystem(one.crs)
            self._markers.add(QgsPointXY(*one.place), crs, one.number, colour_of(one.number - 1))
        self.redraw()

    def _forget(self, layer_ids):
        """The points of layers that are gone go with them."""
        self.profile.forget_layers(layer_ids)
        self.redraw()

    def clear(self):
        """Take the picked pixels away; reference spectra stay."""
        self.profile.clear_points()
        self.redraw()

    def clear_library(self):
        """Take the reference spectra away."""
        self.profile.clear_references()
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
            one = found[place]
            self.profile.add_reference(one.name, one.wavelength_nm, one.values)
        self._say(_of_library(Path(path).name, len(shown), found))
        self.redraw()

    def copy_csv(self):
        """Put all spectra on the clipboard as CSV."""
        QGuiApplication.clipboard().setText(as_csv(self.profile.spectra))
        self._say(tr("Copied."))

    def save(self, path):
        """Write the spectra to ``path``, as its suffix says: .csv, .sli, .gpkg; .png the chart."""
        path = Path(path)
        if not self.profile.spectra:
            self._say(tr("Not saved: {}").format(tr("there are no spectra")))
            return
        write = WRITERS.get(path.suffix.lower(), self._write_picture)
        try:
            notice = write(path, self.profile.spectra)
        except (OSError, ValueError) as error:
            self._say(tr("Not saved: {}").format(error))
            return
        self._say(f"{tr('Saved {}').format(path)} {notice}".strip())

    def _write_picture(self, path, _spectra):
        """The chart as it is looked at, with a legend in place of the list."""
        figure = Figure(figsize=PICTURE_INCHES, constrained_layout=True)
        chart = Chart(figure, *self._theme())
        chart.view = self._chart.view
        self._draw_on(chart)
        chart.add_legend()
        figure.savefig(path, dpi=PICTURE_DPI, facecolor=self._theme()[1])
        return ""

    def _ask_library(self):
        kinds = tr("Spectra (*.sli *.hdr *.csv *.txt *.tsv *.tab *.dat *.asc *.spectrum)")
        kinds += ";;" + tr("All files (*)")
        path, _kind = QFileDialog.getOpenFileName(self, tr("Reference spectra"), "", kinds)
        if path:
            self.add_library(path, lambda names: choose_spectra(self, names))

    def _ask_file(self):
        kinds = {
            "CSV (*.csv)": ".csv",
            tr("ENVI spectral library (*.sli)"): ".sli",
            tr("GeoPackage of the points (*.gpkg)"): ".gpkg",
            tr("Picture of the chart (*.png)"): ".png",
        }
        path, kind = QFileDialog.getSaveFileName(self, tr("Save spectra"), "", ";;".join(kinds))
        if path:
            known = Path(path).suffix.lower() in kinds.values()
            self.save(path if known else path + kinds.get(kind, ".csv"))

    # --- drawing

    def redraw(self):
        """Show all spectra anew, list, rings and chart, and keep them in the project."""
        self.list.show_spectra(self.profile.spectra, self.profile.dashes)
        self._markers.keep(self.profile.numbers)
        write_entry(self._project, self.profile)
        self._draw()

    def _draw(self):
        self._value.clear()
        self._draw_on(self._chart)
        self._canvas.draw_idle()

    def _draw_on(self, chart: Chart):
        hint = tr("Choose 'Pick pixels' and click on the map")
        words = Words(tr("Wavelength (nm)"), self._up(), hint)
        chart.draw(self.profile.points, self.profile.drawn_references(), words)

    def _up(self) -> str:
        """The title of the upward axis."""
        spreads = [one.origin.is_spread for one in self.profile.points]
        if any(spreads):
            alone = all(spreads) and not self.profile.references
            return tr("Spread of reflectance") if alone else tr("Reflectance, spread")
        if any(one.spread is not None for one in self.profile.points):
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
        self.layers.close_for_good()
        self._project.layersRemoved.disconnect(self._forget)
        self._project.readProject.disconnect(self._take_up)
        self._project.cleared.disconnect(self._begin_anew)


def _of_library(name: str, shown: int, found) -> str:
    """What was read of a library, and how, where that is a guess."""
    text = tr("{shown} of {count} spectra of {name} are shown.")
    if shown == len(found):
        text = tr("{count} spectra of {name}.")
    notice = f" ({found[0].notice})" if found and found[0].notice else ""
    return text.format(shown=shown, count=len(found), name=name) + notice


def _add_menu(button: QToolButton, *entries) -> None:
    """Give ``button`` a menu of (title, act)."""
    menu = QMenu(button)
    for title, act in entries:
        menu.addAction(title).triggered.connect(lambda _checked=False, act=act: act())
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)


def _button(parent, title: str, tip: str) -> QToolButton:
    button = QToolButton(parent)
    button.setText(title)
    button.setToolTip(tip)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    return button
