"""The plugin's life in QGIS: the provider, the menu, the panel, and taking all away again."""

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QCoreApplication, Qt

from .gui.menu import MENU, Menu
from .gui.options_page import OptionsFactory
from .gui.setup_offer import SetupOffer
from .layers.first_sight import dress_new
from .provider import ScdmProvider
from .runtime.log_file import close_log
from .translation import install_translator


class ScdmPlugin:
    """``iface`` is QGIS's interface, None without a window."""

    def __init__(self, iface):
        self.iface = iface
        self.provider = None
        self.panel = None
        self.menu = None
        self._options = None
        self.setup_offer = None
        self._translator = install_translator()

    def initProcessing(self):
        """Register the provider; qgis_process calls this alone."""
        self.provider = ScdmProvider(self._offer_setup)
        QgsApplication.processingRegistry().addProvider(self.provider)
        self.provider.refreshAlgorithms()  # again: models need the algorithms to be known

    def initGui(self):
        """Set up in a QGIS with a window; the panel itself is built when it is first opened."""
        self.initProcessing()
        self.menu = Menu(self.iface)
        self.menu.panel.toggled.connect(self.show_panel)
        QgsProject.instance().layersAdded.connect(dress_new)
        self._options = OptionsFactory()
        self.iface.registerOptionsWidgetFactory(self._options)
        self.setup_offer = SetupOffer(self.iface)
        self.setup_offer.at_first_load()

    def _offer_setup(self):
        """Where an algorithm finds no runtime: the same offer again, in a QGIS with a window."""
        if self.setup_offer is not None:
            self.setup_offer.show()

    def show_panel(self, wanted: bool):
        """Open or close the spectral profile panel."""
        if self.panel is None and (not wanted or not self._build_panel()):
            return
        self.panel.setUserVisible(wanted)
        self.panel.set_active(wanted)

    def _build_panel(self) -> bool:
        try:
            from .gui.panel import SpectralPanel
        except ImportError as error:
            self.menu.panel.setChecked(False)
            text = "The panel needs matplotlib in QGIS's Python: {}"
            words = QCoreApplication.translate("scdm", text).format(error)
            self.iface.messageBar().pushWarning(MENU, words)
            return False
        self.panel = SpectralPanel(self.iface)
        self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.panel)
        self.panel.closed.connect(lambda: self.menu.panel.setChecked(False))
        return True

    def unload(self):
        """Take everything away that this plugin added."""
        self._unload_gui()
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
        if self._translator is not None:
            QCoreApplication.removeTranslator(self._translator)
            self._translator = None

    def _unload_gui(self):
        if self.panel is not None:
            self.panel.close_for_good()
            self.iface.removeDockWidget(self.panel)
            self.panel.deleteLater()
            self.panel = None
        if self.setup_offer is not None:
            QgsProject.instance().layersAdded.disconnect(dress_new)
            self.setup_offer.clear()
            self.setup_offer = None
        if self._options is not None:
            self.iface.unregisterOptionsWidgetFactory(self._options)
            self._options = None
            close_log()
        if self.menu is not None:
            self.menu.remove()
            self.menu = None
