"""What stored values are multiplied by: the band's scale, else what an ENVI header says."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.raster.band_scale import scale_of
from model_runtime.raster.cube import read_cube
from model_runtime.raster.reader import RasterReader

gdal.UseExceptions()


@pytest.mark.parametrize(
    ("of_band", "factor", "scale"),
    [
        (None, None, 1),
        (None, "10000", 1e-4),
        (1.0, "10000.0", 1e-4),
        (0.01, "10000", 0.01),
        (None, "0", 1),
        (None, "ten thousand", 1),
        (None, "inf", 1),
    ],
)
def test_the_bands_own_scale_goes_before_the_headers(of_band, factor, scale):
    assert scale_of(of_band, lambda key, domain: factor) == pytest.approx(scale)


@pytest.fixture
def envi(tmp_path):
    """Reflectance x 10,000 of 3 x 4 x 5 pixels, as FLAASH writes it."""
    path = tmp_path / "a.img"
    made = gdal.GetDriverByName("ENVI").Create(str(path), 5, 4, 3, gdal.GDT_Int16)
    made.WriteArray(np.full((3, 4, 5), 1234, np.int16))
    del made
    with path.with_suffix(".hdr").open("a") as header:
        header.write("reflectance scale factor = 10000.0\n")
        header.write("wavelength units = Nanometers\nwavelength = {640, 550, 465}\n")
    return str(path)


def test_a_cube_and_a_picture_are_in_reflectance(envi):
    cube, picture = read_cube(envi), RasterReader(envi, None)
    np.testing.assert_allclose(cube.values, 0.1234, rtol=1e-6)
    assert cube.units == "reflectance"
    assert picture.scale == pytest.approx([1e-4] * 3)
