"""An estimate's natural colour looks as the picture does that it was made from."""

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsRasterLayer, QgsRectangle
from scdm_qgis.model_runtime.contract import RESPONSES_NM

from scdm_qgis.layers.colour_samples import display_of
from scdm_qgis.layers.look import like, own
from scdm_qgis.layers.style import both_styles, natural_look
from scdm_qgis.layers.style_file import write_beside

NM = np.arange(400.0, 1000.0, 20.0)
ROWS, COLS = 60, 90


def materials():
    """Reflectance (4, bands): grass, soil, blue roof, shadow; narrow features, as real ones."""
    grass = 0.03 + 0.09 * np.exp(-(((NM - 550) / 25) ** 2)) + 0.4 / (1 + np.exp((710 - NM) / 10))
    soil = 0.08 + 0.2 * (NM - 400) / 600
    roof = 0.1 + 0.25 * np.exp(-(((NM - 460) / 30) ** 2))
    return np.stack([grass, soil, roof, np.full(NM.shape, 0.02)])


@pytest.fixture
def spectra():
    """A cube (bands, rows, cols) of patches of mixed materials, brighter to the right."""
    rng = np.random.default_rng(4)
    share = rng.dirichlet([0.6] * 4, (ROWS // 6, COLS // 6)).repeat(6, 0).repeat(6, 1)
    light = np.linspace(0.7, 1.2, COLS)
    return np.einsum("rcm,mb->brc", share, materials()) * light


@pytest.fixture
def pair(spectra, write_cube, write_raster):
    """(picture, estimate) files: the camera's red, green and blue, gamma encoded and stretched."""
    weights = np.exp(-0.5 * np.square([(NM - nm) / width for nm, width in RESPONSES_NM]))
    linear = np.tensordot(weights / weights.sum(1, keepdims=True), spectra, 1)
    picture = np.clip(255 * (0.1 + 0.8 * (linear / 0.4) ** (1 / 1.8)), 0, 255)
    kinds = [gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand]
    rgb = write_raster("picture.tif", picture.astype(np.uint8), colours=kinds)
    return rgb, write_cube("estimate.tif", spectra.astype(np.float32), NM)


def shown(layer, width=COLS, height=ROWS):
    """The displayed colours (3, pixels) of a whole layer, 0 to 255."""
    block = layer.pipe().last().block(1, layer.extent(), width, height)
    argb = np.frombuffer(bytes(block.data()), np.uint32)
    return np.stack([argb >> shift & 255 for shift in (16, 8, 0)]).astype(float)


def saturation(colours):
    return (colours.max(0) - colours.min(0)).mean()


def contrast(colours):
    return colours.mean(0).std()


@pytest.mark.parametrize("stretch", [None, (60, 200)])
def test_the_estimate_is_as_saturated_and_contrasty_as_its_picture(qgis_app, pair, stretch):
    picture, estimate = (QgsRasterLayer(str(path), path.stem) for path in pair)
    if stretch:
        limit(picture, *stretch)
    before = shown(picture)
    assert both_styles(estimate, natural_look(estimate.source(), display_of(picture)))
    after = shown(estimate)
    assert saturation(after) / saturation(before) == pytest.approx(1, abs=0.05)
    assert contrast(after) / contrast(before) == pytest.approx(1, abs=0.05)
    assert np.abs(after - before).mean() < 6


def limit(layer, low, high):
    """Stretch a layer's three bands between two values."""
    from qgis.core import QgsContrastEnhancement as Enhancement

    renderer = layer.renderer()
    for name, band in (("Red", 1), ("Green", 2), ("Blue", 3)):
        one = Enhancement(layer.dataProvider().dataType(band))
        one.setContrastEnhancementAlgorithm(
            Enhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum
        )
        one.setMinimumValue(low)
        one.setMaximumValue(high)
        getattr(renderer, f"set{name}ContrastEnhancement")(one)


def test_a_part_of_the_picture_is_compared_with_that_part(qgis_app, pair, tmp_path):
    picture, estimate = pair
    part = tmp_path / "part.tif"
    gdal.Translate(str(part), str(estimate), srcWin=[30, 10, 55, 45])
    whole = QgsRasterLayer(str(picture), "picture")
    look = natural_look(str(part), display_of(whole))
    layer = QgsRasterLayer(str(part), "part")
    assert both_styles(layer, look)
    cut = whole.pipe().last().block(1, QgsRectangle(layer.extent()), 55, 45)
    argb = np.frombuffer(bytes(cut.data()), np.uint32)
    before = np.stack([argb >> shift & 255 for shift in (16, 8, 0)]).astype(float)
    assert np.abs(shown(layer, 55, 45) - before).mean() < 6


COPIER = """
import shutil
shutil.copy({cube!r}, argv[4])
say(event='started', rows=60, columns=90, tiles=1, device='cpu', providers=[], seed=0)
say(event='done', output=argv[4], seconds=0.25)
"""


def test_the_estimate_of_a_picture_that_qgis_shows_in_false_colours_is_in_natural_ones(
    registered, fake_worker, write_cube, write_raster, log, tmp_path
):
    """Bands named blue, green, red lie on the map as red, green, blue: sand is shown in blue."""
    import processing

    light = np.linspace(0.4, 1.2, ROWS * COLS).reshape(ROWS, COLS)
    sand = materials()[1][:, None, None] * light
    estimate = write_cube("estimate.tif", sand.astype(np.float32), NM)
    bands = np.stack([np.interp(nm, NM, materials()[1]) * light for nm in (465, 550, 640)])
    picture = write_raster("picture.tif", (600 * bands).astype(np.uint8))
    dataset = gdal.Open(str(picture), gdal.GA_Update)
    for number, name in enumerate(("Blue", "Green", "Red"), 1):
        dataset.GetRasterBand(number).SetDescription(name)
    dataset = None
    fake_worker(COPIER.format(cube=str(estimate)))
    output = str(tmp_path / "out.tif")
    processing.run("scdm:upsample", {"INPUT": str(picture), "OUTPUT": output}, feedback=log)
    red, _, blue = shown(QgsRasterLayer(output, "out")).mean(1)
    assert red > blue + 20


def test_a_picture_of_other_colours_is_not_imitated(spectra):
    """Such as a false-colour display: its red is no red of ours."""
    values = spectra.reshape(len(NM), -1)
    noise = np.random.default_rng(1).uniform(0.2, 0.8, (3, values.shape[1]))
    assert like(noise, values, NM) is None


def test_without_its_picture_it_has_the_balance_of_a_camera(spectra):
    values = spectra.reshape(len(NM), -1)
    look = own(values, NM)
    limits = [(one.low, one.high) for one in look.channels]
    assert np.ptp([high for _, high in limits]) < 0.5 * max(high for _, high in limits)
    assert look.gamma > 1
    assert own(values[NM > 700], NM[NM > 700]) is None


def test_nodata_and_few_pixels_give_no_look(spectra):
    values = spectra.reshape(len(NM), -1)
    nothing = np.full((3, values.shape[1]), np.nan)
    assert like(nothing, values, NM) is None
    assert own(np.full_like(values, np.nan), NM) is None


def test_a_reopened_raster_has_the_style_that_lies_beside_it(qgis_app, pair):
    _picture, estimate = pair
    assert write_beside(estimate, both_styles)
    assert not estimate.with_name("estimate.tif.aux.xml").exists()
    again = QgsRasterLayer(str(estimate), "again")  # owns its renderer
    assert [NM[band - 1] for band in again.renderer().usesBands()] == pytest.approx(
        [640, 550, 465], abs=50
    )


def test_a_users_own_style_file_is_kept(qgis_app, pair):
    _picture, estimate = pair
    own_style = estimate.with_suffix(".qml")
    own_style.write_text("<qgis/>")
    assert not write_beside(estimate, both_styles)
    assert own_style.read_text() == "<qgis/>"
    own_style.unlink()
    assert write_beside(estimate, both_styles) and write_beside(estimate, both_styles)
