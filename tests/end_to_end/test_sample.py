"""``sample``: spectra of points and polygons, held against NumPy, and what is refused."""

import csv
import zipfile

import numpy as np
import pytest
from matplotlib.path import Path as Outline
from osgeo import gdal, ogr, osr

from model_runtime.pipeline import sample_features
from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.georeference import Georeference

gdal.UseExceptions()
NM = np.array([450.0, 550.5, 670.0, 860.0])
SHAPE = (60, 90)
UTM = osr.SpatialReference()
UTM.ImportFromEPSG(32633)
WGS84 = osr.SpatialReference()
WGS84.ImportFromEPSG(4326)
WGS84.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
PLACE = Georeference((500000.0, 2.0, 0.0, 4e6, 0.0, -2.0), UTM)
TRIANGLE = [(500010.3, 3999990.2), (500120.7, 3999970.4), (500040.1, 3999890.6)]


def write(path, values, place=PLACE):
    path.parent.mkdir(exist_ok=True)
    cube = Cube(values, NM, np.full(len(NM), 20.0), "reflectance", place)
    write_cube(str(path), cube, "float32", {})
    return path


def write_layer(path, shapes, reference=UTM, driver="GPKG"):
    """A layer of (name, WKT) ``shapes``."""
    source = ogr.GetDriverByName(driver).CreateDataSource(str(path))
    layer = source.CreateLayer("fields", reference)
    layer.CreateField(ogr.FieldDefn("crop", ogr.OFTString))
    for name, text in shapes:
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetField("crop", name)
        if text:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(text))
        layer.CreateFeature(feature)
    return path


def outline(corners):
    return "POLYGON ((" + ", ".join(f"{x} {y}" for x, y in [*corners, corners[0]]) + "))"


def inside(corners):
    """Which pixels' centres lie in the outline, by matplotlib."""
    rows, cols = np.indices(SHAPE)
    centres = np.stack([500000 + 2 * (cols + 0.5), 4e6 - 2 * (rows + 0.5)], -1)
    return Outline(corners).contains_points(centres.reshape(-1, 2)).reshape(SHAPE)


@pytest.fixture
def values():
    """Reflectance with a masked corner."""
    drawn = np.random.default_rng(0).uniform(0.02, 0.6, (len(NM), *SHAPE)).astype(np.float32)
    drawn[:, 5:12, 5:30] = np.nan
    return drawn


T = 2.1318  # Student's, 90 %, of five draws


@pytest.fixture
def cube(values, tmp_path):
    return write(tmp_path / "cube.tif", values)


@pytest.fixture
def draws(values, tmp_path):
    rng = np.random.default_rng(1)
    made = [values * np.float32(rng.uniform(0.8, 1.2)) ** NM[:, None, None] ** 0 for _ in range(5)]
    made = [m + rng.normal(0, 0.02, m.shape).astype(np.float32) for m in made]
    for number, draw in enumerate(made, start=1):
        write(tmp_path / "draws" / f"sample_{number:03d}.tif", draw)
    return made


@pytest.fixture
def fields(tmp_path):
    """A triangle, a point in row 40, column 70, and a feature beyond the raster."""
    shapes = [
        ("wheat", outline(TRIANGLE)),
        ("tree, old", "POINT (500141 3999919)"),
        ("far", "POINT (600000 3999919)"),
    ]
    return write_layer(tmp_path / "fields.gpkg", shapes)


def rows_of(path):
    """The table's rows, without the lines that begin with #."""
    lines = path.read_text().splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def column(rows, feature, name, variable="spectrum"):
    chosen = [r for r in rows if r["feature"] == feature and r["variable"] == variable]
    return np.array([float(row[name]) for row in chosen])


def test_the_table_is_numpys(command, cube, values, draws, fields, tmp_path):
    words = ["--name-field", "crop", "--draws", tmp_path / "draws", "--csv", tmp_path / "s.csv"]
    done = command("sample", cube, fields, *words)
    assert done.returncode == 0, done.stderr
    assert "1 of 3 features hold no valid pixel: far" in done.stderr
    rows, mask = rows_of(tmp_path / "s.csv"), inside(TRIANGLE)
    of_field = values[:, mask].astype(np.float64)
    assert set(column(rows, "wheat", "pixels")) == {np.isfinite(of_field[0]).sum()}
    expected = {"mean": np.nanmean(of_field, 1), "sd": np.nanstd(of_field, 1, ddof=1)}
    apart = T * np.std([np.nanmean(draw[:, mask], 1) for draw in draws], 0, ddof=1)
    expected.update(low=expected["mean"] - apart, high=expected["mean"] + apart)
    for name, numbers in expected.items():
        np.testing.assert_allclose(column(rows, "wheat", name), numbers, rtol=1e-3)
    np.testing.assert_allclose(column(rows, "tree, old", "mean"), values[:, 40, 70], rtol=1e-6)
    assert all(row["mean"] == "" for row in rows if row["feature"] == "far")
    assert {row["wavelength_nm"] for row in rows} == {"450", "550.5", "670", "860"}


def test_a_name_is_no_formula_of_a_spreadsheet(command, cube, tmp_path):
    layer = write_layer(tmp_path / "p.gpkg", [("=1+1", "POINT (500141 3999919)")])
    words = ["--name-field", "crop", "--csv", tmp_path / "s.csv"]
    assert command("sample", cube, layer, *words).returncode == 0
    assert {row["feature"] for row in rows_of(tmp_path / "s.csv")} == {"'=1+1"}


def test_an_index_is_that_of_the_mean_spectrum(command, cube, values, draws, fields, tmp_path):
    words = ["--formula", "(r860-r670)/(r860+r670)", "--draws", tmp_path / "draws"]
    done = command("sample", cube, fields, "--csv", tmp_path / "s.csv", *words)
    assert done.returncode == 0, done.stderr
    rows, mask = rows_of(tmp_path / "s.csv"), inside(TRIANGLE)

    def ndvi(raster):
        red, infrared = np.nanmean(raster[2:, mask], 1)
        return (infrared - red) / (infrared + red)

    name = "(r860-r670)/(r860+r670)"
    (mean,) = column(rows, "1", "mean", name)
    (high,) = column(rows, "1", "high", name)
    assert mean == pytest.approx(ndvi(values), abs=1e-6)
    apart = T * np.std([ndvi(draw) for draw in draws], ddof=1)
    assert high - mean == pytest.approx(apart, rel=1e-3)


def test_the_geopackage_has_the_features_and_their_spectra(
    command, cube, values, draws, fields, tmp_path
):
    words = ["--index", "NDVI", "--draws", tmp_path / "draws", "--gpkg", tmp_path / "out.gpkg"]
    done = command("sample", cube, fields, *words)
    assert done.returncode == 2 and "the value at 833 nm" in done.stderr  # no band is near
    done = command("sample", cube, fields, *words[2:], "--formula", "r860/r670")
    assert done.returncode == 0, done.stderr
    source = ogr.Open(str(tmp_path / "out.gpkg"))
    layer = source.GetLayer(0)
    assert layer.GetSpatialRef().IsSame(UTM)
    wheat, tree, far = list(layer)
    assert [f.GetField("crop") for f in (wheat, tree, far)] == ["wheat", "tree, old", "far"]
    assert wheat.GetGeometryRef().Equals(ogr.CreateGeometryFromWkt(outline(TRIANGLE)))
    mask = inside(TRIANGLE)
    assert wheat.GetField("mean_550_5") == pytest.approx(np.nanmean(values[1, mask]), rel=1e-5)
    assert wheat.GetField("sd_860") == pytest.approx(np.nanstd(values[3, mask], ddof=1), rel=1e-4)
    red, infrared = np.nanmean(values[2:, mask], 1)
    assert wheat.GetField("r860/r670") == pytest.approx(infrared / red, rel=1e-5)
    assert wheat.GetField("r860/r670_low") < infrared / red < wheat.GetField("r860/r670_high")
    assert (tree.GetField("pixels"), tree.GetField("sd_450")) == (1, None)
    assert (far.GetField("pixels"), far.GetField("mean_450")) == (0, None)


def test_the_library_is_an_envi_spectral_library(command, cube, values, fields, tmp_path):
    done = command(
        "sample", cube, fields, "--name-field", "crop", "--library", tmp_path / "lib.sli"
    )
    assert done.returncode == 0, done.stderr
    read = np.fromfile(tmp_path / "lib.sli", "<f4").reshape(2, len(NM))
    np.testing.assert_allclose(read[1], values[:, 40, 70], rtol=1e-6)
    header = (tmp_path / "lib.hdr").read_text()
    assert "spectra names = { wheat, tree; old }" in header and "lines = 2" in header


def test_spectral_python_reads_the_library(command, cube, values, fields, tmp_path):
    envi = pytest.importorskip("spectral.io.envi", reason="needs Spectral Python (pip: spectral)")
    assert command("sample", cube, fields, "--library", tmp_path / "lib.sli").returncode == 0
    library = envi.open(str(tmp_path / "lib.hdr"))
    assert library.bands.centers == list(NM) and library.bands.band_unit == "Nanometers"
    assert library.names == ["1", "2"]
    np.testing.assert_allclose(library.spectra[1], values[:, 40, 70], rtol=1e-6)


def test_features_in_another_reference_system_give_the_same(command, cube, fields, tmp_path):
    change = osr.CoordinateTransformation(UTM, WGS84)
    polygon = ogr.CreateGeometryFromWkt(outline(TRIANGLE))
    polygon.Transform(change)
    degrees = write_layer(
        tmp_path / "degrees.geojson", [("wheat", polygon.ExportToWkt())], WGS84, "GeoJSON"
    )
    for name, layer in (("a", fields), ("b", degrees)):
        assert command("sample", cube, layer, "--csv", tmp_path / f"{name}.csv").returncode == 0
    metric, other = (rows_of(tmp_path / f"{name}.csv")[: len(NM)] for name in "ab")
    assert [row["mean"] for row in metric] == [row["mean"] for row in other]


def test_touched_pixels_count_when_that_is_asked_for(command, cube, values, tmp_path):
    sliver = outline([(500140.2, 3999919.8), (500140.8, 3999919.8), (500140.8, 3999919.2)])
    layer = write_layer(tmp_path / "thin.gpkg", [("thin", sliver)])
    done = command("sample", cube, layer, "--csv", tmp_path / "s.csv")
    assert done.returncode == 2 and "no feature holds a valid pixel" in done.stderr
    done = command("sample", cube, layer, "--csv", tmp_path / "s.csv", "--all-touched")
    assert done.returncode == 0, done.stderr
    rows = rows_of(tmp_path / "s.csv")
    np.testing.assert_allclose(column(rows, "1", "mean"), values[:, 40, 70], rtol=1e-6)
    assert "# polygons: all pixels that are touched" in (tmp_path / "s.csv").read_text()


def test_a_rotated_raster_has_its_pixels_found(command, values, tmp_path):
    turned = Georeference((500000.0, 1.2, 1.6, 4e6, 1.6, -1.2), UTM)
    cube = write(tmp_path / "turned.tif", values, turned)
    x, y = gdal.ApplyGeoTransform(list(turned.geotransform), 70.4, 40.6)
    layer = write_layer(tmp_path / "p.gpkg", [("p", f"POINT ({x} {y})")])
    assert command("sample", cube, layer, "--csv", tmp_path / "s.csv").returncode == 0
    rows = rows_of(tmp_path / "s.csv")
    np.testing.assert_allclose(column(rows, "1", "mean"), values[:, 40, 70], rtol=1e-6)


def test_tiles_do_not_show(cube, draws, fields, tmp_path, monkeypatch):
    from model_runtime import __main__ as runtime

    words = ["sample", str(cube), str(fields), f"--draws={tmp_path / 'draws'}", "--csv"]
    assert runtime.main([*words, str(tmp_path / "whole.csv")]) == 0
    monkeypatch.setattr(sample_features, "TILE_BYTES", 1)
    assert runtime.main([*words, str(tmp_path / "cut.csv")]) == 0
    whole, cut = (rows_of(tmp_path / name) for name in ("whole.csv", "cut.csv"))
    for name in ("pixels", "mean", "sd", "low"):
        both = [column(rows, "1", name) for rows in (whole, cut)]
        np.testing.assert_allclose(*both, rtol=1e-5)


@pytest.mark.parametrize(
    "words, why",
    [
        ([], "no output is asked for"),
        (["--csv", "s.txt"], "has another ending"),
        (["--csv", "nowhere/s.csv"], "does not exist"),
        (["--csv", "s.csv", "--layer", "roads"], "has no layer 'roads'"),
        (["--csv", "s.csv", "--name-field", "name"], "has no field 'name'"),
        (["--csv", "s.csv", "--index", "NDV"], "did you mean NDVI"),
        (["--csv", "s.csv", "--draws", "none"], "holds 0 draws"),
        (["--gpkg", "fields.gpkg", "--overwrite"], "is also the input"),
        (["--csv", "there.csv"], "exists"),
        (["--library", "there.sli"], "exists"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(command, cube, fields, tmp_path, words, why):
    for name in ("there.csv", "there.hdr"):
        (tmp_path / name).write_text("precious")
    before = sorted(path.name for path in tmp_path.iterdir())
    ends = (".csv", ".txt", ".gpkg", ".sli")
    words = [tmp_path / word if word.endswith(ends) else word for word in words]
    done = command("sample", cube, fields, *words)
    assert done.returncode == 2 and why in done.stderr and "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "there.csv").read_text() == "precious"


@pytest.mark.parametrize(
    "content, why", [(b"", "cannot be read"), (b"SQLite format 3\0 and no more", "cannot be read")]
)
def test_damaged_features_are_refused(command, cube, tmp_path, content, why):
    (tmp_path / "bad.gpkg").write_bytes(content)
    done = command("sample", cube, tmp_path / "bad.gpkg", "--csv", tmp_path / "s.csv")
    assert done.returncode == 2 and why in done.stderr and "Traceback" not in done.stderr


def test_a_field_may_have_the_name_of_the_geometry(command, tmp_path):
    cube = write(tmp_path / "cube.tif", np.ones((len(NM), *SHAPE), np.float32))
    layer = tmp_path / "field.geojson"
    layer.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": '
        '{"geom": "flat"}, "geometry": {"type": "Point", "coordinates": [15.0005, 36.1443]}}]}'
    )
    done = command("sample", cube, layer, "--gpkg", tmp_path / "out.gpkg")
    assert done.returncode == 0, done.stderr
    source = ogr.Open(str(tmp_path / "out.gpkg"))
    (feature,) = source.GetLayer(0)
    assert feature["geom"] == "flat" and feature["mean_450"] == 1
    assert feature.GetGeometryRef().GetX() == pytest.approx(15.0005)


def zip_of(path, *files):
    """A zip of ``files``, as people send shapefiles, in a folder of it."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, f"sent/{file.name}")
    return path


@pytest.mark.parametrize("name", ["sent.zip", "/vsizip/{}/sent.zip/sent/trees.shp"])
def test_a_zipped_shapefile_gives_the_same(command, cube, tmp_path, name):
    write_layer(
        tmp_path / "trees.shp", [("tree", "POINT (500141 3999919)")], driver="ESRI Shapefile"
    )
    zip_of(tmp_path / "sent.zip", *tmp_path.glob("trees.*"))
    zipped = name.format(tmp_path) if name.startswith("/vsi") else tmp_path / name
    tables = []
    for features in (tmp_path / "trees.shp", zipped):
        done = command("sample", cube, features, "--csv", tmp_path / f"{len(tables)}.csv")
        assert done.returncode == 0, done.stderr
        tables.append(rows_of(tmp_path / f"{len(tables)}.csv"))
    assert tables[0] == tables[1] and tables[0]


def test_what_is_in_a_zip_is_said_where_it_is_none_or_several(command, cube, fields, tmp_path):
    write_layer(tmp_path / "a.gpkg", [("tree", "POINT (500141 3999919)")])
    cases = {"none": [cube], "two": [fields, tmp_path / "a.gpkg"]}
    for name, files in cases.items():
        zip_of(tmp_path / f"{name}.zip", *files)
    said = {
        tmp_path / "none.zip": "holds no vector file",
        tmp_path / "two.zip": f"/vsizip/{tmp_path}/two.zip/sent/a.gpkg",
        "/vsizip/none.zip/a.shp": "does not exist",
        "/vsizip//vsicurl/http://127.0.0.1:9/a.zip/a.shp": "does not exist",
    }
    for features, why in said.items():
        done = command("sample", cube, features, "--csv", tmp_path / "s.csv")
        assert done.returncode == 2 and why in done.stderr and "Traceback" not in done.stderr
