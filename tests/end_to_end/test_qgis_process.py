"""The assembled plugin in a real qgis_process: the way of a batch operator."""

import json
import signal

import numpy as np
import pytest
from killing import ROOT, start
from osgeo import gdal


@pytest.fixture
def picture(write_raster):
    """An RGB picture, wider than high."""
    values = np.random.default_rng(3).integers(20, 230, (3, 24, 40), np.uint8)
    colours = [gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand]
    return write_raster("field.tif", values, colours=colours)


def test_the_algorithms_are_listed(qgis_process):
    listed = qgis_process("list").stdout
    for name in ("upsample", "evaluate", "simulatergb", "convert", "installruntime"):
        assert f"scdm:{name}\t" in listed


def test_upsample_from_a_relative_path(qgis_process, picture, tiny_package, tmp_path):
    words = ["INPUT=field.tif", "OUTPUT=cube.tif", f"MODEL={tiny_package}", "SEED=5"]
    words += ["QUALITY=fast", "SPREAD=spread.tif", "SAMPLES=2", "REPORT=page.html"]
    words += ["RELIABILITY=reliability.tif", "DRAWS=draws", "FORMAT=cog"]
    answer = qgis_process("--json", "run", "scdm:upsample", "--", *words, cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    results = json.loads(answer.stdout[answer.stdout.index("{") :])["results"]
    assert results["SEED"] == 5
    assert results["DEVICE_USED"] == "cpu"
    before, after = gdal.Open(str(picture)), gdal.Open(str(tmp_path / "cube.tif"))
    assert after.RasterCount == 8
    assert after.GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE") == "COG"
    assert after.GetGeoTransform() == before.GetGeoTransform()
    assert after.GetSpatialRef().IsSame(before.GetSpatialRef())
    assert after.GetRasterBand(3).GetDescription() == "550.0 nm"
    assert gdal.Open(str(tmp_path / "spread.tif")).RasterCount == 8
    assert gdal.Open(str(tmp_path / "reliability.tif")).RasterCount == 1
    assert gdal.Open(str(tmp_path / "draws" / "sample_002.tif")).RasterCount == 8
    assert "<html" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_envi_data_come_out_with_a_style(qgis_process, picture, tiny_package, tmp_path):
    words = ["INPUT=field.tif", f"MODEL={tiny_package}", "SAMPLES=2", "OUTPUT=cube.img"]
    words += ["SPREAD=spread.dat", "RELIABILITY=reliability.tif"]
    answer = qgis_process("run", "scdm:upsample", "--", *words, cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    before, after = gdal.Open(str(picture)), gdal.Open(str(tmp_path / "cube.img"))
    assert after.GetDriver().ShortName == "ENVI" and after.RasterCount == 8
    assert after.GetGeoTransform() == before.GetGeoTransform()
    assert "wavelength units = Nanometers" in (tmp_path / "cube.hdr").read_text()
    assert gdal.Open(str(tmp_path / "spread.dat")).GetDriver().ShortName == "ENVI"
    assert gdal.Open(str(tmp_path / "reliability.tif")).GetDriver().ShortName == "GTiff"
    assert "multibandcolor" in (tmp_path / "cube.qml").read_text()


def test_a_part_matched_to_its_mosaic_has_the_mosaics_values(
    qgis_process, write_raster, tiny_package, tmp_path
):
    """The mosaic's other half is far brighter: by itself the part would be matched otherwise."""
    values = np.random.default_rng(3).integers(3000, 9000, (3, 16, 48)).astype(np.uint16)
    values[:, :, 16:] += 20_000
    write_raster("mosaic.tif", values)
    write_raster("part.tif", values[:, :, :16])
    common = [f"MODEL={tiny_package}", "RADIOMETRY=match", "SEED=2"]
    runs = (
        ("whole.tif", "INPUT=mosaic.tif"),
        ("alone.tif", "INPUT=part.tif"),
        ("matched.tif", "INPUT=part.tif", "RADIOMETRY_FROM=mosaic.tif"),
    )
    for output, *words in runs:
        words = [*words, *common, f"OUTPUT={output}"]
        answer = qgis_process("run", "scdm:upsample", "--", *words, cwd=tmp_path)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    tags = {
        name: gdal.Open(str(tmp_path / name)).GetMetadataItem("SCDM_RADIOMETRY_GAIN")
        for name, *_ in runs
    }
    assert tags["matched.tif"] == tags["whole.tif"] != tags["alone.tif"]


@pytest.mark.parametrize("choice, kept", [(["UNFINISHED=keep"], True), ([], False)])
def test_tiles_of_a_run_with_other_settings_are_kept_when_asked(
    qgis_process, write_raster, tiny_package, tmp_path, choice, kept
):
    values = np.random.default_rng(3).integers(20, 230, (3, 300, 400)).astype(np.uint8)
    source, output = write_raster("field.tif", values), tmp_path / "cube.tif"
    broken = start(["upsample", source, output, "--model", tiny_package, "--tile", "64"], ROOT)
    assert any(json.loads(line).get("done", 0) >= 6 for line in broken.stdout)
    broken.kill()
    broken.communicate()
    words = ["INPUT=field.tif", "OUTPUT=cube.tif", f"MODEL={tiny_package}", "SEED=9", *choice]
    answer = qgis_process("run", "scdm:upsample", "--", *words, cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert bool(list(tmp_path.glob("cube.tif.blocks/*.block"))) is kept


def test_simulate_upsample_evaluate(qgis_process, picture, tiny_package, tmp_path):
    """The cube simulated to RGB, estimated again and held against itself."""
    model = f"MODEL={tiny_package}"
    steps = (
        ("upsample", "INPUT=field.tif", "OUTPUT=truth.tif", model, "SEED=1"),
        ("simulatergb", "INPUT=truth.tif", "OUTPUT=rgb.tif", model),
        ("upsample", "INPUT=rgb.tif", "OUTPUT=cube.tif", model, "RADIOMETRY=reflectance"),
        ("evaluate", "ESTIMATE=cube.tif", "REFERENCE=truth.tif", "REPORT=page.html"),
    )
    for name, *words in steps:
        answer = qgis_process("--json", "run", f"scdm:{name}", "--", *words, cwd=tmp_path)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    results = json.loads(answer.stdout[answer.stdout.index("{") :])["results"]
    assert 0 < results["RMSE"] < 1
    assert 0 < results["SAM"] < 90
    assert "<html" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words, told",
    [
        (["INPUT=field.tif", "BAND_RED=7"], "7"),
        (["INPUT=field.tif", "EXTENT=0,1,0,1"], "xtent"),
        (["INPUT=field.tif", "MODEL=."], "model.json"),
        (["INPUT=nothing.tif"], "INPUT"),
    ],
)
def test_a_refusal_is_told_and_leaves_nothing(
    qgis_process, picture, tiny_package, tmp_path, words, told
):
    model = [] if any(word.startswith("MODEL") for word in words) else [f"MODEL={tiny_package}"]
    words = [*words, *model, "OUTPUT=o.tif"]
    answer = qgis_process("run", "scdm:upsample", "--", *words, cwd=tmp_path)
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0
    assert told in said and "Traceback" not in said
    assert list(tmp_path.glob("o.*")) == []


def test_ctrl_c_ends_it_within_a_tile(started, write_raster, tmp_path):
    """One tile of ``best`` takes seconds and tells no progress: it is not waited for."""
    values = np.random.default_rng(3).integers(20, 230, (3, 420, 420), np.uint8)
    write_raster("large.tif", values)
    words = ["run", "scdm:upsample", "--", "INPUT=large.tif", "OUTPUT=cube.tif", "QUALITY=best"]
    process, said = started([*words, "SPREAD=spread.tif"], tmp_path)
    assert any(line.startswith("Device: ") for line in said)
    process.send_signal(signal.SIGINT)
    assert "Cancelled: nothing was written." in "".join(said)
    assert process.wait() == 1
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tif"] == ["large.tif"]
    assert not list(tmp_path.glob("*.part*"))


def test_without_a_runtime_it_says_how_to_get_one(qgis_process, picture, tmp_path):
    words = ["INPUT=field.tif", "OUTPUT=o.tif"]
    answer = qgis_process("run", "scdm:upsample", "--", *words, cwd=tmp_path, SCDM_PYTHON="")
    assert answer.returncode != 0
    assert "SCDM → Setup → Install runtime" in answer.stdout + answer.stderr
