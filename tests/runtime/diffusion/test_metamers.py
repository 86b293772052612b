"""What a colour leaves open: between the places of the grid, beyond its ends, and in the spread."""

from dataclasses import replace

import numpy as np
import pytest

from model_runtime.diffusion import metamers
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import EstimateRequest, Sampling
from model_runtime.package import embedded, manifest

LEVELS, RATIOS = (0.05, 0.5), ((0.5, 1.0, 2.0), (0.5, 2.0))
SHAPE = 2, 3, 2
SETTINGS = Sampling("ddim", 2, 4, (0.0, 0.0), seed=1)


@pytest.fixture
def cells():
    return np.random.default_rng(0).uniform(0.1, 2, (2, *SHAPE)).round(3)


@pytest.fixture
def model(tiny_package, cells):
    """The tiny package's manifest with metamers and a spread that is nothing else."""
    tiny = manifest.read(tiny_package)
    rows = tuple(tuple(row) for row in cells.reshape(2, -1).tolist())
    bands = len(tiny.wavelength_nm)
    only = manifest.Calibration("ddim", 2, 4, (0.0,) * bands, (1.0,) * bands)
    table = manifest.Metamers(LEVELS, RATIOS, (0, bands - 1), rows)
    return replace(tiny, metamers=table, calibrations=(only,))


def colour(level, first, second):
    """Red, green and blue of a mean and of the ratios green to red and blue to green."""
    shape = np.array([1, first, first * second])
    return (level * shape / shape.mean())[:, None, None].astype(np.float32)


def test_a_place_of_the_grid_has_its_own_number(model, cells):
    deviation = metamers.of_package(model)
    for at in np.ndindex(SHAPE):
        level = LEVELS[at[0]]
        found = deviation(colour(level, RATIOS[0][at[1]], RATIOS[1][at[2]]))[:, 0, 0]
        wanted = level * cells[(slice(None), *at)]
        np.testing.assert_allclose(found[[0, -1]], wanted, rtol=1e-4)
        between = np.interp(np.arange(len(found)), [0, len(found) - 1], wanted)
        np.testing.assert_allclose(found, between, rtol=1e-4)


def test_between_two_places_lies_their_mean(model, cells):
    found = metamers.of_package(model)(colour(0.5, np.sqrt(2), 2.0))[0, 0, 0]
    assert found == pytest.approx(0.5 * cells[0, 1, 1:, 1].mean(), rel=1e-4)


def test_beyond_the_grid_is_as_at_its_end(model, cells):
    found = metamers.of_package(model)(colour(2.0, 9.0, 0.1))[0, 0, 0]
    assert found == pytest.approx(2.0 * cells[0, 1, 2, 0], rel=1e-4)


def test_black_and_masked_pixels_have_a_number(model):
    odd = np.array([[0, np.nan, -0.1, np.inf]] * 3, np.float32)[:, None]
    found = metamers.of_package(model)(odd)
    assert np.all(np.isfinite(found)) and np.all(found >= 0)


def test_a_package_without_them_has_none(tiny_package):
    assert metamers.of_package(manifest.read(tiny_package)) is None


def test_they_are_the_relative_parts_scale(model, tiny_package):
    rgb = np.random.default_rng(0).uniform(0.02, 0.6, (3, 12, 16)).astype(np.float32)
    cascade = load_cascade(tiny_package, model, "cpu", 1)
    found = cascade.estimate(rgb, 0, 0, SETTINGS)
    np.testing.assert_allclose(found.spread, metamers.of_package(model)(rgb), rtol=1e-5)
    plain = load_cascade(tiny_package, replace(model, metamers=None), "cpu", 1)
    np.testing.assert_array_equal(plain.estimate(rgb, 0, 0, SETTINGS).mean, found.mean)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_part_of_a_picture_has_the_same_spread_and_draws(model, threads):
    """Of the embedded, pixelwise package: what is added looks at single pixels."""
    plain = manifest.read(embedded.EMBEDDED)
    bands = len(plain.wavelength_nm)
    table = replace(model.metamers, bands=(0, bands - 1))
    only = manifest.Calibration("ddim", 2, 4, (1.0,) * bands, (0.5,) * bands)
    shared = manifest.SharedError(((0.1,) * bands,), (), ((0.5,) * bands,))
    whole = replace(plain, metamers=table, calibrations=(only,), shared_error=shared)
    rgb = np.random.default_rng(0).uniform(0.02, 0.6, (3, 28, 20)).astype(np.float32)
    cascade = load_cascade(embedded.EMBEDDED, whole, "cpu", threads)
    wanted = EstimateRequest(draws=True, stages=False)
    narrow = replace(wanted, kept=(slice(9, 16), slice(5, 12)))
    one, other = (cascade.estimate(rgb, 0, 0, SETTINGS, each) for each in (wanted, narrow))
    for full, cut in zip([one.spread, *one.draws], [other.spread, *other.draws]):
        np.testing.assert_allclose(full[:, 9:16, 5:12], cut, atol=1e-6)
