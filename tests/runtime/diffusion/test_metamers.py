"""What a colour leaves open: between the places of the grid, beyond its ends, and in the spread."""

from dataclasses import replace

import numpy as np
import pytest

from model_runtime.contract import INTERVAL_SPREADS
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


def look_up(model, rgb, estimate=0.0):
    """What the package's table says of colours; of an estimate, if it knows the middle."""
    bands = len(model.wavelength_nm)
    mean = np.broadcast_to(np.float32(estimate), (bands, *rgb.shape[1:]))
    return metamers.of_package(model)(rgb, mean)


def test_a_place_of_the_grid_has_its_own_number(model, cells):
    for at in np.ndindex(SHAPE):
        level = LEVELS[at[0]]
        found = look_up(model, colour(level, RATIOS[0][at[1]], RATIOS[1][at[2]]))[:, 0, 0]
        wanted = level * cells[(slice(None), *at)]
        np.testing.assert_allclose(found[[0, -1]], wanted, rtol=1e-4)
        between = np.interp(np.arange(len(found)), [0, len(found) - 1], wanted)
        np.testing.assert_allclose(found, between, rtol=1e-4)


def test_between_two_places_lies_their_mean(model, cells):
    found = look_up(model, colour(0.5, np.sqrt(2), 2.0))[0, 0, 0]
    assert found == pytest.approx(0.5 * cells[0, 1, 1:, 1].mean(), rel=1e-4)


def test_beyond_the_grid_is_as_at_its_end(model, cells):
    found = look_up(model, colour(2.0, 9.0, 0.1))[0, 0, 0]
    assert found == pytest.approx(2.0 * cells[0, 1, 2, 0], rel=1e-4)


def test_black_and_masked_pixels_have_a_number(model):
    odd = np.array([[0, np.nan, -0.1, np.inf]] * 3, np.float32)[:, None]
    found = look_up(model, odd)
    assert np.all(np.isfinite(found)) and np.all(found >= 0)


def test_a_package_without_them_has_none(tiny_package):
    assert metamers.of_package(manifest.read(tiny_package)) is None


def test_an_interval_reaches_the_farther_end_of_what_there_is(model):
    """Of a range from 0.2 to 1.0, seen from inside, from its ends and from beyond."""
    table, cells = model.metamers, np.prod(SHAPE)
    half, middle = 0.4 / INTERVAL_SPREADS, 0.6
    whole = replace(
        table,
        deviation=((half / 0.5,) * cells,) * 2,  # relative to the level, which is 0.5
        middle=((middle / 0.5,) * cells,) * 2,
    )
    known = replace(model, metamers=whole)
    for estimate, farthest in ((0.6, 0.4), (0.2, 0.8), (0.9, 0.7), (1.1, 0.9)):
        found = look_up(known, colour(0.5, 1.0, 1.0), estimate)
        np.testing.assert_allclose(INTERVAL_SPREADS * found, farthest, rtol=1e-5)


@pytest.mark.parametrize("middle", [False, True])
def test_they_are_the_relative_parts_scale(model, tiny_package, middle):
    table = model.metamers
    if middle:
        model = replace(model, metamers=replace(table, middle=table.deviation[::-1]))
    rgb = np.random.default_rng(0).uniform(0.02, 0.6, (3, 12, 16)).astype(np.float32)
    cascade = load_cascade(tiny_package, model, "cpu", 1)
    found = cascade.estimate(rgb, 0, 0, SETTINGS)
    np.testing.assert_allclose(found.spread, look_up(model, rgb, found.mean), rtol=1e-5)
    plain = load_cascade(tiny_package, replace(model, metamers=None), "cpu", 1)
    np.testing.assert_array_equal(plain.estimate(rgb, 0, 0, SETTINGS).mean, found.mean)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_part_of_a_picture_has_the_same_spread_and_draws(model, threads):
    """Of the embedded, pixelwise package: what is added looks at single pixels."""
    plain = manifest.read(embedded.EMBEDDED)
    bands = len(plain.wavelength_nm)
    cells = model.metamers.deviation
    table = replace(model.metamers, bands=(0, bands - 1), middle=cells[::-1])
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
