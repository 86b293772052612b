"""calibrate and upsample --calibration: a picture of known reflectance, spoilt and brought back."""

import json

import numpy as np
import pytest
from osgeo import gdal, ogr, osr

gdal.UseExceptions()
ROWS, COLS = 60, 80
UTM = osr.SpatialReference()
UTM.ImportFromEPSG(32617)
PANELS = {"dark": 0.05, "grey": 0.25, "bright": 0.55}  # of 8 x 8 pixels, in the first rows
GAIN, OFFSET = np.array([0.0031, 0.0026, 0.0035]), np.array([-0.03, -0.02, -0.04])


@pytest.fixture
def reflectance():
    """Red, green, blue (3, rows, cols) with three grey panels."""
    values = np.random.default_rng(0).uniform(0.05, 0.5, (3, ROWS, COLS))
    for number, level in enumerate(PANELS.values()):
        values[:, 4:12, 20 * number + 4 : 20 * number + 12] = level
    return values


@pytest.fixture
def picture(write_raster, reflectance):
    """The camera's whole numbers of 16 bits: (reflectance - offset) / gain."""
    counts = (reflectance - OFFSET[:, None, None]) / GAIN[:, None, None]
    return write_raster("drone.tif", np.round(counts * 100).astype(np.uint16))


@pytest.fixture
def srgb_picture(write_raster, reflectance):
    """8 bits as a camera's own processing leaves them: 80 % of the light, sRGB's curve."""
    light = np.clip(1.25 * reflectance + 0.01, 0, 1)
    share = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return write_raster("camera.tif", np.round(share * 255).astype(np.uint8))


def square(number):
    """The WKT of a panel, a pixel smaller on each side."""
    xmin, xmax = 500000 + 2 * (20 * number + 5), 500000 + 2 * (20 * number + 11)
    ymin, ymax = 4100000 - 2 * 11, 4100000 - 2 * 5
    corners = [(xmin, ymin), (xmax, ymin), (xmax, ymax), (xmin, ymax), (xmin, ymin)]
    return "POLYGON ((" + ",".join(f"{x} {y}" for x, y in corners) + "))"


def write_targets(path, rows, kind=ogr.OFTReal, fields=("reflectance",)):
    """A layer of panels: a row of (name, place, *field values) each."""
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = source.CreateLayer("panels", UTM, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("panel", ogr.OFTString))
    for field in fields:
        layer.CreateField(ogr.FieldDefn(field, kind))
    for name, place, *values in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetField("panel", name)
        for field, value in zip(fields, values):
            if value is not None:
                feature.SetField(field, value)
        feature.SetGeometry(ogr.CreateGeometryFromWkt(place))
        layer.CreateFeature(feature)
    return path


@pytest.fixture
def targets(tmp_path):
    rows = [(name, square(i), level) for i, (name, level) in enumerate(PANELS.items())]
    return write_targets(tmp_path / "panels.gpkg", rows)


def calibrate(command, *words):
    done = command("calibrate", *words, "--events", "--name-field", "panel")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    warnings = [one["message"] for one in lines if one["event"] == "warning"]
    return done, lines[-1], warnings


def test_the_lines_are_those_that_spoilt_the_picture(
    command, picture, targets, tiny_package, tmp_path
):
    words = [picture, targets, tmp_path / "c.json", "--model", tiny_package]
    done, last, warnings = calibrate(command, *words)
    assert done.returncode == 0, done.stdout
    assert [x["gain"] for x in last["lines"]] == pytest.approx(GAIN / 100, rel=1e-3)
    assert [x["offset"] for x in last["lines"]] == pytest.approx(OFFSET, abs=1e-3)
    assert last["rmse"] < 1e-3 and warnings == []
    assert [x["name"] for x in last["targets"]] == list(PANELS)
    assert {x["pixels"] for x in last["targets"]} == {36}


@pytest.mark.parametrize("kind", ["linear", "srgb"])
def test_the_estimate_is_that_of_the_reflectance_itself(
    command, picture, srgb_picture, targets, reflectance, write_raster, tiny_package, tmp_path, kind
):
    """The whole chain against upsampling the reflectance that the picture was made of."""
    source, model = (picture, srgb_picture)[kind == "srgb"], ("--model", tiny_package)
    words = [source, targets, tmp_path / "c.json", "--curve", kind, *model]
    assert calibrate(command, *words)[0].returncode == 0
    known = ("--calibration", tmp_path / "c.json", "--events")
    done = command("upsample", source, tmp_path / "calibrated.tif", *known, *model)
    assert done.returncode == 0, done.stdout
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["radiometry"] == "reflectance" and "'c.json'" in last["radiometry_why"]
    truth = write_raster("truth.tif", reflectance.astype(np.float32))
    words = [truth, tmp_path / "expected.tif", "--radiometry", "reflectance", *model]
    assert command("upsample", *words).returncode == 0
    pair = [gdal.Open(str(tmp_path / n)).ReadAsArray() for n in ("calibrated.tif", "expected.tif")]
    off = np.abs(pair[0].astype(float) - pair[1]) * 1e-4
    assert off.mean() < (0.002 if kind == "linear" else 0.004)


def test_all_sheets_of_a_mosaic_are_read_by_one_calibration(
    command, picture, targets, tiny_package, tmp_path
):
    """The part without a panel is read as the whole is, which its own statistics would not do."""
    model = ("--model", tiny_package)
    assert calibrate(command, picture, targets, tmp_path / "c.json", *model)[0].returncode == 0
    gdal.Translate(str(tmp_path / "part.tif"), str(picture), srcWin=[0, 20, COLS, 40])
    for name in ("drone", "part"):
        words = [tmp_path / f"{name}.tif", tmp_path / f"{name}_cube.tif"]
        done = command("upsample", *words, "--calibration", tmp_path / "c.json", *model)
        assert done.returncode == 0, done.stderr
    keys = [f"SCDM_RADIOMETRY_{end}" for end in ("GAIN", "OFFSET", "WHY")]
    said = [gdal.Open(str(tmp_path / f"{n}_cube.tif")).GetMetadata() for n in ("drone", "part")]
    assert [said[0][key] for key in keys] == [said[1][key] for key in keys]


def test_a_calibrated_spread_does_not_say_that_it_lacks_the_calibration(
    command, picture, targets, tiny_package, tmp_path
):
    model, more = ("--model", tiny_package), ("--samples", "2", "--spread", tmp_path / "s.tif")
    assert calibrate(command, picture, targets, tmp_path / "c.json", *model)[0].returncode == 0
    known = ("--calibration", tmp_path / "c.json")
    assert command("upsample", picture, tmp_path / "a.tif", *known, *model, *more).returncode == 0
    doubt = "does not know how far off the picture's own calibration is"
    assert doubt not in gdal.Open(str(tmp_path / "s.tif")).GetMetadataItem("SCDM_SPREAD")
    words = ("--radiometry", "match", "--overwrite")
    assert command("upsample", picture, tmp_path / "a.tif", *words, *model, *more).returncode == 0
    assert doubt in gdal.Open(str(tmp_path / "s.tif")).GetMetadataItem("SCDM_SPREAD")


def test_spectra_of_a_library_and_percent_and_bands(command, picture, tiny_package, tmp_path):
    """Each way to say a reflectance, in one layer; the numbers in percent."""
    nm = np.arange(400, 801, 10)
    rows = "\n".join(f"{x},0.25" for x in nm)
    (tmp_path / "lib.csv").write_text(f"nm,Grey panel\n{rows}\n")
    fields = ("reflectance", "red", "green", "blue", "spectrum")
    source = write_targets(tmp_path / "t.gpkg", [], ogr.OFTString, fields)
    dataset = ogr.Open(str(source), 1)
    layer = dataset.GetLayer(0)
    said = [{"reflectance": "0.05"}, {"spectrum": "grey panel"}]
    said += [{"red": "0.55", "green": "0.55", "blue": "0.55"}]
    for number, values in enumerate(said):
        feature = ogr.Feature(layer.GetLayerDefn())
        for field, value in values.items():
            feature.SetField(field, value)
        feature.SetGeometry(ogr.CreateGeometryFromWkt(square(number)))
        layer.CreateFeature(feature)
    del layer, dataset
    words = [picture, source, tmp_path / "c.json", "--library", tmp_path / "lib.csv"]
    done, last, _ = calibrate(command, *words, "--model", tiny_package)
    assert done.returncode == 0, done.stdout
    assert [x["gain"] for x in last["lines"]] == pytest.approx(GAIN / 100, rel=1e-3)
    percent = write_targets(
        tmp_path / "p.gpkg",
        [(name, square(i), 100 * level) for i, (name, level) in enumerate(PANELS.items())],
    )
    words = [picture, percent, tmp_path / "p.json", "--model", tiny_package]
    _, last, warnings = calibrate(command, *words)
    assert [x["gain"] for x in last["lines"]] == pytest.approx(GAIN / 100, rel=1e-3)
    assert "read as percent" in warnings[0]


def test_what_cannot_be_used_is_left_out_with_a_word(
    command, srgb_picture, targets, tiny_package, tmp_path
):
    """A saturated panel, and one beside the raster."""
    dataset = gdal.Open(str(srgb_picture), gdal.GA_Update)
    dataset.GetRasterBand(1).WriteArray(np.full((8, 8), 255, np.uint8), 44, 4)
    del dataset
    away = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"
    rows = [(name, square(i), level) for i, (name, level) in enumerate(PANELS.items())]
    source = write_targets(tmp_path / "t.gpkg", [*rows, ("lost", away, 0.3)])
    words = [srgb_picture, source, tmp_path / "c.json", "--curve", "srgb", "--model", tiny_package]
    done, last, warnings = calibrate(command, *words)
    assert done.returncode == 0, done.stdout
    assert [x["name"] for x in last["targets"]] == ["dark", "grey"]
    assert "'bright' is left out: 100 % of its pixels are saturated" in " ".join(warnings)
    assert "'lost' is left out: it holds no valid pixel" in " ".join(warnings)
    assert "two targets fit a line exactly" in warnings[-1]


@pytest.mark.parametrize(
    "most, kind, options",
    [
        (4095, np.uint16, ["NBITS=12"]),
        (4095, np.uint16, []),
        (32767, np.int16, []),
        (1, np.float32, []),
    ],
)
def test_a_panel_at_the_end_of_any_scale_is_left_out(
    command, write_raster, reflectance, targets, tiny_package, tmp_path, most, kind, options
):
    """12 bits in 16 saturate at 4095: the panel's own line would be too flat."""
    light = np.minimum(reflectance * most / 0.4, most)
    values = light if kind == np.float32 else np.round(light)
    source = write_raster("camera.tif", values.astype(kind), options=options)
    words = [source, targets, tmp_path / "c.json", "--model", tiny_package]
    done, last, warnings = calibrate(command, *words)
    assert done.returncode == 0, done.stdout
    assert "'bright' is left out: 100 % of its pixels are saturated" in warnings[0]
    assert [x["gain"] for x in last["lines"]] == pytest.approx([0.4 / most] * 3, rel=1e-2)


@pytest.mark.parametrize(
    "rows, words, why",
    [
        ([("a", 0.3), ("b", 0.2), ("c", 0.1)], [], "falls"),
        ([("a", 0.3), ("b", None), ("c", 0.1)], [], "target 'b' has no reflectance"),
        ([("a", 0.3), ("b", 700.0)], [], "reaches 700"),
        ([("a", 0.3)], [], "1 targets can be used"),
        ([("a", 0.05), ("b", 0.25)], ["--bands", "1,2,9"], "no band 9"),
        ([("a", 0.05), ("b", 0.25)], ["--name-field", "nothing"], "no field 'nothing'"),
        ([("a", 0.05), ("b", 0.25)], ["--library", "none.csv"], "cannot be read as spectra"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    command, picture, tiny_package, tmp_path, rows, words, why
):
    source = write_targets(
        tmp_path / "t.gpkg", [(n, square(i), v) for i, (n, v) in enumerate(rows)]
    )
    names = [] if "--name-field" in words else ["--name-field", "panel"]
    before = sorted(tmp_path.iterdir())
    words = [*words, *names, "--model", tiny_package]
    done = command("calibrate", picture, source, tmp_path / "c.json", *words)
    assert done.returncode == 2 and why in done.stderr and "Traceback" not in done.stderr
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "words, why",
    [
        (["--calibration", "none.json"], "cannot be read as a calibration"),
        (["--calibration", "c.json", "--radiometry", "match"], "match are both given"),
        (["--calibration", "c.json", "--radiometry-from", "drone.tif"], "are both given"),
    ],
)
def test_upsample_refuses_what_does_not_go_together(
    command, picture, targets, tiny_package, tmp_path, words, why
):
    model = ("--model", tiny_package)
    assert calibrate(command, picture, targets, tmp_path / "c.json", *model)[0].returncode == 0
    done = command("upsample", "drone.tif", "o.tif", *words, *model, cwd=tmp_path)
    assert done.returncode == 2 and why in done.stderr and not (tmp_path / "o.tif").exists()


def test_upsample_does_not_write_over_its_calibration(
    command, picture, targets, tiny_package, tmp_path
):
    model = ("--model", tiny_package)
    assert calibrate(command, picture, targets, tmp_path / "c.json", *model)[0].returncode == 0
    (tmp_path / "c.json").rename(tmp_path / "c.html")
    words = ["drone.tif", "o.tif", "--calibration", "c.html", "--report", "c.html", "--overwrite"]
    done = command("upsample", *words, *model, cwd=tmp_path)
    assert done.returncode == 2 and "input" in done.stderr


def test_from_qgis(qgis_process, picture, targets, tiny_package, tmp_path):
    """Calibrate, then upsample by the file."""
    words = [f"INPUT={picture}", f"TARGETS={targets}", "NAME_FIELD=panel", f"MODEL={tiny_package}"]
    answer = qgis_process(
        "--json", "run", "scdm:calibrate", "--", *words, f"OUTPUT={tmp_path / 'c.json'}"
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    results = json.loads(answer.stdout[answer.stdout.index("{") :])["results"]
    assert results["RMSE"] < 1e-3 and results["TARGETS_USED"] == 3
    words = [f"INPUT={picture}", f"CALIBRATION={tmp_path / 'c.json'}", f"MODEL={tiny_package}"]
    answer = qgis_process("run", "scdm:upsample", "--", *words, f"OUTPUT={tmp_path / 'o.tif'}")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    said = gdal.Open(str(tmp_path / "o.tif")).GetMetadata()
    gains = [float(number) for number in said["SCDM_RADIOMETRY_GAIN"].split(",")]
    assert gains == pytest.approx(GAIN / 100, rel=1e-3)
    assert said["SCDM_RADIOMETRY"] == "reflectance"
