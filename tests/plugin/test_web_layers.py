"""Web layers through scdm:upsample: a server of this machine draws a map whose pixels are known."""

import http.server
import re
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingUtils,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QCoreApplication

from scdm_qgis.layers.web_layer import part_of, temporary_geotiff

HALF = 20037508.342789244  # of the world in EPSG:3857
ZOOM = 17
PIXEL = 2 * HALF / 2**ZOOM / 256
# The map's pixels from the upper left corner of the world, and the part that tests take.
ROW0, COL0, ROWS, COLS = 256 * 40000 + 100, 256 * 70000 + 60, 300, 560
TILES_STRETCHED = 34400  # the QGIS from which on tiles are drawn a pixel larger
REACH = 8  # pixels to which the small model sees at most
GAP = (COL0 // 256 + 1, ROW0 // 256)  # a tile that the server lacks


def drawn(row0, col0, rows, cols):
    """The map's own pixels (3, rows, cols) from a row and a column of the world."""
    row, col = np.mgrid[row0 : row0 + rows, col0 : col0 + cols]
    channels = (row * 7 + col * 3) % 200, (row * 5 + col * 11) % 220, (row + col * 13) % 180
    return np.stack([20 + one for one in channels]).astype(np.uint8)


def png(values, tmp_path, name):
    """The bytes of a PNG."""
    plain = gdal.GetDriverByName("MEM").Create("", values.shape[2], values.shape[1], 3)
    plain.WriteArray(values)
    path = tmp_path / f"{name}.png"
    gdal.GetDriverByName("PNG").CreateCopy(str(path), plain)
    return path.read_bytes()


@pytest.fixture
def service(tmp_path, wms_capabilities):
    """An XYZ and WMS service; ``asked`` lists the paths that it heard."""
    asked = []

    class Service(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            kind, content = self.answer()
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content)

        def answer(self):
            name = str(threading.get_ident())
            tile = re.fullmatch(rf"/{ZOOM}/(\d+)/(\d+)\.png", self.path)
            if tile:
                x, y = map(int, tile.groups())
                content = (
                    b"" if (x, y) == GAP else png(drawn(y * 256, x * 256, 256, 256), tmp_path, name)
                )
                return "image/png", content
            words = {
                key.upper(): one[0] for key, one in parse_qs(urlsplit(self.path).query).items()
            }
            if words.get("REQUEST") != "GetMap":
                return "text/xml", wms_capabilities
            left, _, _, top = map(float, words["BBOX"].split(","))
            place = round((HALF - top) / PIXEL), round((left + HALF) / PIXEL)
            size = int(words["HEIGHT"]), int(words["WIDTH"])
            return "image/png", png(drawn(*place, *size), tmp_path, name)

        def log_message(self, *_):
            """Silence."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service) as httpd:
        httpd.asked = asked
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield httpd
        httpd.shutdown()


@pytest.fixture
def layer(service):
    """A function: tiles (XYZ) or service (WMS) -> its layer in the project."""

    def make(kind):
        address = f"http://127.0.0.1:{service.server_port}/"
        tiles = f"type=xyz&url={address}%7Bz%7D/%7Bx%7D/%7By%7D.png&zmin=0&zmax={ZOOM}"
        maps = "contextualWMSLegend=0&crs=EPSG:3857&format=image/png&layers=ortho&styles&url="
        made = QgsRasterLayer(
            {"tiles": tiles, "service": maps + address}[kind], "ortho: a/b", "wms"
        )
        assert made.isValid(), made.error().message()
        # Not in the legend: the canvas would draw it, and ask the service for tiles of its own.
        QgsProject.instance().addMapLayer(made, False)
        return made

    yield make
    QgsProject.instance().removeAllMapLayers()


def part():
    """The part's extent as Processing takes it."""
    left, top = COL0 * PIXEL - HALF, HALF - ROW0 * PIXEL
    sides = left, left + COLS * PIXEL, top - ROWS * PIXEL, top
    return ",".join(map(repr, sides)) + " [EPSG:3857]"


@pytest.fixture
def upsample(registered, log, tiny_package, tmp_path, monkeypatch):
    """A function: (layer or path, **parameters) -> the opened output."""
    import processing

    monkeypatch.setenv("SCDM_PYTHON", sys.executable)

    def run(layer, **parameters):
        words = {"INPUT": layer, "OUTPUT": str(tmp_path / "out.tif"), "MODEL": str(tiny_package)}
        processing.run("scdm:upsample", {**words, **parameters}, feedback=log)
        return gdal.Open(str(tmp_path / "out.tif"))

    return run


def expected_of(upsample, write_raster):
    """The estimate of the same pixels out of a file."""
    place = (COL0 * PIXEL - HALF, PIXEL, 0, HALF - ROW0 * PIXEL, 0, -PIXEL)
    path = write_raster("same.tif", drawn(ROW0, COL0, ROWS, COLS), 3857, place)
    return upsample(str(path)).ReadAsArray()


def test_a_map_service_gives_what_the_same_file_gives(upsample, layer, write_raster):
    expected = expected_of(upsample, write_raster)
    made = upsample(layer("service"), EXTENT=part(), RESOLUTION=PIXEL)
    np.testing.assert_array_equal(made.ReadAsArray(), expected)
    assert made.GetSpatialRef().GetAuthorityCode(None) == "3857"
    place = made.GetGeoTransform()
    assert place[1] == -place[5] == pytest.approx(PIXEL)
    assert place[0] == pytest.approx(COL0 * PIXEL - HALF)
    assert place[3] == pytest.approx(HALF - ROW0 * PIXEL)


def test_tiles_that_do_not_come_are_nodata_and_are_told(upsample, layer, write_raster, log):
    """The other pixels are those of the file, but for where the gap is near enough to be seen.

    QGIS 3.44.15 draws each tile a pixel larger: its edge lies in the gap, and pixels lie up to
    one pixel from their place.
    """
    expected = expected_of(upsample, write_raster)
    made = upsample(layer("tiles"), EXTENT=part(), RESOLUTION=PIXEL).ReadAsArray()
    row, col = np.mgrid[ROW0 : ROW0 + ROWS, COL0 : COL0 + COLS]
    gap = (col // 256 == GAP[0]) & (row // 256 == GAP[1])
    rows, cols = np.nonzero(gap)
    near = np.zeros_like(gap)
    near[: rows.max() + REACH, cols.min() - REACH : cols.max() + REACH] = True
    empty = (made == 65535).all(0)
    assert empty[: rows.max(), cols.min() + 1 : cols.max()].all() and not empty[~gap].any()
    assert not near.all()
    if Qgis.QGIS_VERSION_INT < TILES_STRETCHED:
        np.testing.assert_array_equal(made[:, ~near], expected[:, ~near])
    (told,) = [text for text in log.warnings if "did not come" in text]
    assert told.startswith(f"{100 * empty.mean():.1f} % of 'ortho: a/b'")


def test_a_layer_of_which_nothing_comes_is_an_error(upsample, layer, service, tmp_path, log):
    tiles = layer("tiles")
    left, top = (GAP[0] * 256 + 9) * PIXEL - HALF, HALF - (GAP[1] * 256 + 9) * PIXEL
    inside = f"{left},{left + 90 * PIXEL},{top - 90 * PIXEL},{top} [EPSG:3857]"
    with pytest.raises(QgsProcessingException, match="Nothing came from 'ortho: a/b'"):
        upsample(tiles, EXTENT=inside, RESOLUTION=PIXEL)
    assert not (tmp_path / "out.tif").exists()


def test_nothing_is_asked_of_the_service_before_the_run(upsample, layer, service, log):
    tiles = layer("tiles")
    with pytest.raises(QgsProcessingException):
        upsample(tiles)
    with pytest.raises(QgsProcessingException):
        upsample(tiles, EXTENT=part(), RESOLUTION=PIXEL / 1e5)
    assert service.asked == []
    assert any("are more than may be asked of a web layer" in text for text in log.errors)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({}, "choose in Extent which part of it is taken"),
        ({"EXTENT": "0,1,0,1", "RESOLUTION": 1, "BAND_RED": 1}, "leave the bands empty"),
    ],
)
def test_what_a_web_layer_needs_is_told(upsample, layer, log, words, told):
    with pytest.raises(QgsProcessingException):
        upsample(layer("tiles"), **words)
    assert any(told in text for text in log.errors)


def test_a_file_has_no_resolution_to_choose(upsample, rgb_path, log):
    with pytest.raises(QgsProcessingException):
        upsample(str(rgb_path), RESOLUTION=1)
    assert any("Resolution is for web layers" in text for text in log.errors)


def test_the_temporary_file_goes(upsample, layer, tmp_path):
    upsample(layer("service"), EXTENT=part(), RESOLUTION=PIXEL)
    assert not list(Path(QgsProcessingUtils.tempFolder()).rglob("ortho*.tif"))


def test_in_a_thread_of_its_own_as_qgiss_window_runs_it(
    registered, layer, log, tiny_package, tmp_path, monkeypatch
):
    monkeypatch.setenv("SCDM_PYTHON", sys.executable)
    output = tmp_path / "out.tif"
    words = {"INPUT": layer("service"), "EXTENT": part(), "RESOLUTION": PIXEL}
    words.update(OUTPUT=str(output), MODEL=str(tiny_package))
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("scdm:upsample")
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    task = QgsProcessingAlgRunnerTask(algorithm, words, context, log)
    ended = []
    task.executed.connect(lambda successful, _: ended.append(successful))
    QgsApplication.taskManager().addTask(task)
    while not ended:
        QCoreApplication.processEvents()
    assert ended == [True], log.errors
    assert (gdal.Open(str(output)).ReadAsArray() != 65535).all()


def test_the_maps_own_pixels_are_taken_where_none_are_given(
    upsample, layer, registered, log, qgis_iface
):
    canvas, made = qgis_iface.mapCanvas(), layer("service")
    left, top = COL0 * PIXEL - HALF, HALF - ROW0 * PIXEL
    canvas.setDestinationCrs(made.crs())
    canvas.setExtent(QgsRectangle(left, top - 60 * PIXEL, left + 80 * PIXEL, top))
    shown = canvas.mapSettings()
    made = upsample(made, EXTENT=part())
    assert made.GetGeoTransform()[1] == pytest.approx(shown.mapUnitsPerPixel(), rel=1e-6)


def test_the_dialog_reckons_with_the_pixels_that_are_asked_for(registered, layer, service):
    from scdm_qgis.algorithms.upsample_plan import plan_of

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("scdm:upsample")
    words = {"INPUT": layer("tiles"), "EXTENT": part(), "RESOLUTION": PIXEL, "OUTPUT": "o.tif"}
    assert plan_of(algorithm, words, QgsProcessingContext()).pixels == ROWS * COLS
    del words["EXTENT"]
    assert plan_of(algorithm, words, QgsProcessingContext()) is None
    assert service.asked == []


def test_cancelling_ends_the_asking_and_leaves_nothing(registered, layer, service, log):
    extent = QgsRectangle(0, 0, 5000 * PIXEL, 5000 * PIXEL)
    whole = part_of(layer("service"), extent, PIXEL)
    heard = len(service.asked)
    with (
        pytest.raises(QgsProcessingException, match="Cancelled"),
        temporary_geotiff(whole, log, lambda: len(service.asked) > heard),
    ):
        pass
    assert len(service.asked) < heard + 10  # of a hundred blocks
    assert not list(Path(QgsProcessingUtils.tempFolder()).rglob("ortho*.tif"))
