"""Camera pairs: what is averaged, what is measured, and the site's mean spectrum beside it."""

import json

import numpy as np
import pytest
import quality_cameras
from osgeo import gdal
from quality_bench import Bench
from quality_methods import Regression

from model_runtime.package import manifest
from model_runtime.raster.cube import Cube, read_cube, write_cube
from model_runtime.raster.georeference import Georeference

NM = np.linspace(390.0, 1010.0, 40)
PLACE = (500000.0, 1.0, 0.0, 4100000.0, 0.0, -1.0)
FINE = (PLACE[0], 0.2, 0.0, PLACE[3], 0.0, -0.2)
RED, INFRARED = (int(np.abs(NM - nm).argmin()) for nm in (670, 840))


def write_scene(path, values, place=PLACE):
    path.parent.mkdir(parents=True, exist_ok=True)
    where = Georeference(place)
    cube = Cube(values.astype(np.float32), NM, np.full(len(NM), 15.0), "reflectance", where)
    write_cube(str(path), cube, "float32", {})


def plot(seed, rows=6, cols=4):
    level = np.random.default_rng(seed).uniform(0.1, 0.4, (1, rows, cols))
    return level * (1 + (NM - 390) / 620)[:, None, None]


@pytest.fixture
def data(tmp_path):
    """Two training plots of one site, one of another, and a plot that a camera saw."""
    files = ["train/neon_a_1.tif", "train/neon_a_2.tif", "train/neon_b_1.tif", "val/neon_a_3.tif"]
    for seed, name in enumerate(files):
        write_scene(tmp_path / name, plot(seed))
    listed = [{"file": name, "split": name.split("/")[0], "units": "reflectance"} for name in files]
    (tmp_path / "scenes.json").write_text(json.dumps(listed))
    camera = tmp_path / "pairs" / "neon_a_3_camera.tif"
    camera.parent.mkdir()
    values = np.random.default_rng(9).integers(20, 250, (3, 30, 20)).astype(np.float32)
    made = gdal.GetDriverByName("GTiff").Create(str(camera), 20, 30, 3, gdal.GDT_Float32)
    made.SetGeoTransform(FINE)
    for number, values_of_band in enumerate(values, 1):
        made.GetRasterBand(number).SetNoDataValue(-3.4e38)
        made.GetRasterBand(number).WriteArray(values_of_band)
    return tmp_path


def test_the_camera_is_stored_as_bytes_red_first(data, tmp_path):
    camera, scene = quality_cameras.camera_pairs(data)[0]
    assert scene.stem == "neon_a_3"
    quality_cameras.write_bytes(camera, tmp_path / "bytes.tif")
    stored, source = gdal.Open(str(tmp_path / "bytes.tif")), gdal.Open(str(camera))
    assert stored.GetRasterBand(1).DataType == gdal.GDT_Byte
    assert stored.GetRasterBand(1).GetNoDataValue() is None
    colours = [stored.GetRasterBand(i).GetColorInterpretation() for i in (1, 2, 3)]
    assert colours == [gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand]
    np.testing.assert_array_equal(stored.ReadAsArray(), source.ReadAsArray())
    assert stored.GetGeoTransform() == FINE


def test_an_estimate_is_averaged_over_the_scenes_pixels_and_holes_do_not_count(tmp_path):
    fine = np.random.default_rng(1).uniform(0, 1, (40, 30, 20))
    fine[:, 0, 0] = np.nan
    write_scene(tmp_path / "fine.tif", fine, FINE)
    write_scene(tmp_path / "coarse.tif", plot(0))
    found = quality_cameras.on_grid_of(tmp_path / "coarse.tif", tmp_path / "fine.tif")
    expected = np.nanmean(fine.reshape(40, 6, 5, 4, 5), axis=(2, 4))
    assert found.values == pytest.approx(expected, abs=1e-5)
    assert found.wavelength_nm == pytest.approx(NM, abs=0.01)


def test_a_level_that_is_off_is_no_angle_and_no_ndvi():
    truth = plot(4)
    figures = quality_cameras.judge(1.3 * truth, truth, NM)
    assert figures["sam_degrees"] == pytest.approx(0, abs=1e-3)
    assert figures["ndvi_error"] == pytest.approx(0, abs=1e-6)
    assert figures["infrared_level"] == pytest.approx(1.3)
    assert figures["infrared_error"] == pytest.approx(0.3)


def test_the_ndvi_error_is_of_840_and_670_nm():
    truth = np.full((40, 2, 2), 0.2)
    estimate = truth.copy()
    estimate[INFRARED] = 0.3  # NDVI 0.2 instead of 0
    assert quality_cameras.judge(estimate, truth, NM)["ndvi_error"] == pytest.approx(0.2)


def test_beside_the_methods_stands_the_mean_of_the_sites_training_plots(
    data, tiny_package, tmp_path
):
    model = manifest.read(tiny_package)
    flat = Regression(
        "flat", lambda rgb: np.full((40, *rgb.shape[1:]), 0.2), NM, np.full(40, 15.0), model
    )
    table = quality_cameras.on_cameras(Bench([flat], tmp_path), data)
    assert list(table["neon_a_3"]) == ["flat", quality_cameras.SITE_MEAN]
    level = np.mean([plot(0)[INFRARED], plot(1)[INFRARED]]) / plot(3)[INFRARED].mean()
    found = table["neon_a_3"][quality_cameras.SITE_MEAN]
    assert found["infrared_level"] == pytest.approx(level, rel=1e-3)
    assert found["sam_degrees"] < 0.1 < table["neon_a_3"]["flat"]["sam_degrees"]
    sites = quality_cameras.site_means(table)
    assert sites["neon_a"]["flat"]["ndvi_error"] == table["neon_a_3"]["flat"]["ndvi_error"]


def test_the_methods_take_the_8_bit_picture_by_auto(data, tiny_package, tmp_path):
    seen = []
    model = manifest.read(tiny_package)

    def look(rgb):
        seen.append(rgb)
        return np.full((40, *rgb.shape[1:]), 0.2)

    bench = Bench([Regression("look", look, NM, np.full(40, 15.0), model)], tmp_path)
    quality_cameras.on_cameras(bench, data)
    assert seen[0].shape == (3, 30, 20)
    assert 0 < seen[0].max() < 1
    assert read_cube(str(tmp_path / "neon_a_3_camera.look.tif")).values.shape == (40, 30, 20)
