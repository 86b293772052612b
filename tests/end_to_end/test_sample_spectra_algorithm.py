"""scdm:samplespectra in a real qgis_process and in a QGIS with layers in memory."""

import numpy as np
import pytest
from osgeo import gdal, ogr, osr

from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.georeference import Georeference
from model_runtime.spectra import spectral_library

gdal.UseExceptions()
NM = np.arange(450.0, 900.0, 20)
UTM = osr.SpatialReference()
UTM.ImportFromEPSG(32633)
PLACE = Georeference((500000.0, 2.0, 0.0, 4e6, 0.0, -2.0), UTM)
LEFT = "POLYGON ((500000 4000000, 500020 4000000, 500020 3999960, 500000 3999960, 500000 4000000))"
RIGHT = "POLYGON ((500020 4000000, 500060 4000000, 500060 3999960, 500020 3999960, 500020 4000000))"


@pytest.fixture
def values():
    """Reflectance of 20 x 30 pixels."""
    return np.random.default_rng(1).uniform(0.05, 0.6, (len(NM), 20, 30)).astype(np.float32)


@pytest.fixture
def cube(values, tmp_path):
    """Cube and two draws of it; returns the cube's path."""
    (tmp_path / "draws").mkdir()
    for name, power in (("cube", 1), ("draws/sample_001", 1.1), ("draws/sample_002", 0.8)):
        bent = Cube(values**power, NM, np.full(len(NM), 20.0), "reflectance", PLACE)
        write_cube(str(tmp_path / f"{name}.tif"), bent, "float32", {})
    return tmp_path / "cube.tif"


@pytest.fixture
def fields(tmp_path):
    """Two fields that lie side by side: columns 0 to 9 and 10 to 29."""
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "fields.gpkg"))
    layer = source.CreateLayer("fields", UTM)
    layer.CreateField(ogr.FieldDefn("crop", ogr.OFTString))
    for name, text in (("wheat", LEFT), ("maize", RIGHT)):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetField("crop", name)
        feature.SetGeometry(ogr.CreateGeometryFromWkt(text))
        layer.CreateFeature(feature)
    return tmp_path / "fields.gpkg"


def test_all_three_outputs(qgis_process, cube, fields, values, tmp_path):
    words = [f"INPUT={cube}", f"FEATURES={fields}", "NAME_FIELD=crop", "INDICES=NDVI"]
    words += [f"DRAWS={tmp_path / 'draws'}", f"OUTPUT={tmp_path / 's.gpkg'}"]
    words += [f"CSV={tmp_path / 's.csv'}", f"LIBRARY={tmp_path / 's.sli'}"]
    answer = qgis_process("run", "scdm:samplespectra", "--", *words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    source = ogr.Open(str(tmp_path / "s.gpkg"))
    layer = source.GetLayer(0)
    wheat, maize = list(layer)
    assert (wheat.GetField("crop"), maize.GetField("pixels")) == ("wheat", 400)
    mean = values[:, :, 10:].mean((1, 2))
    assert maize.GetField("mean_850") == pytest.approx(mean[20], rel=1e-5)
    assert maize.GetField("low_850") < maize.GetField("mean_850") < maize.GetField("high_850")
    red, infrared = (np.interp(nm, NM, mean) for nm in (665, 833))
    ndvi = (infrared - red) / (infrared + red)
    assert maize.GetField("NDVI") == pytest.approx(ndvi, abs=1e-5)
    assert maize.GetField("NDVI_low") < ndvi < maize.GetField("NDVI_high")
    library = spectral_library.read(tmp_path / "s.sli")
    assert [one.name for one in library] == ["wheat", "maize"]
    np.testing.assert_allclose(library[1].values, mean, rtol=1e-5)
    assert (tmp_path / "s.csv").read_text().count("maize,spectrum") == len(NM)


def test_names_are_those_of_the_users_folder(qgis_process, cube, fields, tmp_path):
    """The worker runs in another folder: relative names of files and folders still hold."""
    words = ["INPUT=cube.tif", "DRAWS=draws", "INDICES=NDVI"]
    for name, more in (
        ("samplespectra", ["FEATURES=fields.gpkg", "OUTPUT=s.gpkg", "CSV=s.csv"]),
        ("spectralindices", ["OUTPUT=i.tif"]),
    ):
        answer = qgis_process("run", f"scdm:{name}", "--", *words, *more, cwd=tmp_path)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    made = [name for name in ("s.gpkg", "s.csv", "i.tif") if (tmp_path / name).is_file()]
    assert made == ["s.gpkg", "s.csv", "i.tif"]


def test_no_output_is_refused(qgis_process, cube, fields):
    answer = qgis_process("run", "scdm:samplespectra", "--", f"INPUT={cube}", f"FEATURES={fields}")
    assert answer.returncode != 0
    assert "Choose an output" in answer.stdout + answer.stderr


def test_the_workers_refusal_is_in_the_dialogs_words(qgis_process, cube, fields, tmp_path):
    words = [f"INPUT={cube}", f"FEATURES={fields}", f"DRAWS={tmp_path}"]
    answer = qgis_process(
        "run", "scdm:samplespectra", "--", *words, f"OUTPUT={tmp_path / 's.gpkg'}"
    )
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0 and "holds 0 draws" in said and "Traceback" not in said
    assert not list(tmp_path.glob("s.gpkg*"))
