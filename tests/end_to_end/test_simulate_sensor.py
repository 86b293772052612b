"""simulate-sensor on its command line and in a real qgis_process, against plain NumPy."""

import json

import numpy as np
import pytest
from osgeo import gdal

from model_runtime import tiling
from model_runtime.raster.cube import Cube, read_cube, write_cube
from model_runtime.raster.georeference import Georeference

NM = np.arange(400.0, 1001.0, 5)
PLACE = Georeference((500000.0, 2.0, 0.0, 4100000.0, 0.0, -2.0))


@pytest.fixture
def scene(tmp_path):
    """A cube of 20 x 30 pixels with a masked one; returns its path."""
    share = np.random.default_rng(0).random((20, 30))
    leaves = 0.04 + 0.4 / (1 + np.exp((715 - NM) / 15))
    values = leaves[:, None, None] * share + (0.1 + NM / 4000)[:, None, None] * (1 - share)
    values[:, 3, 4] = np.nan
    cube = Cube(values.astype(np.float32), NM, np.full(len(NM), 5.0), "reflectance", PLACE)
    write_cube(tmp_path / "cube.tif", cube, "float32", {})
    return tmp_path / "cube.tif"


def seen(scene, centre, fwhm):
    """What a Gaussian band sees of the scene (rows, cols), by the definition."""
    gauss = np.exp(-4 * np.log(2) * ((NM - centre) / fwhm) ** 2)
    return np.tensordot(gauss / gauss.sum(), read_cube(scene).values, axes=1)


def test_sentinel_2_of_a_cube_to_1000_nm(command, scene, tmp_path):
    done = command("simulate-sensor", scene, tmp_path / "s2.tif", "--sensor", "sentinel2a")
    assert done.returncode == 0
    assert "B10 (1373.5 nm), B11 (1613.7 nm), B12 (2202.4 nm)" in done.stderr
    made = read_cube(tmp_path / "s2.tif")
    assert made.values.shape == (10, 20, 30)
    assert made.wavelength_nm[3] == 664.6 and made.fwhm_nm[3] == 31
    assert made.units == "reflectance" and made.geotransform == PLACE.geotransform
    np.testing.assert_allclose(made.values[3], seen(scene, 664.6, 31), atol=1e-5)
    np.testing.assert_allclose(made.values[7], seen(scene, 832.8, 106), atol=1e-5)
    assert np.isnan(made.values[:, 3, 4]).all()
    dataset = gdal.Open(str(tmp_path / "s2.tif"))
    assert dataset.GetRasterBand(4).GetDescription() == "B4 (664.6 nm)"
    assert dataset.GetMetadataItem("SCDM_SENSOR") == "Sentinel-2A MSI"


def test_strips_do_not_show(scene, tmp_path, monkeypatch):
    from model_runtime import __main__ as runtime

    cube = read_cube(scene)
    wide = Cube(np.tile(cube.values, (1, 14, 10)), NM, cube.fwhm_nm, "reflectance", PLACE)
    write_cube(tmp_path / "wide.tif", wide, "float32", {})
    words = ["simulate-sensor", str(tmp_path / "wide.tif"), "--sensor", "micasense"]
    assert runtime.main([*words, str(tmp_path / "whole.tif")]) == 0
    monkeypatch.setattr(tiling, "STRIP_BYTES", 1)
    assert runtime.main([*words, str(tmp_path / "cut.tif")]) == 0
    both = [read_cube(tmp_path / name).values for name in ("whole.tif", "cut.tif")]
    np.testing.assert_array_equal(*both)


def test_a_table_of_responses(command, scene, tmp_path):
    """In percent and micrometres, of two bands; one more lies beyond the cube."""
    rows = ["um,R,N,S"]
    rows += [f"{nm / 1000},{100 * (620 <= nm <= 680)},{50 * (800 <= nm <= 880)},0" for nm in NM]
    rows += [f"{nm / 1000},0,0,{90 * (nm > 1100)}" for nm in np.arange(1005.0, 1300, 5)]
    (tmp_path / "responses.csv").write_text("\n".join(rows) + "\n")
    words = ["--responses", tmp_path / "responses.csv", "--events"]
    done = command("simulate-sensor", scene, tmp_path / "o.tif", *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["bands"] == ["R", "N"]
    made, cube = read_cube(tmp_path / "o.tif"), read_cube(scene)
    assert made.wavelength_nm == pytest.approx([650, 840])
    assert made.fwhm_nm == pytest.approx([60, 80])
    red = cube.values[(NM >= 620) & (NM <= 680)].mean(axis=0)
    np.testing.assert_allclose(made.values[0], red, atol=1e-5)


@pytest.mark.parametrize(
    "words, why",
    [
        ([], "one of --sensor and --responses"),
        (["--sensor", "landsat8", "--responses", "r.csv"], "one of --sensor and --responses"),
        (["--sensor", "sentinel9"], "sentinel9"),
        (["--responses", "none.csv"], "cannot be read as spectra"),
        (["--responses", "far.csv"], "cover none of the sensor's (swir (2050 nm))"),
        (["--responses", "zero.csv"], "has no value above 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(command, scene, tmp_path, words, why):
    (tmp_path / "far.csv").write_text("nm,swir\n2000,1\n2050,1\n2100,1\n")
    (tmp_path / "zero.csv").write_text("nm,a\n500,0\n550,0\n600,0\n")
    before = sorted(tmp_path.iterdir())
    done = command("simulate-sensor", "cube.tif", "o.tif", *words, cwd=tmp_path)
    assert done.returncode == 2 and why in done.stderr and "Traceback" not in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_from_qgis(qgis_process, scene, tmp_path):
    words = [f"INPUT={scene}", "SENSOR=superdove", f"OUTPUT={tmp_path / 'dove.tif'}"]
    answer = qgis_process("run", "scdm:simulatesensor", "--", *words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    made = read_cube(tmp_path / "dove.tif")
    assert made.values.shape[0] == 8
    np.testing.assert_allclose(made.values[5], seen(scene, 665, 30), atol=1e-5)


def test_from_qgis_with_a_table(qgis_process, scene, tmp_path):
    (tmp_path / "r.csv").write_text("nm,a\n500,1\n550,1\n600,1\n")
    words = [f"INPUT={scene}", f"RESPONSES={tmp_path / 'r.csv'}", f"OUTPUT={tmp_path / 'o.tif'}"]
    answer = qgis_process("run", "scdm:simulatesensor", "--", *words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert read_cube(tmp_path / "o.tif").wavelength_nm == pytest.approx([550])
