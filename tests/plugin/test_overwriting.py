"""A file that a layer shows is written anew; a reference system that only the layer has."""

import sys

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingContext, QgsProject, QgsRasterLayer


@pytest.fixture
def run(registered, log, tiny_package, monkeypatch, qgis_new_project):
    """A function: (algorithm, **parameters), in the project that is open."""
    import processing

    monkeypatch.setenv("SCDM_PYTHON", sys.executable)

    def call(algorithm, **parameters):
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        words = {"MODEL": str(tiny_package), **parameters}
        return processing.run(f"scdm:{algorithm}", words, feedback=log, context=context)

    return call


def loaded(path):
    layer = QgsRasterLayer(str(path), path.stem)
    QgsProject.instance().addMapLayer(layer)
    return layer


def first_value(layer):
    point = layer.extent().center()
    return layer.dataProvider().sample(point, 1)[0]


def test_a_loaded_layer_shows_what_was_written_over_its_file(run, rgb_path, write_raster, tmp_path):
    output = tmp_path / "out.tif"
    run("upsample", INPUT=str(rgb_path), OUTPUT=str(output), QUALITY="fast", SEED=1)
    layer = loaded(output)
    before, extent = first_value(layer), layer.extent()
    bright = np.full((3, 12, 20), 250, np.uint8)
    bright[:, 0] = 10
    other = write_raster("other.tif", bright)
    part = "500002,500010,4099980,4099990"
    run("upsample", INPUT=str(other), OUTPUT=str(output), QUALITY="fast", EXTENT=part)
    assert layer.extent() != extent
    assert layer.extent().width() == pytest.approx(8)
    assert first_value(layer) != before
    assert layer.isValid() and layer.name() == "out"


@pytest.fixture
def nowhere(run, tmp_path):
    """A raster without a reference system, its layer placed by the user."""
    path = tmp_path / "nowhere.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 20, 12, 3)
    dataset.SetGeoTransform((500000, 2, 0, 4100000, 0, -2))
    dataset.WriteArray(np.random.default_rng(3).integers(20, 230, (3, 12, 20), np.uint8))
    dataset = None
    layer = loaded(path)
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:25833"))
    return layer


def epsg(path):
    return gdal.Open(str(path)).GetSpatialRef().GetAuthorityCode(None)


def test_a_reference_system_that_the_user_set_reaches_the_outputs(run, nowhere, tmp_path):
    assert gdal.Open(nowhere.source()).GetSpatialRef() is None
    rasters = ("OUTPUT", "SPREAD", "RELIABILITY")
    paths = {name: str(tmp_path / f"{name}.tif") for name in rasters}
    draws = tmp_path / "draws"
    run("upsample", INPUT=nowhere, QUALITY="fast", SAMPLES=2, DRAWS=str(draws), **paths)
    samples = [draws / "sample_001.tif", draws / "sample_002.tif"]
    assert [path for path in sorted(draws.iterdir()) if path.suffix == ".tif"] == samples
    assert {epsg(str(path)) for path in (*paths.values(), *samples)} == {"25833"}
    whole = gdal.Open(paths["OUTPUT"])
    assert whole.GetRasterBand(3).GetDescription() == "550.0 nm"
    assert whole.GetGeoTransform() == gdal.Open(nowhere.source()).GetGeoTransform()
    assert list(tmp_path.glob("*.part*")) == []


def test_it_reaches_a_simulated_picture_too(run, nowhere, write_cube, tmp_path):
    values = np.random.default_rng(1).uniform(0.1, 0.5, (8, 12, 20)).astype(np.float32)
    cube = write_cube("cube.tif", values, [400 + 75 * i for i in range(8)])
    layer = loaded(cube)
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    run("simulatergb", INPUT=layer, OUTPUT=str(tmp_path / "rgb.tif"))
    assert epsg(tmp_path / "rgb.tif") == "3857"


def test_a_file_that_says_its_reference_system_keeps_it(run, rgb_path, tmp_path):
    before = gdal.Open(str(rgb_path)).GetSpatialRef()
    run("upsample", INPUT=loaded(rgb_path), OUTPUT=str(tmp_path / "o.tif"), QUALITY="fast")
    assert gdal.Open(str(tmp_path / "o.tif")).GetSpatialRef().IsSame(before)
