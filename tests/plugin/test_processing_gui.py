"""Dialogs where Processing has other Python classes: QGIS 4.2 and later rename or drop them."""

import sys
import types

import pytest
from qgis.core import QgsApplication

DIALOG, WIDGET = "processing.gui.AlgorithmDialog", "processing.gui.algorithm_widget"


@pytest.fixture
def upsample(registered, window, monkeypatch):
    """The algorithm, with the module of its dialog not yet loaded."""
    monkeypatch.setattr(type(window), "browserModel", lambda _: None, raising=False)
    monkeypatch.delitem(sys.modules, "scdm_qgis.gui.upsample_dialog", raising=False)
    return QgsApplication.processingRegistry().algorithmById("scdm:upsample")


def test_the_dialog_that_can_be_docked_says_what_is_to_be_expected(upsample, monkeypatch):
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    renamed = types.ModuleType(WIDGET)
    renamed.AlgorithmWidget = type("AlgorithmWidget", (AlgorithmDialog,), {})
    monkeypatch.setitem(sys.modules, DIALOG, None)
    monkeypatch.setitem(sys.modules, WIDGET, renamed)
    dialog = upsample.createCustomParametersWidget(None)
    assert isinstance(dialog, renamed.AlgorithmWidget)
    assert dialog.layout().indexOf(dialog.expected) > 0
    dialog.close()


def test_a_panel_that_does_not_tell_its_widgets_is_shown_without_a_word(upsample, monkeypatch):
    from processing.gui.AlgorithmDialog import AlgorithmDialog
    from qgis.gui import QgsPanelWidget

    monkeypatch.setattr(AlgorithmDialog, "getParametersPanel", lambda *_: QgsPanelWidget())
    dialog = upsample.createCustomParametersWidget(None)
    assert dialog.expected.text() == ""
    dialog.close()


def test_without_either_class_qgis_shows_its_plain_dialog(upsample, monkeypatch):
    monkeypatch.setitem(sys.modules, DIALOG, None)
    monkeypatch.setitem(sys.modules, WIDGET, None)
    assert upsample.createCustomParametersWidget(None) is None


def test_the_options_page_needs_no_wrappers_of_processing(registered, monkeypatch):
    monkeypatch.setitem(sys.modules, "processing.gui.wrappers", None)
    for name in ("model_box", "model_chooser", "options_page"):
        monkeypatch.delitem(sys.modules, f"scdm_qgis.gui.{name}", raising=False)
    from scdm_qgis.gui.options_page import OptionsFactory

    assert OptionsFactory().createWidget(None).model.count() > 1
