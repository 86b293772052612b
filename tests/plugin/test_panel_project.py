"""The panel's spectra are saved with the project and come back with it."""

import numpy as np
import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsProject, QgsRasterLayer
from qgis.PyQt.QtGui import QGuiApplication

from scdm_qgis.gui.project_entry import KEY, SCOPE

NM = (450.0, 550.0, 900.0)
PLACES = (QgsPointXY(500005, 4099995), QgsPointXY(500009, 4099991))


@pytest.fixture
def layer(registered, window, write_cube):
    """A cube of 6 x 9 pixels of 2 m in a new project and on the map."""
    QgsProject.instance().clear()
    rows, cols = np.mgrid[0:6, 0:9]
    cube = np.stack([0.1 * b + 0.001 * (10 * rows + cols) for b in (1, 2, 3)]).astype(np.float32)
    cube[1, 2, 2] = np.nan
    layer = QgsRasterLayer(str(write_cube("cube.tif", cube, NM)), "cube")
    QgsProject.instance().addMapLayer(layer)
    window.mapCanvas().setDestinationCrs(layer.crs())
    window.setActiveLayer(layer)
    return layer


@pytest.fixture
def panel(registered, layer):
    registered.show_panel(True)
    yield registered.panel
    registered.show_panel(False)


@pytest.fixture
def reopen(tmp_path, window):
    """A function: the project is saved, closed and opened again."""

    def run():
        project = QgsProject.instance()
        assert project.write(str(tmp_path / "p.qgz"))
        project.clear()
        assert project.read(str(tmp_path / "p.qgz"))
        QGuiApplication.processEvents()

    return run


def shown(panel):
    """What is in the panel: names and values, by line."""
    return {one.name: np.array(one.values) for one in panel.profile.spectra}


def test_points_come_back_with_names_numbers_and_rings(panel, reopen, tmp_path):
    for place in PLACES:
        panel.add_point(place)
    panel._rename(1, "meadow")
    (tmp_path / "lib.csv").write_text("nm,sand\n400,0.2\n1000,0.4\n")
    panel.add_library(tmp_path / "lib.csv")
    before, rings = shown(panel), panel._markers.places()
    reopen()
    after = shown(panel)
    assert list(after) == ["Point 1", "meadow", "sand"]
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, rtol=1e-6)
    assert [(ring.x(), ring.y()) for ring in panel._markers.places()] == [
        (ring.x(), ring.y()) for ring in rings
    ]
    assert all(panel._markers.visible())
    panel.add_point(PLACES[0])
    assert "Point 3" in shown(panel)


def test_a_panel_that_is_opened_later_shows_them_too(registered, panel, reopen):
    panel.add_point(PLACES[1])
    QgsProject.instance().write()
    registered.show_panel(False)
    reopen()
    assert panel._markers.visible() == [False]
    registered.show_panel(True)
    assert list(shown(panel)) == ["Point 1"] and panel._markers.visible() == [True]


def test_rings_stay_where_they_were_in_another_reference_system(panel, reopen, window):
    panel.add_point(PLACES[0])
    window.mapCanvas().setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    reopen()
    (ring,) = panel._markers.places()
    assert ring.x() == pytest.approx(-80.99994377, abs=1e-7)
    assert ring.y() == pytest.approx(37.04617740, abs=1e-7)


def test_points_of_a_layer_that_the_project_lacks_do_not(panel, layer, reopen):
    panel.add_point(PLACES[0])
    text = QgsProject.instance().readEntry(SCOPE, KEY)[0]
    QgsProject.instance().removeMapLayer(layer.id())
    assert shown(panel) == {} and QgsProject.instance().readEntry(SCOPE, KEY)[0] == ""
    QgsProject.instance().writeEntry(SCOPE, KEY, text)
    reopen()
    assert shown(panel) == {} and panel._markers.places() == []


def test_a_new_project_begins_with_none(panel, tmp_path):
    panel.add_point(PLACES[0])
    (tmp_path / "lib.csv").write_text("nm,sand\n400,0.2\n1000,0.4\n")
    panel.add_library(tmp_path / "lib.csv")
    QgsProject.instance().clear()
    assert shown(panel) == {} and panel._markers.places() == []
    assert panel.profile.next_number == 1 and not QgsProject.instance().isDirty()


def test_a_look_changes_nothing_of_a_project(panel):
    QgsProject.instance().setDirty(False)
    panel.redraw()
    assert not QgsProject.instance().isDirty()
    panel.add_point(PLACES[0])
    assert QgsProject.instance().isDirty()


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"points": [3]}', '{"points": [{"name": "a"}]}', '{"taken": "x"}', "7"]
)
def test_what_cannot_be_read_is_left_out(panel, reopen, text):
    QgsProject.instance().writeEntry(SCOPE, KEY, text)
    reopen()
    assert shown(panel) == {}
