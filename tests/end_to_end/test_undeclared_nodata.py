"""A cube's -9999 that no nodata value declares: every command that reads it says what it took."""

import numpy as np
import pytest
from osgeo import gdal, osr

from model_runtime.__main__ import main
from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.georeference import Georeference

gdal.UseExceptions()
NM = np.arange(400.0, 1001.0, 20)
REFERENCE = osr.SpatialReference()
REFERENCE.ImportFromEPSG(4326)
PLACE = Georeference((-81.1, 0.01, 0.0, 36.25, 0.0, -0.01), REFERENCE)
SAID = "10 % of the pixels hold -9999 or the like: taken as nodata though nothing says so"


def write(path, values):
    wide = np.full(len(NM), 20.0)
    write_cube(str(path), Cube(values, NM, wide, "reflectance", PLACE), "float32", {})
    return path


@pytest.fixture
def cube(tmp_path):
    """20 x 30 pixels, of which two rows hold -9999 without a word."""
    values = np.random.default_rng(0).uniform(0.02, 0.6, (len(NM), 20, 30)).astype(np.float32)
    path = write(tmp_path / "cube.tif", values)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for number in range(1, len(NM) + 1):
        band = dataset.GetRasterBand(number)
        band.DeleteNoDataValue()
        band.WriteArray(np.full((2, 30), -9999, np.float32))
    del dataset
    return path


@pytest.fixture
def words(tmp_path, cube):
    """A function: command -> its command line."""
    library = tmp_path / "library.csv"
    rows = [f"{nm:g},{0.1 + nm / 5000:g},{0.7 - nm / 2000:g}" for nm in NM]
    library.write_text("\n".join(["wavelength,soil,slate", *rows]) + "\n")
    fields = tmp_path / "fields.geojson"
    fields.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, '
        '"geometry": {"type": "Point", "coordinates": [-81, 36.15]}}]}'
    )
    out = tmp_path / "out.tif"
    lines = {
        "index": ("index", cube, out, "--index", "NDVI"),
        "simulate-sensor": ("simulate-sensor", cube, out, "--sensor", "superdove"),
        "simulate-rgb": ("simulate-rgb", cube, out),
        "match-spectra": ("match-spectra", cube, out, "--library", library),
        "evaluate": ("evaluate", cube, cube),
        "sample": ("sample", cube, fields, "--csv", tmp_path / "out.csv"),
    }
    return lambda name: [str(word) for word in lines[name]]


@pytest.mark.parametrize(
    "name",
    ["index", "simulate-sensor", "simulate-rgb", "match-spectra", "evaluate", "sample"],
)
def test_it_is_told(words, capsys, name):
    assert main(words(name)) == 0
    heard = capsys.readouterr()
    assert SAID in heard.err + heard.out
    assert "gdal_edit.py -a_nodata -9999" in heard.err + heard.out


def test_a_declared_one_is_not(words, cube, capsys):
    dataset = gdal.Open(str(cube), gdal.GA_Update)
    for number in range(1, len(NM) + 1):
        dataset.GetRasterBand(number).SetNoDataValue(-9999)
    del dataset
    assert main(words("index")) == 0
    assert "-9999" not in capsys.readouterr().err
