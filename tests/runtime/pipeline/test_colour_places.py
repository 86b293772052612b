"""The colour correction of a run: one for the whole picture, whatever part of it is made how."""

from dataclasses import replace

import numpy as np
import pytest
from osgeo import gdal

from model_runtime import load
from model_runtime.__main__ import main
from model_runtime.package import manifest
from model_runtime.pipeline import colour_places
from model_runtime.spectra import band_response
from model_runtime.tiling import Window
from tests.conftest import make_tiny_package

gdal.UseExceptions()
TAG = "SCDM_COLOUR_CORRECTION"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The tiny package, which asks for its pictures' colours to be corrected."""
    folder = make_tiny_package(tmp_path_factory.mktemp("corrected"))
    replace(manifest.read(folder), colour_correction=True).write(folder)
    return folder


@pytest.fixture
def picture(write_raster):
    """Fields of a few colours, 8 bits; a corner is masked."""
    rng = np.random.default_rng(0)
    fields = rng.integers(20, 240, (3, 6, 7)).astype(np.uint8)
    values = np.kron(fields, np.ones((1, 20, 20), np.uint8))
    values[:, :40, :60] = 0
    return write_raster("fields.tif", values, nodata=0)


@pytest.fixture
def estimate(package, tmp_path):
    """A function (input, *options) -> (values (bands, rows, cols), tags)."""

    def run(source, *options, model=package):
        output = tmp_path / "o.tif"
        words = ["upsample", source, output, "--model", model, "--dtype", "float32", "--overwrite"]
        assert main([str(word) for word in [*words, *options]]) == 0
        dataset = gdal.Open(str(output))
        return dataset.ReadAsArray(), dataset.GetMetadata()

    return run


def rgb_of(values, package):
    """What the model's input bands see of an estimate."""
    model = manifest.read(package)
    bands = [(band.wavelength_nm, band.fwhm_nm) for band in model.input_bands]
    return band_response.apply(
        band_response.response_matrix(model.wavelength_nm, *zip(*bands)), values
    )


def test_pixels_of_one_colour_are_of_one_colour_in_the_estimate(
    estimate, picture, package, tiny_package
):
    """The tiny model's noise shows in every pixel; with the correction it leaves the colours."""
    made, tags = estimate(picture)
    plain, without = estimate(picture, model=tiny_package)
    field = np.s_[:, 100:120, 60:80]
    assert rgb_of(made, package)[field].std((1, 2)).max() < 1e-5
    assert rgb_of(plain, package)[field].std((1, 2)).min() > 1e-3
    assert TAG in tags and TAG not in without


def test_neither_tiles_nor_an_extent_change_it(estimate, picture):
    whole, tags = estimate(picture)
    small, of_small = estimate(picture, "--tile", "64")
    part, of_part = estimate(picture, "--extent", "500100,4099800,500200,4099900")
    assert tags[TAG] == of_small[TAG] == of_part[TAG]
    np.testing.assert_allclose(small, whole, rtol=0, atol=1e-6)
    np.testing.assert_allclose(part, whole[:, 50:100, 50:100], rtol=0, atol=1e-6)


def test_reflectance_has_no_cameras_colours(estimate, write_raster, tiny_package):
    values = np.random.default_rng(1).uniform(0.02, 0.4, (3, 40, 50)).astype(np.float32)
    source = write_raster("reflectance.tif", values)
    made, tags = estimate(source, "--radiometry", "reflectance")
    plain, _ = estimate(source, "--radiometry", "reflectance", model=tiny_package)
    assert TAG not in tags
    np.testing.assert_array_equal(made, plain)


def test_the_spread_is_that_of_the_samples(estimate, picture, tiny_package, tmp_path):
    spreads = []
    for number, words in enumerate(({}, {"model": tiny_package})):
        path = tmp_path / f"s{number}.tif"
        estimate(picture, "--samples", "3", "--spread", path, **words)
        spreads.append(gdal.Open(str(path)).ReadAsArray())
    np.testing.assert_array_equal(*spreads)


def test_an_array_is_corrected_as_the_command_does(estimate, picture, package):
    made, tags = estimate(picture)
    found = load(package).estimate(gdal.Open(str(picture)).ReadAsArray(), nodata=0)
    assert found.provenance[TAG] == tags[TAG]
    np.testing.assert_allclose(found.mean, made, rtol=0, atol=1e-6)


def test_too_few_valid_pixels_are_not_corrected(estimate, write_raster):
    values = np.zeros((3, 60, 60), np.uint8)
    values[:, 30:34, 30:34] = 90
    _, tags = estimate(write_raster("few.tif", values, nodata=0))
    assert TAG not in tags


@pytest.mark.parametrize("rows, cols", [(1, 1), (17, 300), (4000, 39), (5000, 7000)])
def test_places_lie_inside_and_are_read_on_the_models_grid(package, rows, cols):
    model = manifest.read(package)
    for kept, read in colour_places._places(Window(0, 0, rows, cols), model):
        assert kept.row0 >= 0 and kept.row0 + kept.rows <= rows and kept.rows
        assert kept.col0 >= 0 and kept.col0 + kept.cols <= cols and kept.cols
        assert all(n % model.tile.multiple == 0 for n in (read.rows, read.cols))
        assert (read.row0 % model.tile.multiple, read.col0 % model.tile.multiple) == (0, 0)
