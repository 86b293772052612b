"""Natural colour out of wavelengths."""

import numpy as np
import pytest
from qgis.core import QgsRasterLayer

from scdm_qgis.layers.raster_file import colour_bands, wavelengths_nm
from scdm_qgis.layers.style import natural_colour, nearest_bands


@pytest.mark.parametrize(
    "wavelength_nm, bands",
    [
        ((460, 550, 640), (3, 2, 1)),
        ((2200, 645, None, 540, 480), (2, 4, 5)),
        ((850,), (1, 1, 1)),
        ((None, None), ()),
        ((), ()),
    ],
)
def test_nearest_bands(wavelength_nm, bands):
    assert nearest_bands(wavelength_nm) == bands


def test_wavelengths_in_either_unit_and_domain(write_raster):
    from osgeo import gdal

    path = write_raster("cube.tif", np.ones((4, 3, 5), np.float32))
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(1).SetMetadataItem("wavelength", "0.55")
    dataset.GetRasterBand(1).SetMetadataItem("wavelength_units", "Micrometers")
    dataset.GetRasterBand(2).SetMetadataItem("CENTRAL_WAVELENGTH_UM", "0.64", "IMAGERY")
    dataset.GetRasterBand(3).SetMetadataItem("wavelength", "red")
    dataset = None
    assert wavelengths_nm(str(path)) == [pytest.approx(550), pytest.approx(640), None, None]


def test_a_layer_without_wavelengths_keeps_its_style(qgis_app, rgb_path):
    layer = QgsRasterLayer(str(rgb_path), "field")
    before = layer.renderer().type()
    assert natural_colour(layer) is False
    assert layer.renderer().type() == before


@pytest.mark.parametrize("switch", ["UseExceptions", "DontUseExceptions"])
def test_a_file_that_is_gone_has_no_wavelengths(tmp_path, switch):
    from osgeo import gdal

    before = gdal.GetUseExceptions()
    getattr(gdal, switch)()
    try:
        assert wavelengths_nm(str(tmp_path / "gone.tif")) == []
        assert colour_bands(str(tmp_path / "gone.tif")) == (1, 2, 3)
    finally:
        (gdal.UseExceptions if before else gdal.DontUseExceptions)()
