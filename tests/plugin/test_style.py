"""Natural colour out of wavelengths."""

import numpy as np
import pytest
from qgis.core import QgsRasterLayer

from scdm_qgis.layers.band_cut import cut_of
from scdm_qgis.layers.raster_file import bands_of_file, wavelengths_nm
from scdm_qgis.layers.style import both_styles, error_colours, natural_colour, spread_colours
from scdm_qgis.layers.style_file import write_beside


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


NM = (460, 550, 640, 860)


def open_layer(path, capfd):
    """The raster ``path`` as a layer; what GDAL prints while QGIS opens it is forgotten.

    QGIS asks for three histograms then, which GDAL 3.13 says that a raster of one value lacks.
    """
    layer = QgsRasterLayer(str(path), path.stem)
    capfd.readouterr()
    return layer


@pytest.mark.parametrize("shape", [(1, 1), (20, 30)])
def test_an_estimate_of_one_colour_is_shown_in_it(qgis_app, write_cube, shape, capfd):
    values = np.ones((4, *shape), np.float32) * np.array([0.05, 0.08, 0.2, 0.3])[:, None, None]
    layer = open_layer(write_cube("cube.tif", values.astype(np.float32), NM), capfd)
    assert both_styles(layer)
    (red,), (green,), (blue,) = shown(layer, 1, 1)
    assert red > green > blue > 0
    assert all(low < high for low, high in limits(layer))
    assert "ERROR" not in "".join(capfd.readouterr())


def shown(layer, width, height):
    """The displayed colours (3, pixels), 0 to 255."""
    block = layer.pipe().last().block(1, layer.extent(), width, height)
    argb = np.frombuffer(bytes(block.data()), np.uint32)
    return np.stack([argb >> shift & 255 for shift in (16, 8, 0)]).astype(float)


@pytest.mark.parametrize("colours", [spread_colours, error_colours])
@pytest.mark.parametrize("value", [0.0, 0.02, np.nan])
def test_a_map_of_one_value_has_a_legend(qgis_app, write_cube, colours, value, capfd):
    values = np.full((4, 5, 6), value, np.float32)
    layer = open_layer(write_cube("map.tif", values, NM), capfd)
    assert colours(layer)
    assert layer.renderer().classificationMin() == 0 < layer.renderer().classificationMax() <= 1
    assert "ERROR" not in "".join(capfd.readouterr())


def test_the_style_file_of_an_estimate_of_one_colour_is_written_in_silence(qgis_app, write_cube):
    from osgeo import gdal

    path, said = write_cube("cube.tif", np.full((4, 5, 6), 500, np.uint16), NM), []
    gdal.PushErrorHandler(lambda kind, number, message: said.append(message))
    try:
        assert write_beside(path, natural_colour)
    finally:
        gdal.PopErrorHandler()
    assert "nan" not in path.with_suffix(".qml").read_text(encoding="utf-8")
    assert said == []


def test_a_legend_has_no_more_digits_than_one_reads(qgis_app, write_cube):
    values = np.random.default_rng(1).uniform(0, 1 / 3, (4, 20, 30)).astype(np.float32)
    layer = QgsRasterLayer(str(write_cube("map.tif", values, NM)), "map")
    assert error_colours(layer)
    assert len(str(layer.renderer().classificationMax())) <= len("0.327")


def test_a_cut_is_of_valid_pixels_in_physical_units(write_cube):
    from osgeo import gdal

    stored = np.arange(2000, dtype=np.uint16).reshape(1, 40, 50)
    path = write_cube("cube.tif", stored, (550,))
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(1).SetNoDataValue(1999)
    dataset.GetRasterBand(1).SetScale(1e-3)
    dataset.GetRasterBand(1).SetOffset(-1)
    dataset = None
    assert cut_of(str(path), 1, (0.0, 1.0)) == pytest.approx((-1.0, 0.998))
