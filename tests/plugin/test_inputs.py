"""Rasters as QGIS users have them, through scdm:upsample with the real worker."""

import http.server
import sys
import threading

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)

ROWS, COLS = 12, 20
ROTATED = (500000.0, 1.6, 1.2, 4100000.0, 1.2, -1.6)
DEGREES = (11.5, 1e-5, 0.0, 48.1, 0.0, -1e-5)


@pytest.fixture(scope="module")
def colours():
    """Eight bits of red, green and blue with a dark and a bright side."""
    across = np.linspace(0.1, 1, COLS)[None, None]
    rng = np.random.default_rng(3)
    return (rng.uniform(90, 230, (3, ROWS, COLS)) * across).astype(np.uint8)


@pytest.fixture
def upsample(registered, log, tiny_package, tmp_path, monkeypatch):
    """A function: (layer's source, **parameters) -> the opened output."""
    import processing

    monkeypatch.setenv("SCDM_PYTHON", sys.executable)

    def run(source, **parameters):
        layer = QgsRasterLayer(str(source), "input")
        assert layer.isValid(), source
        QgsProject.instance().addMapLayer(layer)
        words = {"INPUT": layer, "OUTPUT": str(tmp_path / "out.tif"), "QUALITY": "fast"}
        words.update(MODEL=str(tiny_package), **parameters)
        processing.run("scdm:upsample", words, feedback=log)
        return gdal.Open(str(tmp_path / "out.tif"))

    yield run
    QgsProject.instance().removeAllMapLayers()


def same_grid(output, source):
    """Whether the output lies where the source does."""
    before = gdal.Open(str(source))
    here, there = output.GetSpatialRef(), before.GetSpatialRef()
    same = (here is None) == (there is None) and (here is None or here.IsSame(there))
    size = (output.RasterXSize, output.RasterYSize) == (before.RasterXSize, before.RasterYSize)
    return same and size and output.GetGeoTransform() == before.GetGeoTransform()


def valid(output):
    """The mask (rows, cols) of what has a value in the first band."""
    return output.GetRasterBand(1).GetMaskBand().ReadAsArray() > 0


def test_alpha_becomes_nodata(upsample, write_raster, colours):
    alpha = np.full((1, ROWS, COLS), 255, np.uint8)
    alpha[:, :5, :7] = 0
    kinds = [gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand, gdal.GCI_AlphaBand]
    path = write_raster("rgba.tif", np.concatenate([colours, alpha]), colours=kinds)
    output = upsample(path)
    assert same_grid(output, path)
    assert np.array_equal(valid(output), alpha[0] > 0)


@pytest.mark.parametrize(
    "dtype, factor, how, taken",
    [
        (np.uint8, 1, {}, "match"),
        (np.uint16, 40, {}, "reflectance"),
        (np.float32, 1 / 255, {}, "match"),  # a picture's bytes as fractions
        (np.float32, 1 / 300, {}, "reflectance"),
        (np.uint16, 20, {"scale": 2e-4}, "reflectance"),
    ],
)
def test_stored_types(upsample, write_raster, colours, dtype, factor, how, taken):
    path = write_raster("typed.tif", (colours * float(factor)).astype(dtype), **how)
    output = upsample(path)
    assert same_grid(output, path)
    assert output.GetMetadataItem("SCDM_RADIOMETRY") == taken
    assert valid(output).all()


def test_band_offset_counts(upsample, write_raster, colours):
    """The same reflectance stored with and without an offset gives the same estimate."""
    plain = write_raster("plain.tif", (colours.astype(np.uint16) * 20), scale=2e-4)
    first = upsample(plain, RADIOMETRY="reflectance").ReadAsArray()
    shifted = write_raster("shifted.tif", colours.astype(np.uint16) * 20 + 500, scale=2e-4)
    dataset = gdal.Open(str(shifted), gdal.GA_Update)
    for i in range(3):
        dataset.GetRasterBand(i + 1).SetOffset(-0.1)
    dataset = None
    second = upsample(shifted, RADIOMETRY="reflectance").ReadAsArray()
    assert np.abs(first.astype(int) - second).max() <= 1


def test_paletted_pictures_are_their_colours(upsample, log, write_raster):
    numbers = np.random.default_rng(3).integers(0, 16, (ROWS, COLS)).astype(np.uint8)
    palette = np.random.default_rng(4).integers(20, 230, (16, 3)).astype(np.uint8)
    path = write_raster("paletted.tif", numbers[None])
    table = gdal.ColorTable()
    for number, colour in enumerate(palette):
        table.SetColorEntry(number, tuple(map(int, colour)))
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(1).SetColorTable(table)
    dataset = None
    made = upsample(path).ReadAsArray()
    assert any("palette" in text for text in log.warnings)
    by_hand = write_raster("colours.tif", np.moveaxis(palette[numbers], -1, 0))
    np.testing.assert_array_equal(made, upsample(by_hand).ReadAsArray())


def test_vrt(upsample, write_raster, colours, tmp_path):
    path = write_raster("field.tif", colours)
    gdal.BuildVRT(str(tmp_path / "field.vrt"), [str(path)]).FlushCache()
    assert same_grid(upsample(tmp_path / "field.vrt"), path)


def test_geopackage_raster(upsample, write_raster, colours, tmp_path):
    path = write_raster("field.tif", colours)
    package = tmp_path / "field.gpkg"
    gdal.Translate(str(package), str(path), format="GPKG", creationOptions=["TILE_FORMAT=PNG"])
    output = upsample(package)
    assert output.RasterCount == 8
    assert output.GetGeoTransform() == pytest.approx(gdal.Open(str(path)).GetGeoTransform())


@pytest.mark.parametrize(
    "how",
    [{"transform": ROTATED}, {"epsg": 4326, "transform": DEGREES}, {"epsg": None}],
    ids=["rotated", "degrees", "no reference system"],
)
def test_georeference_is_kept(upsample, write_raster, colours, how):
    path = write_raster("placed.tif", colours, **how)
    assert same_grid(upsample(path), path)


def test_a_choice_of_bands(upsample, write_raster, colours):
    """Red, green and blue in bands 5, 3 and 2 give what they give in 1, 2 and 3."""
    other = np.random.default_rng(9).integers(0, 255, (6, ROWS, COLS), np.uint8)
    other[[4, 2, 1]] = colours
    chosen = {"BAND_RED": 5, "BAND_GREEN": 3, "BAND_BLUE": 2}
    first = upsample(write_raster("six.tif", other), **chosen).ReadAsArray()
    assert np.array_equal(first, upsample(write_raster("three.tif", colours)).ReadAsArray())


class Ranges(http.server.SimpleHTTPRequestHandler):
    """Serves byte ranges, as cloud stores do."""

    def do_GET(self):
        body = (self.server.folder / self.path.lstrip("/")).read_bytes()
        first, _, last = self.headers.get("Range", "bytes=0-").partition("=")[2].partition("-")
        piece = body[int(first) : int(last) + 1 if last else None]
        self.send_response(206)
        self.send_header(
            "Content-Range", f"bytes {first}-{int(first) + len(piece) - 1}/{len(body)}"
        )
        self.send_header("Content-Length", str(len(piece)))
        self.end_headers()
        self.wfile.write(piece)

    def do_HEAD(self):
        self.send_response(200)
        size = (self.server.folder / self.path.lstrip("/")).stat().st_size
        self.send_header("Content-Length", str(size))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()

    def log_message(self, *_):
        """Silence."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The address of a server of tmp_path on this machine."""
    monkeypatch.setenv("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR")  # the worker's GDAL reads it
    # The runtime allows its GDAL no address; where tests import it, that GDAL is QGIS's too.
    allowed = "CPL_VSIL_CURL_ALLOWED_FILENAME"
    before = gdal.GetConfigOption(allowed)
    gdal.SetConfigOption(allowed, None)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges) as httpd:
        httpd.folder = tmp_path
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
    gdal.SetConfigOption(allowed, before)


def test_cloud_optimised_geotiff_over_http(upsample, write_raster, colours, tmp_path, server):
    path = write_raster("field.tif", colours)
    gdal.Translate(str(tmp_path / "cog.tif"), str(path), format="COG")
    assert same_grid(upsample(f"/vsicurl/{server}/cog.tif"), path)


@pytest.fixture
def web_map(wms_capabilities):
    """The address of a web map service on this machine that says what it has."""

    class Service(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.end_headers()
            self.wfile.write(wms_capabilities)

        def log_message(self, *_):
            """Silence."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}/"
        httpd.shutdown()


@pytest.mark.parametrize("algorithm", ["simulatergb", "evaluate"])
@pytest.mark.parametrize("kind", ["tiles", "service"])
def test_web_maps_are_refused_with_the_remedy(
    registered, log, rgb_path, web_map, tmp_path, monkeypatch, kind, algorithm
):
    """A layer of the wms provider, tiles (XYZ) or service (WMS): pictures for looking at."""
    import processing

    monkeypatch.setenv("SCDM_PYTHON", sys.executable)
    sources = {
        "tiles": f"type=xyz&url={web_map}%7Bz%7D/%7Bx%7D/%7By%7D.png&zmin=0&zmax=3",
        "service": "contextualWMSLegend=0&crs=EPSG:3857&format=image/png&layers=ortho&styles&url="
        + web_map,
    }
    layer = QgsRasterLayer(sources[kind], "ortho", "wms")
    assert layer.isValid(), layer.error().message()
    names = {"evaluate": {"ESTIMATE": layer, "REFERENCE": str(rgb_path)}}
    words = names.get(algorithm, {"INPUT": layer, "OUTPUT": str(tmp_path / "out.tif")})
    with pytest.raises(QgsProcessingException):
        processing.run(f"scdm:{algorithm}", words, feedback=log)
    (told,) = [text for text in log.errors if "'ortho'" in text]
    assert "Web layers must be saved first" in told
    assert not (tmp_path / "out.tif").exists()


def test_the_log_says_which_bands_were_taken(upsample, write_raster, colours, log):
    values = np.concatenate([colours[::-1], colours[:1]]).astype(np.uint16) * 40
    path = write_raster("sentinel.tif", values)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for number, name in enumerate(("B2", "B3", "B4", "B8"), 1):
        dataset.GetRasterBand(number).SetDescription(name)
    dataset = None
    output = upsample(path)
    assert output.GetMetadataItem("SCDM_INPUT_BANDS") == "3,2,1"
    said = "Red = band 3 (B4), Green = band 2 (B3), Blue = band 1 (B2); by band names."
    assert said in log.infos


def fields_in_memory(*rectangles):
    """A layer of polygons that no file holds, in the project."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32617", "fields", "memory")
    for rectangle in rectangles:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(*rectangle)))
        layer.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(layer)
    return layer


def test_the_selected_polygons_of_a_layer_in_memory_are_the_mask(upsample, write_raster, colours):
    path = write_raster("a.tif", colours)
    left, right = (500000, 4099990, 500010, 4100000), (500020, 4099976, 500040, 4099990)
    layer = fields_in_memory(left, right)
    layer.selectByIds([2])
    whole = valid(upsample(path, MASK=layer))
    chosen = QgsProcessingFeatureSourceDefinition(layer.id(), selectedFeaturesOnly=True)
    selected = valid(upsample(path, MASK=chosen))
    expected = np.zeros((ROWS, COLS), bool)
    expected[5:, 10:] = True
    np.testing.assert_array_equal(selected, expected)
    expected[:5, :5] = True
    np.testing.assert_array_equal(whole, expected)


def test_a_mask_beside_the_raster_is_refused_by_its_title(upsample, write_raster, colours):
    layer = fields_in_memory((0, 0, 1, 1))
    with pytest.raises(QgsProcessingException, match="No polygon of Mask meets"):
        upsample(write_raster("a.tif", colours), MASK=layer)


@pytest.mark.parametrize("epsg", [None, 32618])
def test_a_mask_is_not_laid_over_a_place_that_only_the_layer_knows(
    upsample, write_raster, colours, log, epsg
):
    path = write_raster("a.tif", colours, epsg=epsg)
    fields = fields_in_memory((500000, 4099990, 500010, 4100000))
    found = QgsRasterLayer(str(path), "a")
    found.setCrs(QgsCoordinateReferenceSystem("EPSG:32617"))
    QgsProject.instance().addMapLayer(found)
    if epsg is None:  # nothing of the file speaks against it
        masked = valid(upsample(path, INPUT=found, MASK=fields))
        assert masked.sum() == 25
        return
    with pytest.raises(QgsProcessingException):
        upsample(path, INPUT=found, MASK=fields)
    assert any("Mask cannot be laid over it" in text for text in log.errors)
