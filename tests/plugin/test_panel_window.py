"""The panel's window: layers side by side, means, the list, zoom, values, keys."""

import numpy as np
import pytest
from matplotlib.backend_bases import KeyEvent, MouseEvent
from matplotlib.figure import Figure
from qgis.core import QgsPointXY, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QLineEdit

from scdm_qgis.gui.chart import Chart, spread_limits, value_text
from scdm_qgis.gui.panel import Words
from scdm_qgis.gui.spectra import Origin, Spectrum

NM = (450.0, 550.0, 900.0)
CENTRE = QgsPointXY(500005, 4099995)  # column 2, row 2 of a raster of 2 m pixels


@pytest.fixture
def panel(open_panel, write_cube):
    """The panel over two cubes: column + 10 row + 100 band, and half of it at other bands."""
    rows, cols = np.mgrid[0:6, 0:9]
    cube = np.stack([100 * b + 10 * rows + cols for b in (1, 2, 3)]).astype(np.float32)
    cube[:, 1, 1] = np.nan
    other = write_cube("after.tif", cube / 2, (500, 600, 700))
    return open_panel([write_cube("before.tif", cube, NM), other])


def compare(panel, name):
    """Check ``name`` in the menu of further layers."""
    panel.layers.fill_menu()
    (action,) = [one for one in panel.layers.menu.actions() if one.text() == name]
    action.setChecked(True)


def test_several_layers_are_read_at_one_pixel_and_share_a_ring(panel):
    compare(panel, "after")
    panel.add_point(CENTRE)
    before, after = panel.profile.points
    assert before.name == "Point 1 (before)" and after.name == "Point 1 (after)"
    assert before.values == pytest.approx([122, 222, 322])
    assert after.values == pytest.approx([61, 111, 161])
    assert before.colour == after.colour and len(panel._markers.places()) == 1
    styles = {line.get_linestyle() for line in panel._canvas.figure.axes[0].get_lines()}
    assert len(styles) == 2
    QgsProject.instance().removeMapLayer(after.origin.layer_id)
    assert [one.name for one in panel.profile.points] == ["Point 1 (before)"]
    assert len(panel._markers.places()) == 1
    panel.add_point(CENTRE)  # the layer that is gone is no longer read
    assert panel.profile.points[-1].name == "Point 2"


def test_the_layer_in_the_box_is_not_offered_to_compare(panel):
    panel.layers.fill_menu()
    assert [one.text() for one in panel.layers.menu.actions()] == ["after"]


def test_it_follows_the_active_layer(panel, window, rgb_path):
    after = QgsProject.instance().mapLayersByName("after")[0]
    window.layerTreeView().setCurrentLayer(after)
    assert panel.layers.box.currentLayer() is after
    field = QgsRasterLayer(str(rgb_path), "field")
    QgsProject.instance().addMapLayer(field)
    window.layerTreeView().setCurrentLayer(field)  # without wavelengths: it stays
    assert panel.layers.box.currentLayer() is after


@pytest.mark.parametrize("side, column, row, cells", [(3, 2, 2, 8), (5, 2, 2, 24), (3, 0, 0, 3)])
def test_a_mean_counts_valid_pixels_inside(panel, side, column, row, cells):
    panel.side_box.setCurrentIndex(panel.side_box.findData(side))
    panel.add_point(QgsPointXY(500001 + 2 * column, 4099999 - 2 * row))
    reach = side // 2
    inside = [
        100 + 10 * r + c
        for r in range(max(row - reach, 0), row + reach + 1)
        for c in range(max(column - reach, 0), column + reach + 1)
        if (r, c) != (1, 1)
    ]
    assert len(inside) == cells
    (point,) = panel.profile.points
    assert point.values[0] == pytest.approx(np.mean(inside)) and point.origin.side == side


def test_the_list_renames_and_removes(panel):
    for column in (2, 3):
        panel.add_point(QgsPointXY(500001 + 2 * column, 4099995))
    assert [panel.list.item(i).text() for i in range(panel.list.count())] == ["Point 1", "Point 2"]
    panel.list.item(0).setText("roof")
    assert panel._canvas.figure.axes[0].get_lines()[0].get_label() == "roof"
    panel.list.item(1).setText(" ")
    assert panel.list.item(1).text() == "Point 2"
    panel.list.item(1).setSelected(True)
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    assert [one.name for one in panel.profile.points] == ["roof"]
    assert len(panel._markers.places()) == 1 and panel.list.count() == 1


def test_a_name_is_edited_in_the_list_by_keys(panel):
    panel.add_point(CENTRE)
    panel.list.editItem(panel.list.item(0))
    (editor,) = panel.list.findChildren(QLineEdit)
    editor.setText("")
    QTest.keyClicks(editor, "palm")  # P and M are keys of the panel
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QGuiApplication.processEvents()
    assert panel.profile.points[0].name == "palm"


def test_references_are_drawn_within_the_estimates_range(panel, tmp_path):
    (tmp_path / "refs.csv").write_text("nm,grass\n400,0.05\n800,0.2\n2500,0.5\n")
    panel.add_library(tmp_path / "refs.csv")
    panel.add_point(CENTRE)
    grass = panel._canvas.figure.axes[0].get_lines()[-1].get_xdata()
    assert (np.nanmin(grass), np.nanmax(grass)) == (450, 900)


def mouse(panel, kind, nm, value, **facts):
    """An event of the mouse at a place of the chart."""
    x, y = panel._canvas.figure.axes[0].transData.transform((nm, value))
    event = MouseEvent(kind, panel._canvas, x, y, **facts)
    panel._canvas.callbacks.process(kind, event)


def key(panel, name):
    """A key that is pressed on the chart."""
    event = KeyEvent("key_press_event", panel._canvas, name)
    panel._canvas.callbacks.process("key_press_event", event)


@pytest.fixture
def axes(panel):
    """The chart's axes with two spectra in it, drawn."""
    panel.add_point(CENTRE)
    panel.add_point(QgsPointXY(500001, 4099991))
    panel._canvas.draw()
    return panel._canvas.figure.axes[0]


def test_the_value_under_the_pointer_is_told(panel, axes):
    mouse(panel, "motion_notify_event", 560, 225)
    assert panel._value.text() == "Point 1: 550 nm, 222.0000"
    mouse(panel, "motion_notify_event", 560, 245)
    assert panel._value.text().startswith("Point 2: 550 nm")
    panel.redraw()
    assert panel._value.text() == ""


def test_a_told_value_has_its_spread():
    one = Spectrum("x", "", np.array([450.0]), np.array([0.123]), np.array([0.01]))
    assert value_text(one, 0) == "x: 450 nm, 0.1230 ± 0.0100"


def test_the_spread_is_not_drawn_below_no_reflectance():
    values, spread = np.array([-0.01, 0.03, 0.2]), np.array([0.02, 0.15, 0.05])
    low, high = spread_limits(values, spread)
    np.testing.assert_allclose(low, [-0.01, 0, 0.15])
    np.testing.assert_allclose(high, [0.01, 0.18, 0.25])


def test_numbers_of_lines_that_end_alike_stand_side_by_side():
    chart = Chart(Figure(), "black", "white")
    values = (0.10, 0.30, 0.106, 0.112, 0.305)  # the fourth meets the third alone
    points = [
        Spectrum("", "red", np.array([400.0, 900.0]), np.array([0.0, end]), None, origin)
        for end, origin in zip(values, (Origin(n, (0, 0), "", "") for n in range(1, 6)))
    ]
    chart.draw(points, [], Words("nm", "", ""))
    places = {text.get_text(): text.xyann[0] for text in chart.axes.texts}
    assert places["1"] == places["2"] == places["4"] < places["3"] == places["5"]


def test_the_wheel_zooms_about_the_pointer_and_a_double_click_shows_all(panel, axes):
    whole = axes.get_xlim()
    mouse(panel, "scroll_event", 550, 200, button="up", step=1)
    low, high = axes.get_xlim()
    assert high - low == pytest.approx(0.8 * (whole[1] - whole[0]))
    assert (550 - low) / (high - low) == pytest.approx((550 - whole[0]) / (whole[1] - whole[0]))
    panel.add_point(QgsPointXY(500003, 4099991))
    assert axes.get_xlim() == pytest.approx((low, high))  # what is looked at stays in view
    mouse(panel, "button_press_event", 550, 200, button=1, dblclick=True)
    assert axes.get_xlim() == pytest.approx(whole)


def test_dragging_moves_the_view(panel, axes):
    low, high = axes.get_xlim()
    mouse(panel, "button_press_event", 600, 200, button=1)
    mouse(panel, "motion_notify_event", 650, 200)
    mouse(panel, "button_release_event", 600, 200, button=1)
    assert axes.get_xlim() == pytest.approx((low - 50, high - 50))


def test_keys_zoom_move_and_reset(panel, axes):
    low, high = axes.get_xlim()
    width = high - low
    key(panel, "right")
    assert axes.get_xlim() == pytest.approx((low + 0.1 * width, high + 0.1 * width))
    key(panel, "+")
    assert np.diff(axes.get_xlim())[0] == pytest.approx(0.8 * width)
    key(panel, "0")
    assert axes.get_xlim() == pytest.approx((low, high))


def test_a_pixel_is_picked_without_a_mouse(panel, window):
    window.mapCanvas().resize(450, 300)
    window.mapCanvas().setExtent(QgsRectangle(500001, 4099991, 500009, 4099999))
    keys = {one.shortcut().toString(): one for one in panel.widget().actions()}
    keys["M"].trigger()
    assert panel.profile.points[0].values == pytest.approx([122, 222, 322])
    keys["P"].trigger()
    assert panel.pick_button.isChecked()


def test_long_names_leave_the_chart_its_width(panel, tmp_path):
    (tmp_path / "refs.csv").write_text(f"nm,{'x' * 90},{'y' * 90}\n400,0.05,0.1\n900,0.2,0.3\n")
    panel._canvas.resize(380, 300)
    widths = []
    for prepare in (
        lambda: panel.add_point(CENTRE),
        lambda: panel.add_library(tmp_path / "refs.csv"),
    ):
        prepare()
        panel._canvas.draw()
        widths.append(panel._canvas.figure.axes[0].get_position().width)
    assert min(widths) > 0.6


def test_saving_says_what_came_of_it(panel, tmp_path):
    folder = tmp_path / "saved"
    folder.mkdir()
    panel.save(folder / "s.csv")
    assert "there are no spectra" in panel._status.text() and not list(folder.iterdir())
    panel.add_point(CENTRE)
    for suffix in (".csv", ".sli", ".gpkg", ".png"):
        panel.save(folder / f"s{suffix}")
        assert panel._status.text() == f"Saved {folder / 's'}{suffix}"
    found = {path.suffix for path in folder.iterdir()}
    assert found == {".csv", ".sli", ".hdr", ".gpkg", ".png"}
    panel.save(folder / "none" / "s.sli")
    assert "Not saved" in panel._status.text()
