"""The spectral profile panel: pixels under clicks, spread, references, CSV, picture."""

import io
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtGui import QColor, QGuiApplication, QPalette
from qgis.PyQt.QtTest import QTest

from scdm_qgis.gui.chart import plain
from scdm_qgis.gui.choose_spectra import SpectraDialog
from scdm_qgis.gui.spectra import Spectrum, as_csv

NM = (450.0, 550.0, 900.0)
CENTRE = QgsPointXY(500005, 4099995)  # column 2, row 2 of a raster of 2 m pixels


def tag(path, **tags):
    """Write a run's tags and the band scale into a raster."""
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.SetMetadata({f"SCDM_{name}": text for name, text in tags.items()})
    for i in range(dataset.RasterCount):
        dataset.GetRasterBand(i + 1).SetScale(1e-4)
        dataset.GetRasterBand(i + 1).SetNoDataValue(65535)


@pytest.fixture
def pair(write_cube):
    """An estimate and its spread: pixel (row, column) of band b holds 1000 b + 10 row + column."""
    rows, cols = np.mgrid[0:6, 0:9]
    cube = np.stack([1000 * b + 10 * rows + cols for b in (1, 2, 3)]).astype(np.uint16)
    cube[:, 0, 0] = 65535
    paths = write_cube("cube.tif", cube, NM), write_cube("spread.tif", cube // 10, NM)
    run = {"MODEL_SHA256": "ab", "SEED": "3", "SAMPLES": "4"}
    tag(paths[0], CONTENT="mean of the samples", **run)
    tag(paths[1], CONTENT="spread of the estimate", **run)
    return paths


@pytest.fixture
def panel(open_panel, pair):
    """The panel over both layers, the map in their reference system."""
    return open_panel(pair)


def drawn(panel):
    """The lines of the chart by name."""
    axes = panel._canvas.figure.axes[0]
    return {line.get_label(): line for line in axes.get_lines()}


def test_nothing_is_built_before_it_is_opened(registered):
    assert registered.panel is None


def test_a_click_shows_the_pixels_spectrum_and_spread(panel):
    panel.add_point(CENTRE)
    (point,) = panel.profile.points
    assert point.wavelength_nm == pytest.approx(NM)
    assert point.values == pytest.approx([0.1022, 0.2022, 0.3022])
    assert point.spread == pytest.approx([0.0102, 0.0202, 0.0302])
    line = drawn(panel)["Point 1"]
    assert np.nanmax(line.get_ydata()) == pytest.approx(0.3022)
    assert len(panel._canvas.figure.axes[0].collections) == 1
    assert "spread" in panel._canvas.figure.axes[0].get_ylabel()


def test_bands_that_the_file_calls_bad_are_holes(open_panel, pair):
    dataset = gdal.Open(str(pair[0]), gdal.GA_Update)
    dataset.SetMetadataItem("bbl", "{1, 0, 1}", "ENVI")
    del dataset
    panel = open_panel(pair)
    panel.add_point(CENTRE)
    values = panel.profile.points[0].values
    assert values == pytest.approx([0.1022, np.nan, 0.3022], nan_ok=True)


@pytest.fixture
def shown_map(panel, window):
    """The map's canvas on the (offscreen) screen, the whole raster in it."""
    canvas = window.mapCanvas()
    canvas.resize(450, 300)
    canvas.show()
    canvas.setExtent(panel.layers.box.currentLayer().extent())
    QGuiApplication.processEvents()
    yield canvas
    canvas.hide()


def click(canvas, column, row):
    """A click of the left button in the middle of a pixel of the raster."""
    middle = QgsPointXY(500000 + 2 * column + 1, 4100000 - 2 * row - 1)
    place = canvas.getCoordinateTransform().transform(middle)
    button, modifier = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(
        canvas.viewport(), button, modifier, QPoint(round(place.x()), round(place.y()))
    )


def test_clicks_on_the_map_pick_pixels(panel, shown_map):
    click(shown_map, 5, 3)
    assert panel.profile.points == []  # the tool is not in hand yet
    panel.pick_button.click()
    click(shown_map, 5, 3)
    click(shown_map, 0, 5)
    assert [point.values[0] for point in panel.profile.points] == pytest.approx([0.1035, 0.105])
    assert len(panel._markers.places()) == 2 and list(drawn(panel)) == ["Point 1", "Point 2"]
    panel.pick_button.click()
    click(shown_map, 1, 1)
    assert len(panel.profile.points) == 2


def test_a_map_in_another_reference_system(panel, window):
    window.mapCanvas().setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    panel.add_point(QgsPointXY(-80.99994377, 37.04617740))  # CENTRE, by GDAL
    assert panel.profile.points[0].values == pytest.approx([0.1022, 0.2022, 0.3022])


@pytest.mark.parametrize("x, y", [(499990, 4099995), (500001, 4099999.5)])
def test_outside_and_nodata_are_told(panel, x, y):
    panel.add_point(QgsPointXY(x, y))
    assert panel.profile.points == []
    assert "No value there" in panel._status.text()


def test_several_points_have_their_colours_and_clear_takes_them(panel):
    for column in range(3):
        panel.add_point(QgsPointXY(500003 + 2 * column, 4099995))
    colours = [line.get_color() for line in drawn(panel).values()]
    assert len(set(colours)) == 3
    assert len(panel._markers.places()) == 3
    panel.clear()
    assert drawn(panel) == {} and panel._markers.places() == []


def test_a_library_is_drawn_beside(panel, tmp_path):
    path = tmp_path / "refs.csv"
    path.write_text("nm,grass,soil\n400,0.05,0.1\n900,0.5,0.3\n")
    panel.add_point(CENTRE)
    panel.add_library(path)
    assert list(drawn(panel)) == ["Point 1", "grass", "soil"]
    panel.add_library(tmp_path / "none.csv")
    assert "cannot be read as spectra" in panel._status.text()


@pytest.fixture
def large_library(tmp_path):
    """A table of 20 spectra in percent."""
    path = tmp_path / "many.csv"
    names = ",".join(f"s{i}" for i in range(20))
    path.write_text(f"nm,{names}\n400{',10' * 20}\n900{',50' * 20}\n")
    return path


def test_of_a_large_library_the_first_or_the_chosen_are_drawn(panel, large_library):
    panel.add_library(large_library)
    text = "12 of 20 spectra of many.csv are shown. (read as percent)"
    assert len(drawn(panel)) == 12 and panel._status.text() == text
    panel.clear_library()
    panel.add_library(large_library, lambda names: [names.index("s3"), names.index("s19")])
    assert list(drawn(panel)) == ["s3", "s19"]


def test_the_list_of_a_large_library_gives_what_is_picked(qgis_app):
    dialog = SpectraDialog(None, ["a", "b", "c"])
    for place in (2, 0):
        dialog.list.item(place).setSelected(True)
    assert dialog.picked() == [0, 2]


def test_clear_leaves_the_reference_spectra(panel, tmp_path):
    path = tmp_path / "refs.csv"
    path.write_text("nm,grass\n400,0.05\n900,0.5\n")
    panel.add_library(path)
    panel.add_point(CENTRE)
    panel.clear()
    assert list(drawn(panel)) == ["grass"]
    panel.clear_library()
    assert drawn(panel) == {}


def test_rings_stay_at_their_place_when_the_maps_reference_system_changes(panel, window):
    panel.add_point(CENTRE)
    window.mapCanvas().setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    (place,) = panel._markers.places()
    assert (place.x(), place.y()) == pytest.approx((-80.99994377, 37.04617740), abs=1e-7)


def test_rings_and_spectra_go_with_their_layer(panel, pair):
    panel.add_point(CENTRE)
    panel.layers.box.setLayer(QgsProject.instance().mapLayersByName("spread")[0])
    panel.add_point(CENTRE)
    QgsProject.instance().removeMapLayer(QgsProject.instance().mapLayersByName("cube")[0])
    assert list(drawn(panel)) == ["Point 2 (spread)"]
    assert len(panel._markers.places()) == 1


def test_a_spread_is_not_drawn_as_reflectance(panel):
    panel.layers.box.setLayer(QgsProject.instance().mapLayersByName("spread")[0])
    assert "not reflectance" in panel._status.text()
    panel.add_point(CENTRE)
    assert panel._canvas.figure.axes[0].get_ylabel() == "Spread of reflectance"
    panel.layers.box.setLayer(QgsProject.instance().mapLayersByName("cube")[0])
    panel.add_point(CENTRE)
    assert panel._canvas.figure.axes[0].get_ylabel() == "Reflectance, spread"


def test_when_the_colours_come_again_dashes_and_numbers_tell_the_points_apart(panel):
    for column in range(8):
        panel.add_point(QgsPointXY(500001 + 2 * column, 4099993))
    first, eighth = (drawn(panel)[f"Point {number}"] for number in (1, 8))
    assert first.get_color() == eighth.get_color()
    assert first.get_linestyle() != eighth.get_linestyle()
    numbers = [text.get_text() for text in panel._canvas.figure.axes[0].texts]
    assert numbers == [str(number) for number in range(1, 9)]


def test_a_change_of_theme_reaches_the_chart(panel):
    before = panel._canvas.figure.get_facecolor()
    palette = panel.palette()
    palette.setColor(QPalette.ColorRole.Base, QColor("#202020"))
    palette.setColor(QPalette.ColorRole.Text, QColor("#f0f0f0"))
    panel.setPalette(palette)
    QGuiApplication.processEvents()
    assert panel._canvas.figure.get_facecolor() != before
    assert panel._canvas.figure.get_facecolor()[:3] == pytest.approx([32 / 255] * 3)


def test_copy_and_picture(panel, tmp_path):
    panel.add_point(CENTRE)
    panel.copy_csv()
    rows = QGuiApplication.clipboard().text().splitlines()
    assert rows[0] == "wavelength_nm,Point 1 (500005 4099995),Point 1 spread"
    assert rows[1] == "450,0.1022,0.0102"
    panel.save(str(tmp_path / "chart.png"))
    assert (tmp_path / "chart.png").read_bytes()[:4] == b"\x89PNG"
    panel.save(str(tmp_path / "none" / "chart.png"))
    assert "Not saved" in panel._status.text()


def test_only_rasters_with_wavelengths_are_offered(panel, rgb_path):
    QgsProject.instance().addMapLayer(QgsRasterLayer(str(rgb_path), "field"))
    box = panel.layers.box
    assert {box.layer(i).name() for i in range(box.count())} == {"cube", "spread"}


def test_a_layer_that_goes_takes_its_reader_along(panel):
    QgsProject.instance().removeAllMapLayers()
    panel.add_point(CENTRE)
    assert panel.profile.points == []
    assert "No raster layer" in panel._status.text()


def test_the_spread_of_another_run_is_not_taken(panel, pair):
    tag(pair[1], CONTENT="spread of the estimate", SEED="4", MODEL_SHA256="ab")
    panel.layers.refresh()
    panel.add_point(CENTRE)
    assert panel.profile.points[0].spread is None


@pytest.mark.parametrize(
    "name", ["INPUT_FINGERPRINT", "RADIOMETRY_GAIN", "RADIOMETRY_CURVE", "COLOUR_CORRECTION"]
)
def test_the_spread_of_another_picture_on_the_same_grid_is_not_taken(panel, pair, name):
    run = {"MODEL_SHA256": "ab", "SEED": "3", "SAMPLES": "4", name: "1"}
    tag(pair[0], CONTENT="mean of the samples", **run)
    tag(pair[1], CONTENT="spread of the estimate", **{**run, name: "2"})
    panel.layers.refresh()
    panel.add_point(CENTRE)
    assert panel.profile.points[0].spread is None


def test_a_sample_has_no_spread(panel, pair):
    run = {"MODEL_SHA256": "ab", "SEED": "3", "SAMPLES": "4"}
    tag(pair[0], CONTENT="sample 2 of 4", SAMPLE="2", **run)
    panel.layers.refresh()
    panel.add_point(CENTRE)
    assert panel.profile.points[0].spread is None


def test_a_closed_panel_leaves_the_map_alone(panel, registered, window):
    panel.pick_button.setChecked(True)
    assert window.mapCanvas().mapTool() is panel._tool
    panel.add_point(CENTRE)
    registered.show_panel(False)
    assert window.mapCanvas().mapTool() is not panel._tool
    assert panel._markers.visible() == [False]


def test_without_matplotlib_it_says_so(registered, window, monkeypatch):
    told = []
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for name in [name for name in sys.modules if name.startswith("scdm_qgis.gui.")]:
        monkeypatch.delitem(sys.modules, name)
    bar = type("Bar", (), {"pushWarning": lambda self, title, text: told.append(text)})()
    monkeypatch.setattr(window, "messageBar", lambda: bar, raising=False)
    registered.show_panel(True)
    assert registered.panel is None
    assert "needs matplotlib" in told[0]


def test_csv_of_spectra_with_other_wavelengths():
    first = Spectrum("a", "", np.array([400.0, 500.0]), np.array([0.1, np.nan]))
    second = Spectrum("b", "", np.array([450.0]), np.array([0.25]), np.array([0.5]))
    assert as_csv([first, second]).splitlines() == [
        "wavelength_nm,a,b,b spread",
        "400,0.1,,",
        "450,,0.25,0.5",
        "500,,,",
    ]


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@x", "\tx"])
def test_a_name_is_no_formula_of_a_spreadsheet(name):
    table = as_csv([Spectrum(name, "", np.array([400.0]), np.array([0.1]))])
    assert f"'{name}" in table.splitlines()[0]


@pytest.mark.parametrize("name", [r"$\frac{$", "$x$", "_hidden", "100 $"])
def test_a_name_is_no_formula_of_the_chart(name):
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], label=plain(name))
    shown = axes.legend().get_texts()[0].get_text()
    figure.savefig(io.BytesIO(), format="svg")  # draws, which a broken formula stops
    assert shown.replace("\\$", "$").strip() == name
