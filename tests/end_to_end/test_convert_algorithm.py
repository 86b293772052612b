"""scdm:convert in a real qgis_process: values and wavelengths outlive the change of format."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.raster.cube import Cube, read_cube, write_cube
from model_runtime.raster.georeference import Georeference

NM = np.array([450.0, 550.5, 865.25])


@pytest.fixture
def cube(tmp_path):
    """A cube of 20 x 31 pixels; returns its path."""
    values = np.random.default_rng(1).uniform(0, 0.6, (3, 20, 31)).astype(np.float32)
    place = Georeference((500000.0, 2.0, 0.0, 4100000.0, 0.0, -2.0))
    path = tmp_path / "cube.tif"
    write_cube(path, Cube(values, NM, np.full(3, 10.0), "reflectance", place), "uint16", {})
    return path


@pytest.mark.parametrize(
    "form, name, driver", [("envi", "o.img", "ENVI"), ("cog", "o.tif", "GTiff")]
)
def test_the_copy_says_what_the_cube_said(qgis_process, cube, tmp_path, form, name, driver):
    words = [f"INPUT={cube}", f"FORMAT={form}", f"OUTPUT={tmp_path / name}"]
    answer = qgis_process("run", "scdm:convert", "--", *words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    made, was = read_cube(tmp_path / name), read_cube(cube)
    np.testing.assert_array_equal(made.values, was.values)
    assert made.wavelength_nm == pytest.approx(NM)
    assert made.fwhm_nm == pytest.approx(was.fwhm_nm)
    dataset = gdal.Open(str(tmp_path / name))
    assert dataset.GetDriver().ShortName == driver
    if form == "cog":
        assert dataset.GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE") == "COG"


@pytest.mark.parametrize("form, name", [("envi", "o.tif"), ("cog", "o.img")])
def test_a_name_of_another_format_is_refused(qgis_process, cube, tmp_path, form, name):
    words = [f"INPUT={cube}", f"FORMAT={form}", f"OUTPUT={tmp_path / name}"]
    answer = qgis_process("run", "scdm:convert", "--", *words)
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0
    assert f"The format {form} needs a name that ends in" in said
    assert list(tmp_path.glob("o.*")) == []
