"""Natural colour out of wavelengths."""

import numpy as np
import pytest
from qgis.core import QgsRasterLayer

from scdm_qgis.layers.raster_file import bands_of_file, wavelengths_nm
from scdm_qgis.layers.style import both_styles, natural_colour


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


def test_natural_colour_and_infrared_keep_the_balance_of_the_visible(qgis_app, write_cube):
    rng = np.random.default_rng(1)
    brightness = np.array([0.1, 0.2, 0.4, 0.8])[:, None, None]  # blue, green, red, infrared
    values = (brightness * rng.uniform(0.5, 1, (4, 30, 40))).astype(np.float32)
    layer = QgsRasterLayer(str(write_cube("cube.tif", values, (460, 550, 640, 860))), "cube")
    assert both_styles(layer)
    tops = [high for _low, high in limits(layer)]
    assert max(tops) - min(tops) < 0.1 and min(tops) > 0.35 and max(tops) < 0.5
    assert layer.brightnessFilter().gamma() > 1
    layer.styleManager().setCurrentStyle("Colour infrared")
    infrared, red, green = limits(layer)
    assert infrared[0] == red[0] == green[0] == 0  # nothing dark is made black
    assert 0.78 < infrared[1] <= 0.81 and red == green and 0.39 < red[1] < 0.45


def limits(layer):
    """(low, high) of red, green and blue."""
    renderer = layer.renderer()
    return [
        (one.minimumValue(), one.maximumValue())
        for one in (
            renderer.redContrastEnhancement(),
            renderer.greenContrastEnhancement(),
            renderer.blueContrastEnhancement(),
        )
    ]


@pytest.mark.parametrize("switch", ["UseExceptions", "DontUseExceptions"])
def test_a_file_that_is_gone_has_no_wavelengths(tmp_path, switch):
    from osgeo import gdal

    before = gdal.GetUseExceptions()
    getattr(gdal, switch)()
    try:
        assert wavelengths_nm(str(tmp_path / "gone.tif")) == []
        assert bands_of_file(str(tmp_path / "gone.tif")) is None
    finally:
        (gdal.UseExceptions if before else gdal.DontUseExceptions)()
