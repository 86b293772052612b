"""Paletted pictures are read as their colours: against looking the colours up by hand."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.raster.palette import DOUBT
from model_runtime.raster.reader import RasterReader
from model_runtime.tiling import Window

gdal.UseExceptions()
ROWS, COLS = 11, 13
NUMBERS = np.random.default_rng(0).integers(0, 16, (ROWS, COLS)).astype(np.uint8)
COLOURS = np.random.default_rng(1).integers(0, 256, (16, 3)).astype(np.uint8)


def colour_table(clear=()):
    """COLOURS, of which the numbers ``clear`` are transparent."""
    table = gdal.ColorTable()
    for number, colour in enumerate(COLOURS):
        table.SetColorEntry(number, (*map(int, colour), 0 if number in clear else 255))
    return table


@pytest.fixture
def write_palette(write_raster):
    """A function: (name, values, how of write_raster) -> raster of NUMBERS with COLOURS."""

    def write(name="p.tif", values=NUMBERS[None], **how):
        path = write_raster(name, values, **how)
        dataset = gdal.Open(str(path), gdal.GA_Update)
        dataset.GetRasterBand(1).SetColorTable(colour_table())
        return path

    return write


def looked_up(numbers):
    """Their colours (3, rows, cols)."""
    return np.moveaxis(COLOURS[numbers], -1, 0)


@pytest.mark.parametrize("options", [[], ["NBITS=4"], ["TILED=YES", "COMPRESS=LZW"]])
def test_every_number_is_read_as_its_colour(write_palette, options):
    picture = RasterReader(write_palette(options=options), None)
    values, valid = picture.read(picture.whole)
    np.testing.assert_array_equal(values, looked_up(NUMBERS))
    assert valid.all()
    assert (picture.bands, picture.type_name, picture.bits) == ([1, 2, 3], "Byte", 8)
    assert picture.facts.used_bits is None  # the four bits are those of the numbers
    assert picture.bands_doubt == DOUBT


def test_a_window_beyond_the_edge_is_mirrored(write_palette):
    picture = RasterReader(write_palette(), None)
    values, _ = picture.read(Window(-3, 5, 8, COLS))
    mirrored = np.pad(NUMBERS, ((3, 0), (0, 5)), mode="reflect")
    np.testing.assert_array_equal(values, looked_up(mirrored[:8, 5:]))


def test_thinned_readings_are_colours_of_the_palette(write_palette):
    """Means of numbers would be colours of nothing."""
    picture = RasterReader(write_palette(), None)
    sampled = {tuple(pixel) for pixel in picture.sample(4).T.astype(int)}
    assert sampled <= {tuple(colour) for colour in COLOURS.astype(int)}


def test_nodata_is_masked(write_palette):
    check_masked(write_palette(nodata=7), (7,))


@pytest.mark.parametrize("clear", [(3,), (3, 5)])
def test_transparent_colours_are_masked(tmp_path, clear):
    plain = gdal.GetDriverByName("MEM").Create("", COLS, ROWS, 1)
    plain.GetRasterBand(1).SetColorTable(colour_table(clear))
    plain.WriteArray(NUMBERS)
    gdal.GetDriverByName("PNG").CreateCopy(str(tmp_path / "p.png"), plain)
    check_masked(tmp_path / "p.png", clear)


def check_masked(path, masked):
    """All numbers but ``masked`` are valid and have their colours."""
    picture = RasterReader(path, None)
    values, valid = picture.read(picture.whole)
    np.testing.assert_array_equal(valid, ~np.isin(NUMBERS, masked))
    np.testing.assert_array_equal(values[:, valid], looked_up(NUMBERS)[:, valid])


def test_a_second_band_of_alpha_masks(write_palette):
    alpha = np.where(np.arange(COLS) < 4, 0, 255) * np.ones((ROWS, 1))
    values = np.stack([NUMBERS, alpha.astype(np.uint8)])
    kinds = [gdal.GCI_PaletteIndex, gdal.GCI_AlphaBand]
    picture = RasterReader(write_palette(values=values, colours=kinds), None)
    _, valid = picture.read(picture.whole)
    np.testing.assert_array_equal(valid, alpha > 0)


@pytest.mark.parametrize("driver", ["GIF", "PNG"])
def test_gif_and_png(write_palette, tmp_path, driver):
    path = tmp_path / f"p.{driver.lower()}"
    gdal.GetDriverByName(driver).CreateCopy(str(path), gdal.Open(str(write_palette())))
    picture = RasterReader(path, None)
    np.testing.assert_array_equal(picture.read(picture.whole)[0], looked_up(NUMBERS))


def test_the_place_is_kept(write_palette):
    picture = RasterReader(write_palette(), None)
    assert picture.georeference.geotransform == (500000, 2, 0, 4100000, 0, -2)
    assert "UTM zone 17N" in picture.georeference.crs_wkt
