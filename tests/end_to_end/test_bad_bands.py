"""An ENVI header's bad bands (bbl): no command that reads spectra takes their noise for values."""

import json

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.raster.cube import read_cube, usable_bands

gdal.UseExceptions()
NM = np.arange(400.0, 1001.0, 12)
BAD = (NM > 925) & (NM < 975)
TRUE = np.tile(np.linspace(0.05, 0.5, len(NM), dtype=np.float32)[:, None, None], (1, 12, 20))
SAID = "calls 4 of its 51 bands bad (bbl: 45, 46, 47, 48): they are left out"


def write(path, values, bad=()):
    """An ENVI cube of ``values`` (bands, rows, cols), and its list of bad bands."""
    bands, rows, cols = values.shape
    made = gdal.GetDriverByName("ENVI").Create(str(path), cols, rows, bands, gdal.GDT_Float32)
    made.SetGeoTransform((500000.0, 2.0, 0.0, 4e6, 0.0, -2.0))
    made.WriteArray(values)
    said = {"wavelength": list_of(NM), "wavelength_units": "Nanometers"}
    if len(bad):
        said["bbl"] = list_of(np.where(bad, 0, 1))
    made.SetMetadata(said, "ENVI")
    del made
    return path


def list_of(numbers):
    return "{" + ", ".join(f"{number:g}" for number in numbers) + "}"


@pytest.fixture
def noisy(tmp_path):
    """The true values, with noise in the bands that water vapour hides."""
    values = TRUE.copy()
    values[BAD] = np.random.default_rng(0).uniform(-3, 3, values[BAD].shape)
    return write(tmp_path / "noisy.img", values, BAD)


def test_they_hold_no_values(noisy):
    values = read_cube(str(noisy)).values
    assert np.isnan(values[BAD]).all()
    np.testing.assert_array_equal(values[~BAD], TRUE[~BAD])
    np.testing.assert_array_equal(usable_bands(str(noisy)), np.flatnonzero(~BAD))


def test_a_list_that_calls_all_bad_says_nothing(tmp_path):
    path = write(tmp_path / "all.img", TRUE, np.ones(len(NM), bool))
    np.testing.assert_array_equal(read_cube(str(path)).values, TRUE)


def test_an_estimate_does_not_err_by_them(command, noisy, tmp_path):
    estimate = write(tmp_path / "estimate.img", TRUE)
    done = command("evaluate", estimate, noisy, "--json")
    assert SAID in done.stderr
    found = json.loads(done.stdout)
    assert found["overall"]["rmse"] == 0
    assert found["left_out_nm"] == NM[BAD].tolist()


def test_an_index_is_read_across_them_or_refused(command, noisy, tmp_path):
    index = "index", noisy, tmp_path / "i.tif", "--formula"
    done = command(*index, "r916 + r925")  # the next good bands are at 916 and 976 nm
    assert done.returncode == 0 and SAID in done.stderr
    high = TRUE[NM == 916][0] + (TRUE[NM == 976][0] - TRUE[NM == 916][0]) * 9 / 60
    found = gdal.Open(str(tmp_path / "i.tif")).ReadAsArray()
    np.testing.assert_allclose(found, TRUE[NM == 916][0] + high, rtol=1e-5)
    values = read_cube(str(noisy)).values
    values[NM == 916] = np.nan  # then the gap is too wide
    write(tmp_path / "wide.img", values, BAD)
    done = command("index", tmp_path / "wide.img", tmp_path / "w.tif", "--formula", "r940")
    assert done.returncode == 2 and "nearest bands are at 904 and 976 nm" in done.stderr


def test_a_sensor_does_not_see_them(command, noisy, tmp_path):
    done = command("simulate-sensor", noisy, tmp_path / "s.tif", "--sensor", "enmap")
    assert done.returncode == 0 and SAID in done.stderr
    seen = gdal.Open(str(tmp_path / "s.tif")).ReadAsArray()
    assert seen.min() > 0 and seen.max() < 0.51


def test_a_copy_keeps_their_values_and_the_list(command, noisy, tmp_path):
    for form, name in (("envi", "copy.img"), ("cog", "copy.tif")):
        done = command("convert", noisy, tmp_path / name, "--format", form)
        assert done.returncode == 0, done.stderr
        copy, own = gdal.Open(str(tmp_path / name)), gdal.Open(str(noisy))
        np.testing.assert_array_equal(copy.ReadAsArray(), own.ReadAsArray())
        assert copy.GetMetadataItem("bbl", "ENVI") == own.GetMetadataItem("bbl", "ENVI")


def test_they_are_not_taken_for_red_green_or_blue(command, tmp_path):
    """The estimate is that of a file whose noise lies in none of the three."""
    values, bad = TRUE.copy(), np.abs(NM - 640) < 6
    values[bad] = -3
    noisy = write(tmp_path / "noisy.img", values, bad)
    words = ("--quality", "fast", "--radiometry", "reflectance")
    said = command("upsample", noisy, tmp_path / "cube.tif", *words)
    assert "Red = band 20 (" in said.stderr  # 628 nm; 21 has 640
    assert read_cube(str(tmp_path / "cube.tif")).values.min() > 0
