"""Settings → Options → SCDM: what dialogs begin with, the runtime's state, models, the log."""

from qgis.core import QgsApplication, QgsSettings, QgsTask
from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QLabel, QPushButton, QSpinBox

from ..algorithms.base import icon
from ..model_runtime.contract import DEVICES
from ..runtime import defaults, locate
from ..runtime.log_file import log_path
from ..runtime.models import found_models, models_folder
from ..runtime.runtime_check import check_runtime
from ..translation import tr
from .model_box import ModelBox

MOST_THREADS = 1024


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page each time that QGIS shows its options."""

    def __init__(self):
        super().__init__("SCDM", QIcon())

    def icon(self):
        """The plugin's icon."""
        return icon()

    def createWidget(self, parent):
        """A page that shows what is set now."""
        return OptionsPage(parent)


class OptionsPage(QgsOptionsPageWidget):
    """One form; ``apply`` keeps what it shows. ``task``: the check that runs, or that ran."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self.task = None
        form = QFormLayout(self)
        form.addRow(QLabel(tr("What dialogs begin with; scripts and batches are not affected.")))
        form.addRow(tr("Model"), self._model_box())
        form.addRow(tr("Device"), self._device_box())
        form.addRow(tr("Threads"), self._threads_box())
        form.addRow(tr("Python of the runtime"), self._python_box())
        form.addRow(tr("Runtime"), self._state())
        form.addRow("", self._check_button())
        form.addRow(tr("Models found"), self._models())
        form.addRow(tr("Log file"), self._log())

    def apply(self):
        """Keep the choices: called by QGIS on OK."""
        defaults.set_default(defaults.MODEL, self.model.folder())
        device = self.device.currentText()
        defaults.set_default(defaults.DEVICE, "" if device == DEVICES[0] else device)
        defaults.set_default(defaults.THREADS, self.threads.value())
        QgsSettings().setValue(locate.SETTING, self.python.filePath().strip())

    def _model_box(self):
        self.model = ModelBox(self)
        self.model.choose(defaults.default_of(defaults.MODEL))
        return self.model

    def _device_box(self):
        self.device = QComboBox(self)
        self.device.addItems(DEVICES)
        self.device.setCurrentText(defaults.default_of(defaults.DEVICE) or DEVICES[0])
        return self.device

    def _threads_box(self):
        self.threads = QSpinBox(self)
        self.threads.setRange(0, MOST_THREADS)
        self.threads.setSpecialValueText(tr("all cores"))
        self.threads.setValue(int(defaults.default_of(defaults.THREADS) or 0))
        return self.threads

    def _python_box(self):
        self.python = QgsFileWidget(self)
        self.python.setFilePath(str(QgsSettings().value(locate.SETTING, "") or ""))
        self.python.setToolTip(
            tr("Empty: the environment of Install runtime, else QGIS's own Python.")
        )
        return self.python

    def _state(self):
        self.state = QLabel(_where(), self)
        self.state.setWordWrap(True)
        return self.state

    def _check_button(self):
        self.check = QPushButton(tr("Check"), self)
        self.check.clicked.connect(self._start_check)
        return self.check

    def _models(self):
        said = tr("{model}, bands: {bands}")
        lines = [said.format(model=found.title, bands=found.bands) for found in found_models()]
        lines.append(tr("Put others, a folder each, into {}").format(models_folder()))
        label = QLabel("\n".join(lines), self)
        label.setWordWrap(True)
        return label

    def _log(self):
        button = QPushButton(str(log_path()), self)
        button.setEnabled(log_path().is_file())
        button.setToolTip(tr("Add it to a bug report: commands, messages and versions."))
        button.clicked.connect(
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_path())))
        )
        return button

    def _start_check(self):
        """Ask the runtime in the background what it can do."""
        self.check.setEnabled(False)
        self.state.setText(tr("Checking the runtime"))
        task = QgsTask.fromFunction(
            "SCDM", lambda task: check_runtime(), on_finished=self._show_check
        )
        self.task = task
        QgsApplication.taskManager().addTask(task)

    def _show_check(self, error, text=""):
        if not sip.isdeleted(self):  # the options may have been closed meanwhile
            self.check.setEnabled(True)
            self.state.setText(str(error) if error else text)


def _where() -> str:
    try:
        python = locate.find(locate.current_places())
    except locate.RuntimeNotFound as error:
        return str(error)
    return tr("{python} ({origin})").format(python=python.executable, origin=python.origin)
