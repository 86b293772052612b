"""The options page: what it keeps, what dialogs begin with, the check, the models found."""

import json
import shutil

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsSettings,
)
from qgis.gui import QgsProcessingModelerParameterWidget
from qgis.PyQt.QtCore import QCoreApplication

from scdm_qgis.gui.options_page import OptionsFactory
from scdm_qgis.runtime import defaults, locate
from scdm_qgis.runtime.models import folder_of, found_models, model_of, models_folder


@pytest.fixture
def page(registered):
    """The page, in a profile without any setting; what it keeps is forgotten afterwards."""
    pages = []

    def build():
        pages.append(OptionsFactory().createWidget(None))
        return pages[-1]

    yield build
    for name in defaults.NAMES:
        defaults.set_default(name, "")
    QgsSettings().remove(locate.SETTING)


@pytest.fixture
def own_model(registered, plugin_folder):
    """A model in the profile's folder."""
    folder = models_folder() / "mine"
    folder.mkdir(parents=True)
    manifest = plugin_folder / "model_runtime" / "models" / "vnir48" / "model.json"
    said = {**json.loads(manifest.read_text()), "name": "orchards", "version": "2"}
    (folder / "model.json").write_text(json.dumps(said))
    yield folder
    shutil.rmtree(models_folder())


def first_values(*names):
    """What the dialog begins with, and what a script gets."""
    found = QgsApplication.processingRegistry().createAlgorithmById("scdm:upsample")
    items = [found.parameterDefinition(name) for name in names]
    return [item.defaultValueForGui() for item in items], [item.defaultValue() for item in items]


def wait(page):
    """Until the page's check has ended."""
    page.task.waitForFinished()
    while not page.check.isEnabled():
        QCoreApplication.processEvents()


def test_what_is_kept_comes_first_in_dialogs_and_nowhere_else(page, own_model):
    shown = page()
    shown.model.choose("orchards")
    shown.device.setCurrentText("cpu")
    shown.threads.setValue(3)
    shown.apply()
    dialog, script = first_values("MODEL", "DEVICE", "THREADS", "SEED")
    assert dialog == [str(own_model), "cpu", "3", None]
    assert script == [None, "auto", None, None]
    again = page()
    assert (again.model.folder(), again.device.currentText()) == (str(own_model), "cpu")
    assert again.threads.value() == 3


def test_without_choices_nothing_is_kept(page):
    page().apply()
    assert [defaults.default_of(name) for name in defaults.NAMES] == ["", "", ""]
    assert first_values("DEVICE") == (["auto"], ["auto"])


def test_models_are_found_by_name(own_model):
    assert [model.name for model in found_models()] == ["vnir48", "orchards"]
    assert model_of("").name == "vnir48" and model_of("").bands == 48
    assert folder_of("orchards") == str(own_model)
    assert folder_of("elsewhere") == "elsewhere" and folder_of("") == ""


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "a"}', '{"wavelength_nm": 3}'])
def test_a_folder_without_a_model_is_no_model(own_model, text):
    (own_model / "model.json").write_text(text)
    assert [model.name for model in found_models()] == ["vnir48"]


def test_the_check_tells_what_the_runtime_says(page, fake_worker):
    fake_worker("print(json.dumps({'python': '3.11.2', 'onnxruntime': '1.31', 'problems': []}))")
    shown = page()
    shown.check.click()
    assert not shown.check.isEnabled()
    wait(shown)
    assert shown.state.text() == "Python 3.11.2, ONNX Runtime 1.31"


def test_the_check_tells_what_is_missing(page, monkeypatch):
    monkeypatch.setenv("SCDM_PYTHON", "/nowhere/python")
    shown = page()
    assert "/nowhere/python" in shown.state.text()
    shown.check.click()
    wait(shown)
    assert "is not a file" in shown.state.text()


def test_the_python_is_kept(page, tmp_path):
    shown = page()
    shown.python.setFilePath(str(tmp_path / "python"))
    shown.apply()
    assert locate.current_places().setting == str(tmp_path / "python")


def test_models_by_name_in_the_dialog(page, own_model, tmp_path):
    from scdm_qgis.gui.model_box import ModelBox

    box = ModelBox()
    titles = [box.itemText(i) for i in range(box.count())]
    assert titles[0].startswith("vnir48 ") and titles[1:] == ["orchards 2", "Other folder…"]
    assert box.folder() == ""
    box.choose("orchards")
    assert box.folder() == str(own_model)
    box.choose(str(tmp_path))  # no model: the worker's words tell
    assert box.folder() == str(tmp_path)
    box.choose("")
    assert box.folder() == ""


def test_the_model_parameter_has_its_list_but_in_the_modeler(registered, own_model):
    from processing.gui.wrappers import WidgetWrapperFactory

    found = QgsApplication.processingRegistry().createAlgorithmById("scdm:upsample")
    item = found.parameterDefinition("MODEL")
    wrapper = WidgetWrapperFactory.create_wrapper(item, None)
    assert wrapper.widgetValue() is None
    wrapper.setWidgetValue("orchards", None)
    assert wrapper.widgetValue() == str(own_model)

    class ModelerParametersDialog:
        """As the modeler's, as far as the factory asks."""

        model, childId, context = QgsProcessingModelAlgorithm(), "a", QgsProcessingContext()

    wrapper = WidgetWrapperFactory.create_wrapper(item, ModelerParametersDialog())
    assert isinstance(wrapper, QgsProcessingModelerParameterWidget)


def test_a_model_by_its_name_reaches_the_worker(
    registered, own_model, fake_worker, log, rgb_path, tmp_path
):
    import processing

    fake_worker("say(event='error', kind='x', message=' '.join(argv), remedy='')")
    words = {"INPUT": str(rgb_path), "OUTPUT": str(tmp_path / "o.tif"), "MODEL": "orchards"}
    with pytest.raises(QgsProcessingException, match="Model=" + str(own_model)):
        processing.run("scdm:upsample", words, feedback=log)
