"""``sample``: spectra of features, held against NumPy, in each format; and what is refused."""

import csv
import json

import numpy as np
import pytest
from osgeo import gdal, ogr, osr

from model_runtime import tiling
from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.georeference import Georeference

gdal.UseExceptions()
NM = np.array([450.0, 550.0, 670.0, 860.0])
UTM = osr.SpatialReference()
UTM.ImportFromEPSG(32633)
UTM.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
PLACE = Georeference((500000.0, 2.0, 0.0, 4100000.0, 0.0, -2.0), UTM)


def write(path, values):
    path.parent.mkdir(exist_ok=True)
    write_cube(str(path), Cube(values, NM, np.full(4, 20.0), "reflectance", PLACE), "float32", {})
    return path


@pytest.fixture
def values():
    """Reflectance of 30 x 41 pixels with a masked corner."""
    drawn = np.random.default_rng(0).uniform(0.02, 0.6, (4, 30, 41)).astype(np.float32)
    drawn[:, :4, :5] = np.nan
    return drawn


@pytest.fixture
def cube(values, tmp_path):
    return write(tmp_path / "cube.tif", values)


def box(row0, col0, row1, col1):
    """A polygon over whole pixels, as coordinates."""
    x, y = [500000 + 2 * c for c in (col0, col1)], [4100000 - 2 * r for r in (row0, row1)]
    return [[[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]], [x[0], y[0]]]]


def geojson(path, shapes, epsg=32633):
    """Features by name: (type, coordinates) in UTM, written in ``epsg``."""
    there = osr.SpatialReference()
    there.ImportFromEPSG(epsg)
    there.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    made = gdal.GetDriverByName("GPKG").Create(str(path), 0, 0, 0)
    layer = made.CreateLayer("fields", there, ogr.wkbUnknown)
    layer.CreateField(ogr.FieldDefn("crop", ogr.OFTString))
    for name, (kind, places) in shapes.items():
        shape = ogr.CreateGeometryFromJson(json.dumps({"type": kind, "coordinates": places}))
        shape.AssignSpatialReference(UTM)
        shape.TransformTo(there)
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetField("crop", name)
        feature.SetGeometry(shape)
        layer.CreateFeature(feature)
    return path


@pytest.fixture
def fields(tmp_path):
    """A field, one at the masked corner, a point, a field of a quarter of a pixel, one outside."""
    return geojson(
        tmp_path / "fields.gpkg",
        {
            "maize": ("Polygon", box(10, 12, 20, 31)),
            "corner": ("Polygon", box(0, 0, 6, 8)),
            "tree": ("Point", [500000 + 2 * 7.5, 4100000 - 2 * 25.5]),
            "tiny": ("Polygon", box(15.6, 20.6, 15.9, 20.9)),
            "away": ("Polygon", box(100, 100, 120, 120)),
        },
    )


def expected(values):
    """Pixels (bands, n) of each feature."""
    parts = {
        "maize": values[:, 10:20, 12:31],
        "corner": values[:, 0:6, 0:8],
        "tree": values[:, 25:26, 7:8],
        "tiny": values[:, 15:16, 20:21],
    }
    flat = {name: part.reshape(4, -1) for name, part in parts.items()}
    return {name: part[:, np.isfinite(part).all(0)] for name, part in flat.items()}


def rows_of(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    return list(csv.DictReader(lines))


def test_a_table_has_what_numpy_has(command, cube, fields, values, tmp_path):
    out = tmp_path / "spectra.csv"
    done = command("sample", cube, fields, out, "--name", "crop")
    assert done.returncode == 0, done.stderr
    assert "without a valid pixel: away" in done.stderr
    rows = rows_of(out)
    assert len(rows) == 5 * 4
    for name, pixels in expected(values).items():
        own = [row for row in rows if row["name"] == name]
        assert [float(row["wavelength_nm"]) for row in own] == NM.tolist()
        assert {int(row["count"]) for row in own} == {pixels.shape[1]}
        assert [float(row["mean"]) for row in own] == pytest.approx(pixels.mean(1), rel=1e-5)
        if pixels.shape[1] > 1:
            found = [float(row["deviation"]) for row in own]
            assert found == pytest.approx(pixels.std(1, ddof=1), rel=1e-4)
    away = [row for row in rows if row["name"] == "away"]
    assert {row["mean"] for row in away} == {""} and {row["count"] for row in away} == {"0"}


def test_another_reference_system_gives_the_same(command, cube, fields, values, tmp_path):
    shapes = {"maize": ("Polygon", box(10, 12, 20, 31)), "tree": ("Point", [500015.0, 4099949.0])}
    degrees = geojson(tmp_path / "degrees.gpkg", shapes, epsg=4326)
    assert command("sample", cube, degrees, tmp_path / "s.csv", "--name", "crop").returncode == 0
    for row in rows_of(tmp_path / "s.csv"):
        pixels = expected(values)[row["name"]]
        band = NM.tolist().index(float(row["wavelength_nm"]))
        assert int(row["count"]) == pixels.shape[1]
        assert float(row["mean"]) == pytest.approx(pixels[band].mean(), rel=1e-5)


def test_draws_give_the_interval_of_the_mean(command, cube, fields, values, tmp_path):
    rng = np.random.default_rng(1)
    drawn = [values + np.float32(rng.normal(0, 0.02)) for _ in range(6)]
    for number, draw in enumerate(drawn, start=1):
        write(tmp_path / "draws" / f"sample_{number:03d}.tif", draw)
    out = tmp_path / "s.csv"
    done = command("sample", cube, fields, out, "--name", "crop", "--draws", tmp_path / "draws")
    assert done.returncode == 0, done.stderr
    means = [expected(draw)["maize"].mean(1) for draw in drawn]
    half = 1.645 * np.std(means, axis=0, ddof=1)
    own = [row for row in rows_of(out) if row["name"] == "maize"]
    width = [float(row["high"]) - float(row["low"]) for row in own]
    assert width == pytest.approx(2 * half, rel=1e-3)


def test_a_geopackage_keeps_place_and_names(command, cube, fields, values, tmp_path):
    out = tmp_path / "s.gpkg"
    assert command("sample", cube, fields, out, "--name", "crop").returncode == 0
    made = gdal.OpenEx(str(out), gdal.OF_VECTOR)
    layer = made.GetLayerByName("spectra")
    assert layer.GetSpatialRef().IsSame(UTM)
    found = {feature.GetField("name"): feature for feature in layer}
    assert list(found) == ["maize", "corner", "tree", "tiny", "away"]
    maize, pixels = found["maize"], expected(values)["maize"]
    assert maize.GetField("count") == 190
    assert maize.GetField("mean_860_0") == pytest.approx(pixels[3].mean(), rel=1e-6)
    assert maize.geometry().GetArea() == pytest.approx(190 * 4)
    assert found["away"].GetField("mean_860_0") is None


def test_a_library_has_the_means_and_a_header_that_says_what_they_are(
    command, cube, fields, values, tmp_path
):
    out = tmp_path / "s.sli"
    assert command("sample", cube, fields, out, "--name", "crop").returncode == 0
    means = np.fromfile(out, "<f4").reshape(-1, 4)
    wanted = expected(values)
    assert means == pytest.approx(np.stack([p.mean(1) for p in wanted.values()]), rel=1e-5)
    header = (tmp_path / "s.hdr").read_text()
    assert "file type = ENVI Spectral Library" in header
    assert "spectra names = {maize, corner, tree, tiny}" in header
    assert "wavelength = {450.00, 550.00, 670.00, 860.00}" in header


def test_strips_do_not_show(cube, fields, tmp_path, monkeypatch):
    """Nor does a strip that holds no centre of a polygon take the pixels that it touches."""
    from model_runtime import __main__ as runtime

    tall = np.tile(
        np.random.default_rng(3).uniform(0, 1, (4, 30, 41)).astype(np.float32), (1, 20, 1)
    )
    write(tmp_path / "tall.tif", tall)
    geojson(tmp_path / "f.gpkg", {"long": ("Polygon", box(2, 3, 512.4, 9))})
    words = ["sample", str(tmp_path / "tall.tif"), str(tmp_path / "f.gpkg")]
    assert runtime.main([*words, str(tmp_path / "whole.csv")]) == 0
    monkeypatch.setattr(tiling, "STRIP_BYTES", 1)
    assert runtime.main([*words, str(tmp_path / "cut.csv")]) == 0
    whole, cut = (rows_of(tmp_path / name) for name in ("whole.csv", "cut.csv"))
    assert int(whole[0]["count"]) == 510 * 6
    assert whole == cut


@pytest.mark.parametrize(
    "name, words, why",
    [
        ("s.txt", [], "does not end in a format's name"),
        ("no/s.csv", [], "the folder of"),
        ("s.csv", ["--name", "colour"], "has no field 'colour'"),
        ("s.csv", ["--layer", "roads"], "has no layer 'roads'"),
        ("s.csv", ["--draws", "nowhere"], "holds 0 draws"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    command, cube, fields, tmp_path, name, words, why
):
    before = sorted(tmp_path.iterdir())
    done = command("sample", cube, fields, tmp_path / name, *words)
    assert done.returncode == 2 and why in done.stderr and "Traceback" not in done.stderr
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("text", [None, "not a vector", "{}"])
def test_a_file_that_is_no_vector_is_refused(command, cube, tmp_path, text):
    path = tmp_path / "f.geojson"
    if text is not None:
        path.write_text(text)
    done = command("sample", cube, path, tmp_path / "s.csv")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert not (tmp_path / "s.csv").exists()


def test_what_is_there_or_read_is_not_written(command, cube, fields, tmp_path):
    before = fields.read_bytes()
    done = command("sample", cube, fields, fields, "--overwrite")
    assert done.returncode == 2 and "is also the input" in done.stderr
    assert fields.read_bytes() == before
    (tmp_path / "s.hdr").write_text("precious")
    done = command("sample", cube, fields, tmp_path / "s.sli")
    assert done.returncode == 2 and (tmp_path / "s.hdr").read_text() == "precious"
