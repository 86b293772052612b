"""The plugin's life in QGIS: registers the Processing provider and takes it away again."""

from qgis.core import QgsApplication

from .provider import ScdmProvider


class ScdmPlugin:
    """``iface`` is QGIS's interface, None without a window."""

    def __init__(self, iface):
        self.iface = iface
        self.provider = None

    def initProcessing(self):
        """Register the provider; qgis_process calls this alone."""
        self.provider = ScdmProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self):
        """Set up in a QGIS with a window."""
        self.initProcessing()

    def unload(self):
        """Take everything away that this plugin added."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
