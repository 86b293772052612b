"""Where the plugin is found: Raster → SCDM, two toolbar buttons, a raster layer's own menu."""

from pathlib import Path
from typing import List

from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QAction, QMenu  # QAction is there in Qt 6 too, through qgis.PyQt

from ..help_pages import help_url
from ..layers.wavelength_styles import WavelengthStyle, apply_style, refusal, wavelength_styles
from ..translation import tr

MENU = "SCDM"
ICONS = Path(__file__).resolve().parent.parent


class Menu:
    """The actions in the window of ``iface``; ``panel`` is the panel's, which can be checked."""

    def __init__(self, iface):
        self._iface, self._window = iface, iface.mainWindow()
        self._dialog = self._slider = None
        self.upsample = self._action("ScdmUpsample", tr("Upsample RGB to hyperspectral…"))
        self.upsample.setIcon(QIcon(str(ICONS / "icon.svg")))
        self.upsample.triggered.connect(lambda: self._open("scdm:upsample"))
        self.panel = self._action("ScdmSpectralProfile", tr("Spectral profile"))
        self.panel.setIcon(QIcon(str(ICONS / "spectrum.svg")))
        self.panel.setCheckable(True)
        self.help = self._action("ScdmHelp", tr("Help"))
        self.help.triggered.connect(lambda: QDesktopServices.openUrl(QUrl(help_url())))
        self.styles = self._style_actions()
        self._submenu = QMenu(tr("Style by wavelength"), self._window)
        self._submenu.addActions(self.styles)
        self._add()

    def _add(self) -> None:
        for action in self._in_menu():
            self._iface.addPluginToRasterMenu(MENU, action)
        for action in self._in_toolbar():
            self._iface.addToolBarIcon(action)
        kind = QgsRasterLayer().type()  # the enumeration has another name in each QGIS
        for action in self.styles:
            self._iface.addCustomActionForLayerType(action, MENU, kind, True)

    def remove(self) -> None:
        """Take all away."""
        for action in self.styles:
            self._iface.removeCustomActionForLayerType(action)
        for action in self._in_toolbar():
            self._iface.removeToolBarIcon(action)
        for action in self._in_menu():
            self._iface.removePluginRasterMenu(MENU, action)
        self._submenu.deleteLater()

    def _in_menu(self) -> List[QAction]:
        return [self.upsample, self.panel, self._submenu.menuAction(), self.help]

    def _in_toolbar(self) -> List[QAction]:
        return [self.upsample, self.panel]

    def _style_actions(self) -> List[QAction]:
        actions = [self._style_action(style) for style in wavelength_styles()]
        one = self._action("ScdmStyleOneBand", tr("One band…"))
        one.triggered.connect(self._slide)
        return [*actions, one]

    def _style_action(self, style: WavelengthStyle) -> QAction:
        action = self._action("ScdmStyle", style.title)
        action.triggered.connect(lambda: self._show_in(style))
        return action

    def _action(self, name: str, title: str) -> QAction:
        action = QAction(title, self._window)
        action.setObjectName(name)
        return action

    def _show_in(self, style: WavelengthStyle) -> None:
        self._warn(apply_style(self._iface.activeLayer(), style))

    def _slide(self) -> None:
        from .band_slider import BandSlider

        layer = self._iface.activeLayer()
        text = refusal(layer)
        self._warn(text)
        if not text:
            self._slider = BandSlider(layer, self._window)
            self._slider.show()

    def _warn(self, text: str) -> None:
        if text:
            self._iface.messageBar().pushWarning(MENU, text)

    def _open(self, algorithm: str) -> None:
        """Show the dialog of ``algorithm``; it is kept, else Python would take it away."""
        import processing

        self._dialog = processing.createAlgorithmDialog(algorithm, {})
        self._dialog.show()
