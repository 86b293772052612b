"""Raster → SCDM, the toolbar and a raster layer's menu: what is there, and what it does."""

import numpy as np
import pytest
from qgis.core import QgsProject, QgsRasterLayer

from scdm_qgis.gui.band_slider import BandSlider
from scdm_qgis.layers.wavelength_styles import apply_style, wavelength_styles

NM = (860.0, 460.0, 550.0, 640.0, 705.0, 740.0, 665.0)


@pytest.fixture
def cube(qgis_new_project, write_cube):
    """A layer with NM, not sorted; its values rise with the band's number."""
    rng = np.random.default_rng(5)
    values = np.arange(1, 8)[:, None, None] * rng.uniform(0.02, 0.04, (7, 40, 50))
    layer = QgsRasterLayer(str(write_cube("cube.tif", values.astype(np.float32), NM)), "cube")
    QgsProject.instance().addMapLayer(layer)
    return layer


def shown_nm(layer):
    return [NM[band - 1] for band in layer.renderer().usesBands()]


@pytest.fixture
def calls(window, monkeypatch):
    """(name of the interface's method, its arguments) of each call, in order."""
    heard = []

    def listen(name):
        monkeypatch.setattr(
            type(window), name, lambda _self, *words: heard.append((name, *words)), raising=False
        )

    for name in ("addPluginToRasterMenu", "removePluginRasterMenu"):
        listen(name)
    for name in ("addToolBarIcon", "removeToolBarIcon"):
        listen(name)
    for name in ("addCustomActionForLayerType", "removeCustomActionForLayerType"):
        listen(name)
    return heard


def test_all_that_is_added_is_taken_away(calls, qgis_processing, window):
    import scdm_qgis

    plugin = scdm_qgis.classFactory(window)
    plugin.initGui()
    added = [(name[3:], words) for name, *words in calls if name.startswith("add")]
    in_menu = [words[1].text() for name, words in added if name == "PluginToRasterMenu"]
    assert {"Spectral profile", "Style by wavelength"} < set(in_menu)
    assert sum(name == "ToolBarIcon" for name, _ in added) == 2
    plugin.unload()
    gone = [words[-1] for name, *words in calls if name.startswith("remove")]
    for name, words in added:
        action = words[0] if name == "CustomActionForLayerType" else words[-1]
        assert action in gone


def action_of(plugin, text):
    return next(action for action in plugin.menu.styles if action.text() == text)


@pytest.mark.parametrize(
    "title, nm",
    [
        ("Colour infrared", [860, 640, 550]),
        ("Red edge", [740, 705, 665]),
    ],
)
def test_a_style_is_added_beside_the_layers_own(registered, window, cube, title, nm):
    window.setActiveLayer(cube)
    own = cube.styleManager().currentStyle()
    action_of(registered, title).trigger()
    assert shown_nm(cube) == nm
    cube.styleManager().setCurrentStyle(own)
    assert list(cube.renderer().usesBands()) == [1, 2, 3]  # as it was
    action_of(registered, title).trigger()
    assert cube.styleManager().styles().count(title) == 1 and shown_nm(cube) == nm


def test_natural_colour_of_any_raster(registered, window, cube):
    window.setActiveLayer(cube)
    action_of(registered, "Natural colour").trigger()
    assert shown_nm(cube) == pytest.approx([640, 550, 460], abs=30)


def test_a_raster_without_these_bands_keeps_its_styles(registered, window, write_cube):
    path = write_cube("near.tif", np.random.default_rng(1).random((2, 9, 9)), (640, 860))
    layer = QgsRasterLayer(str(path), "near")
    before = layer.styleManager().styles()
    for style in wavelength_styles():
        text = apply_style(layer, style)
        assert style.title in text and "640 to 860 nm" in text
    assert layer.styleManager().styles() == before


def test_what_cannot_be_styled_says_why(
    registered, window, rgb_path, qgis_new_project, monkeypatch
):
    monkeypatch.setattr(window, "activeLayer", lambda: None, raising=False)
    action_of(registered, "Red edge").trigger()
    assert "Choose a raster layer" in window.messageBar().currentItem().text()
    plain = QgsRasterLayer(str(rgb_path), "field")
    monkeypatch.setattr(window, "activeLayer", lambda: plain, raising=False)
    action_of(registered, "One band…").trigger()
    assert "'field' does not say the wavelengths" in window.messageBar().currentItem().text()


def test_the_slider_goes_by_wavelength(registered, cube):
    slider = BandSlider(cube)
    assert shown_nm(cube) == [460]
    slider.slider.setValue(3)
    assert shown_nm(cube) == [665] and "665.0 nm, band 7" in slider.label.text()
    stretch = cube.renderer().contrastEnhancement()
    assert 0.12 < stretch.minimumValue() < 0.16 and 0.26 < stretch.maximumValue() < 0.29
    assert cube.styleManager().currentStyle() == "One band"
    slider.close()


def test_the_slider_goes_with_its_layer(registered, cube):
    slider = BandSlider(cube)
    slider.show()
    closed = []
    slider.finished.connect(closed.append)
    QgsProject.instance().removeMapLayer(cube.id())
    assert closed


def test_upsample_opens_its_dialog(registered, window, opened):
    registered.menu.upsample.trigger()
    assert opened == ["scdm:upsample", "shown"]
