"""Noise belongs to a place in the raster, whatever window asks for it."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from model_runtime.diffusion.noise import (
    CELL,
    COLUMNS,
    NoiseKey,
    draw_noise,
    pick_noise,
    pick_parts,
)
from model_runtime.package.manifest import SharedNoise
from model_runtime.tiling import Window

DRAW = {"seed": 1, "stage": 0, "sample": 0, "step": 999}
WHOLE = (-70, -70, 140, 140)  # row0, col0, rows, cols: over the raster's upper left corner


def window(*place, **other):
    """Noise (bands, rows, cols) at (row0, col0, rows, cols)."""
    return draw_noise(NoiseKey(**{**DRAW, **other}), 2, Window(*place))


places = st.integers(-70, 40)
sizes = st.integers(1, 30)


@hypothesis.settings(max_examples=25)
@hypothesis.given(places, places, sizes, sizes)
def test_any_window_is_a_part_of_the_whole(row0, col0, rows, cols):
    found = window(row0, col0, rows, cols)
    row, col = row0 - WHOLE[0], col0 - WHOLE[1]
    np.testing.assert_array_equal(found, window(*WHOLE)[:, row : row + rows, col : col + cols])
    assert found.dtype == np.float32


def test_places_that_mirror_each_other_differ():
    at_plus, at_minus = window(CELL, CELL, 8, 8), window(-CELL, -CELL, 8, 8)
    assert not np.array_equal(at_plus, at_minus)


@pytest.mark.parametrize(
    "other",
    [{"seed": 2}, {"seed": -1}, {"seed": 2**63}, {"stage": 1}, {"sample": 1}, {"step": 998}]
    + [{"stage": 15, "sample": 2**24 - 1, "step": 100_000}],
    ids=str,
)
def test_every_draw_is_another(other):
    one, another = window(0, 0, 64, 64), window(0, 0, 64, 64, **other)
    correlation = np.corrcoef(one.ravel(), another.ravel())[0, 1]
    assert abs(correlation) < 0.05  # 8192 pairs: 4.5 standard deviations


def test_neighbouring_cells_and_bands_are_independent():
    field = window(0, 0, 2 * CELL, 2 * CELL)
    parts = [field[:, :CELL, :CELL], field[:, CELL:, :CELL], field[:, :CELL, CELL:]]
    rows = np.concatenate([part.reshape(2, -1) for part in parts])
    off = np.corrcoef(rows) - np.eye(6)
    assert np.abs(off).max() < 0.15  # 1024 pairs


def test_it_is_standard_normal():
    field = window(-500, 300, 300, 200)
    assert field.mean() == pytest.approx(0, abs=0.015)
    assert field.std() == pytest.approx(1, abs=0.015)
    assert (field**4).mean() == pytest.approx(3, abs=0.15)


def test_a_seed_means_the_same_numbers_for_ever():
    found = draw_noise(NoiseKey(7, 1, 2, 3), 1, Window(-1, -1, 2, 2))
    np.testing.assert_allclose(
        found,
        [[[-0.3499250113964081, -1.7163610458374023], [1.1494300365447998, -1.1559710502624512]]],
        atol=1e-5,
    )


def picked(*place, samples=1, **other):
    """Noise picked for (row0, col0, rows, cols)."""
    shared, bands = other.pop("shared", None), other.pop("bands", 2)
    return pick_noise(NoiseKey(**{**DRAW, **other}), bands, samples, Window(*place), shared)


@hypothesis.settings(max_examples=25)
@hypothesis.given(places, places, sizes, sizes)
def test_any_window_of_picked_noise_is_a_part_of_the_whole(row0, col0, rows, cols):
    found = picked(row0, col0, rows, cols)
    row, col = row0 - WHOLE[0], col0 - WHOLE[1]
    np.testing.assert_array_equal(found, picked(*WHOLE)[:, row : row + rows, col : col + cols])
    assert found.dtype == np.float32


@pytest.mark.parametrize("col0", [0, COLUMNS - 5, COLUMNS, 3 * COLUMNS - 1])
def test_a_narrow_window_picks_what_a_wide_one_does(col0):
    """Places of narrow windows are cut out of wider ones, also across two of them."""
    key, far = NoiseKey(**DRAW), -5 * COLUMNS
    wide = pick_parts(key, 2, 1, Window(7, far, 9, 9 * COLUMNS)).places.reshape(9, -1)
    narrow = pick_parts(key, 2, 1, Window(7, col0, 9, 12)).places.reshape(9, -1)
    np.testing.assert_array_equal(narrow, wide[:, col0 - far : col0 - far + 12])


@pytest.mark.parametrize("other", [{"seed": 2}, {"seed": -1}, {"stage": 1}, {"step": 998}])
def test_picked_noise_is_another_for_every_seed_stage_and_step(other):
    one, two = picked(0, 0, 100, 100), picked(0, 0, 100, 100, **other)
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.05


def test_neighbours_have_noise_of_their_own():
    found = picked(0, 0, 200, 200)[0]
    for other in (np.roll(found, 1, 0), np.roll(found, 1, 1), found.T, np.roll(found, 7, 0)):
        assert abs(np.corrcoef(found.ravel(), other.ravel())[0, 1]) < 0.03
    np.testing.assert_allclose([found.mean(), found.std()], [0, 1], atol=0.15)


@pytest.mark.parametrize("samples", [2, 4, 16])
def test_the_draws_of_a_pixel_balance_and_each_is_standard_normal(samples):
    each = [picked(0, 0, 60, 60, samples=samples, sample=k, bands=48) for k in range(samples)]
    assert np.abs(np.sum(each, axis=0)).max() < 1e-5
    np.testing.assert_allclose([one.mean() for one in each], 0, atol=0.04)
    np.testing.assert_allclose([one.std() for one in each], 1, atol=0.04)


SHARED = SharedNoise(share=0.7, cell=8)


@hypothesis.settings(max_examples=25)
@hypothesis.given(places, places, sizes, sizes)
def test_any_window_of_shared_noise_is_a_part_of_the_whole(row0, col0, rows, cols):
    found = picked(row0, col0, rows, cols, shared=SHARED)
    row, col = row0 - WHOLE[0], col0 - WHOLE[1]
    whole = picked(*WHOLE, shared=SHARED)[:, row : row + rows, col : col + cols]
    np.testing.assert_allclose(found, whole, atol=1e-6)
    assert found.dtype == np.float32


@pytest.mark.parametrize("shared", [SHARED, SharedNoise(1.0, 3), SharedNoise(0.3, 40)], ids=str)
def test_shared_noise_is_standard_normal_at_every_pixel(shared):
    """Also halfway between the nodes, where two or four of them are averaged."""
    draws = [picked(-3, 5, 24, 24, shared=shared, seed=seed, bands=16) for seed in range(60)]
    draws = np.concatenate(draws)
    assert draws.mean() == pytest.approx(0, abs=0.1)
    np.testing.assert_allclose(draws.std(0), 1, atol=0.15)
    assert (draws**4).mean() == pytest.approx(3, abs=0.35)


def correlation(values, lag):
    return np.corrcoef(values[..., lag:].ravel(), values[..., :-lag].ravel())[0, 1]


def test_near_pixels_share_their_noise_and_far_ones_do_not():
    found = picked(0, 0, 200, 200, shared=SHARED, bands=16)
    assert correlation(found, 1) == pytest.approx(0.7, abs=0.06)
    assert 0.1 < correlation(found, 6) < 0.5
    assert correlation(found, 20) == pytest.approx(0, abs=0.08)
    assert correlation(picked(0, 0, 200, 200, bands=16), 1) == pytest.approx(0, abs=0.03)


def test_the_mean_of_an_area_varies_as_much_as_its_pixels_where_noise_is_shared():
    """So the spread of a field's mean can be had from draws."""
    for share, least, most in ((0.0, 0.08, 0.12), (0.9, 0.75, 1.0)):
        shared = SharedNoise(share, 64)
        draws = [picked(3, 9, 10, 10, shared=shared, seed=seed, bands=8) for seed in range(80)]
        assert least < np.concatenate(draws).mean((1, 2)).std() < most


def test_the_draws_of_a_pixel_balance_where_noise_is_shared_too():
    each = [picked(0, 0, 30, 30, samples=4, sample=k, shared=SHARED) for k in range(4)]
    assert np.abs(np.sum(each, axis=0)).max() < 1e-5
