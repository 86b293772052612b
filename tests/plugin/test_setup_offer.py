"""Where no runtime is installed: a message bar with [Install], once, and when one is needed."""

import pytest
from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtWidgets import QPushButton

import scdm_qgis
from scdm_qgis.gui.setup_offer import OFFERED


@pytest.fixture
def fresh(window, qgis_processing, monkeypatch):
    """A profile that has no runtime and was offered none; a function that loads the plugin."""
    from scdm_qgis.runtime import locate

    monkeypatch.delenv("SCDM_PYTHON", raising=False)
    monkeypatch.setattr(locate, "_own_with_onnxruntime", lambda: None)
    QgsSettings().remove(OFFERED)
    loaded = []

    def load():
        while loaded:
            loaded.pop().unload()
        loaded.append(scdm_qgis.classFactory(window))
        loaded[0].initGui()
        return loaded[0]

    yield load
    loaded.pop().unload()
    QgsSettings().remove(OFFERED)


def buttons(window):
    return [button.text() for button in window.messageBar().findChildren(QPushButton)]


def test_the_first_load_offers_the_installation_once(fresh, window):
    plugin = fresh()
    assert buttons(window) == ["Install"]
    plugin.setup_offer.clear()
    assert window.messageBar().currentItem() is None
    fresh()
    assert window.messageBar().currentItem() is None


def test_an_algorithm_without_a_runtime_offers_it_again(fresh, window):
    fresh().setup_offer.clear()
    create = QgsApplication.processingRegistry().createAlgorithmById
    able, message = create("scdm:upsample").canExecute()
    assert not able and "SCDM is not set up yet" in message
    assert "Install" in buttons(window)


def test_the_button_opens_the_installation(fresh, window, opened):
    fresh()
    window.messageBar().findChild(QPushButton).click()
    assert opened == ["scdm:installruntime", "shown"]
    assert window.messageBar().currentItem() is None


def test_with_a_runtime_nothing_is_offered(fresh, window, fake_worker):
    fake_worker("")
    fresh()
    assert window.messageBar().currentItem() is None
