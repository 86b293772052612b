"""Wavelengths outlive a change of format: our own command, and GDAL's where it can."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.raster.cube import Cube, read_cube, write_cube
from model_runtime.raster.georeference import Georeference

NM, WIDTH_NM = (450.0, 550.5, 865.25), (10.0, 12.5, 20.0)
ENVI = {
    "wavelength": "{450.00, 550.50, 865.25}",
    "wavelength_units": "Nanometers",
    "fwhm": "{10.00, 12.50, 20.00}",
}
KEEPS_DOMAINS = int(gdal.VersionInfo()) >= 3_080_000


@pytest.fixture
def cube(tmp_path):
    """An output of ours, wider than high, with nodata."""
    path, rng = tmp_path / "cube.tif", np.random.default_rng(1)
    values = rng.uniform(0, 0.6, (3, 30, 50)).astype(np.float32)
    values[:, 3, 4] = np.nan
    place = Georeference((500000.0, 2.0, 0.0, 4100000.0, 0.0, -2.0))
    whole = Cube(values, np.array(NM), np.array(WIDTH_NM), "reflectance", place)
    write_cube(path, whole, "uint16", {"SCDM_SEED": "7"})
    return path


def convert(*words):
    """Run the command; returns its answer."""
    command = [sys.executable, "-m", "model_runtime", "convert", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


def header(path):
    """The fields of an ENVI header, braces and all, white space apart."""
    text = " ".join(path.read_text().split())
    return dict(re.findall(r"([a-z][a-z ]*?) = (\{[^}]*\}|\S+)", text))


def told(path):
    """What gdalinfo says of a raster."""
    answer = subprocess.run(
        ["gdalinfo", "-json", "-mdd", "all", str(path)], capture_output=True, text=True, check=True
    )
    return json.loads(answer.stdout)


def assert_same_values(path, cube):
    made, own = gdal.Open(str(path)), gdal.Open(str(cube))
    np.testing.assert_array_equal(made.ReadAsArray(), own.ReadAsArray())
    assert made.GetGeoTransform() == own.GetGeoTransform()
    assert made.GetRasterBand(2).GetScale() == pytest.approx(1e-4)
    assert made.GetRasterBand(2).GetNoDataValue() == 65535


def test_an_envi_header_says_the_wavelengths(cube, tmp_path):
    answer = convert(cube, tmp_path / "o.img", "--format", "envi")
    assert answer.returncode == 0, answer.stderr
    fields = header(tmp_path / "o.hdr")
    assert {key: fields[key.replace("_", " ")] for key in ENVI} == ENVI
    assert fields["band names"] == "{ 450.0 nm, 550.5 nm, 865.2 nm}"
    assert fields["data ignore value"] == "65535"
    assert str(tmp_path) not in fields["description"]
    assert_same_values(tmp_path / "o.img", cube)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"cube.tif", "o.img", "o.hdr", "o.img.aux.xml"}


def test_the_header_alone_is_enough(cube, tmp_path):
    """As a program without GDAL's sidecar reads it."""
    convert(cube, tmp_path / "o.dat", "--format", "envi")
    (tmp_path / "o.dat.aux.xml").unlink()
    read = read_cube(tmp_path / "o.dat")
    assert read.wavelength_nm == pytest.approx(NM)
    assert read.fwhm_nm == pytest.approx(WIDTH_NM)
    assert np.isnan(read.values[:, 3, 4]).all()


def test_the_header_says_what_only_the_bands_own_items_said(write_raster, tmp_path):
    """As other programs' GeoTIFFs have them; without, the header had no wavelengths."""
    source = write_raster("b.tif", np.ones((3, 4, 5), np.float32))
    dataset = gdal.Open(str(source), gdal.GA_Update)
    for i, nm in enumerate(NM):
        said = {"wavelength": str(nm / 1000), "wavelength_units": "Micrometers"}
        dataset.GetRasterBand(i + 1).SetMetadata(said)
    del dataset
    assert convert(source, tmp_path / "o.img", "--format", "envi").returncode == 0
    fields = header(tmp_path / "o.hdr")
    assert fields["wavelength"].replace(" ", "") == "{" + ",".join(f"{nm:.2f}" for nm in NM) + "}"
    assert fields["wavelength units"] == "Nanometers" and "fwhm" not in fields
    (tmp_path / "o.img.aux.xml").unlink()
    assert read_cube(tmp_path / "o.img").wavelength_nm == pytest.approx(NM)


def test_a_cog_says_them_in_every_domain(cube, tmp_path):
    answer = convert(cube, tmp_path / "o.tif", "--format", "cog")
    assert answer.returncode == 0, answer.stderr
    page = told(tmp_path / "o.tif")
    assert page["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"] == "COG"
    assert page["metadata"]["ENVI"] == ENVI
    assert page["metadata"][""]["SCDM_SEED"] == "7"
    for band, nm, width in zip(page["bands"], NM, WIDTH_NM):
        assert float(band["metadata"][""]["wavelength"]) == nm
        said = band["metadata"]["IMAGERY"]
        assert float(said["CENTRAL_WAVELENGTH_UM"]) == pytest.approx(nm / 1000)
        assert float(said["FWHM_UM"]) == pytest.approx(width / 1000)
    assert_same_values(tmp_path / "o.tif", cube)


@pytest.mark.parametrize("driver, name", [("ENVI", "o.img"), ("COG", "o.tif")])
def test_any_gdal_translate_keeps_the_bands_own_items(cube, tmp_path, driver, name):
    subprocess.run(["gdal_translate", "-q", "-of", driver, cube, tmp_path / name], check=True)
    for band, nm, width in zip(told(tmp_path / name)["bands"], NM, WIDTH_NM):
        said = band["metadata"][""]
        assert (float(said["wavelength"]), float(said["fwhm"])) == (nm, width)
        assert said["wavelength_units"] == "Nanometers"


@pytest.mark.skipif(not KEEPS_DOMAINS, reason="GDAL before 3.8 has no COPY_SRC_MDD")
@pytest.mark.parametrize("driver, name", [("ENVI", "o.img"), ("COG", "o.tif")])
def test_gdal_translate_keeps_every_domain_when_asked(cube, tmp_path, driver, name):
    words = ["gdal_translate", "-q", "-of", driver, "-co", "COPY_SRC_MDD=YES"]
    subprocess.run([*words, cube, tmp_path / name], check=True)
    page = told(tmp_path / name)
    assert {key: page["metadata"]["ENVI"][key] for key in ENVI} == ENVI
    imagery = page["bands"][1]["metadata"]["IMAGERY"]
    # The ENVI driver rounds them to whole nm.
    assert float(imagery["CENTRAL_WAVELENGTH_UM"]) == pytest.approx(0.5505, abs=6e-4)
    assert float(imagery["FWHM_UM"]) == pytest.approx(0.0125, abs=6e-4)
    assert read_cube(tmp_path / name).wavelength_nm == pytest.approx(NM)
    assert read_cube(tmp_path / name).fwhm_nm == pytest.approx(WIDTH_NM)
    if driver == "ENVI":
        fields = header(tmp_path / "o.hdr")
        assert {key: fields[key.replace("_", " ")] for key in ENVI} == ENVI


@pytest.mark.parametrize(
    "words, why",
    [
        (("cube.tif", "o.tif", "--format", "envi"), "a name that ends in .img"),
        (("cube.tif", "o.hdr", "--format", "envi"), "a name that ends in .img"),
        (("cube.tif", "o.img", "--format", "cog"), "ends in .tif"),
        (("cube.tif", "cube.tif", "--format", "cog"), "name another file"),
        (("cube.tif", "none/o.img", "--format", "envi"), "make it, or choose another"),
        (("none.tif", "o.img", "--format", "envi"), "does not exist"),
        (("cube.tif", "o.img"), "--format"),
    ],
)
def test_what_cannot_be_meant_is_refused(cube, tmp_path, words, why):
    source, output, *rest = words
    answer = convert(tmp_path / source, tmp_path / output, *rest)
    assert answer.returncode == 2
    assert why in answer.stderr and "Traceback" not in answer.stderr
    assert list(tmp_path.iterdir()) == [cube]


def test_an_input_keeps_its_header(cube, tmp_path):
    convert(cube, tmp_path / "o.img", "--format", "envi")
    before = (tmp_path / "o.hdr").read_bytes()
    answer = convert(tmp_path / "o.img", tmp_path / "o.dat", "--format", "envi")
    assert answer.returncode == 2 and "header of another raster" in answer.stderr
    assert (tmp_path / "o.hdr").read_bytes() == before
    assert not (tmp_path / "o.dat").exists()


def test_a_damaged_input_leaves_nothing(cube, tmp_path):
    content = cube.read_bytes()
    cube.write_bytes(content[: len(content) // 2])
    answer = convert(cube, tmp_path / "o.img", "--format", "envi")
    assert answer.returncode == 2 and "Traceback" not in answer.stderr
    assert list(tmp_path.iterdir()) == [cube]


def test_envi_data_become_envi_data_again(cube, tmp_path):
    assert convert(cube, tmp_path / "first.img", "--format", "envi").returncode == 0
    answer = convert(tmp_path / "first.img", tmp_path / "second.img", "--format", "envi")
    assert answer.returncode == 0, answer.stderr
    assert_same_values(tmp_path / "second.img", cube)
    first, second = (header(tmp_path / f"{name}.hdr") for name in ("first", "second"))
    assert {**first, "description": second["description"]} == second
