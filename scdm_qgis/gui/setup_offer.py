"""A message bar with [Install], where QGIS has no runtime for this plugin yet."""

from qgis.core import Qgis, QgsSettings
from qgis.PyQt.QtWidgets import QPushButton

from ..runtime import locate
from ..translation import tr

OFFERED = "scdm/setup_offered"


class SetupOffer:
    """Offers the installation in the window of ``iface``."""

    def __init__(self, iface):
        self._iface = iface
        self._item = self._dialog = None

    def at_first_load(self) -> bool:
        """Offer it once per profile; whether that was done."""
        if QgsSettings().value(OFFERED, False, type=bool) or _is_set_up():
            return False
        QgsSettings().setValue(OFFERED, True)
        self.show()
        return True

    def show(self) -> None:
        """Put the message up, in the place of an earlier one."""
        self.clear()
        bar = self._iface.messageBar()
        item = bar.createMessage(
            "SCDM", tr("SCDM needs its runtime, once per profile (24 MB download).")
        )
        button = QPushButton(tr("Install"), item)
        button.clicked.connect(self.install)
        item.layout().addWidget(button)
        self._item = bar.pushWidget(item, Qgis.MessageLevel.Info)

    def install(self) -> None:
        """Open the dialog of the algorithm that installs."""
        import processing

        self.clear()
        self._dialog = processing.createAlgorithmDialog("scdm:installruntime", {})
        self._dialog.show()

    def clear(self) -> None:
        """Take the message away."""
        if self._item is not None:
            self._iface.messageBar().popWidget(self._item)
            self._item = None


def _is_set_up() -> bool:
    try:
        locate.find(locate.current_places())
    except locate.RuntimeNotFound:
        return False
    return True
