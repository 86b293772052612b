"""Noise belongs to a place in the raster, whatever window asks for it."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from model_runtime.noise import BLOCK, block_noise, shared_noise

DRAW = {"seed": 1, "stage": 0, "sample": 0, "step": 999, "bands": 2}
WHOLE = (-70, -70, 140, 140)  # row0, col0, rows, cols: over the raster's upper left corner


def window(*place, **other):
    """Noise (bands, rows, cols) at (row0, col0, rows, cols)."""
    return block_noise(**{**DRAW, **other}, **dict(zip(("row0", "col0", "rows", "cols"), place)))


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
    at_plus, at_minus = window(BLOCK, BLOCK, 8, 8), window(-BLOCK, -BLOCK, 8, 8)
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


def test_neighbouring_blocks_and_bands_are_independent():
    field = window(0, 0, 2 * BLOCK, 2 * BLOCK)
    parts = [field[:, :BLOCK, :BLOCK], field[:, BLOCK:, :BLOCK], field[:, :BLOCK, BLOCK:]]
    rows = np.concatenate([part.reshape(2, -1) for part in parts])
    off = np.corrcoef(rows) - np.eye(6)
    assert np.abs(off).max() < 0.15  # 1024 pairs


def test_it_is_standard_normal():
    field = window(-500, 300, 300, 200)
    assert field.mean() == pytest.approx(0, abs=0.015)
    assert field.std() == pytest.approx(1, abs=0.015)
    assert (field**4).mean() == pytest.approx(3, abs=0.15)


def test_a_seed_means_the_same_numbers_for_ever():
    found = block_noise(7, 1, 2, 3, 1, -1, -1, 2, 2)
    np.testing.assert_allclose(
        found,
        [[[-0.3499250113964081, -1.7163610458374023], [1.1494300365447998, -1.1559710502624512]]],
        atol=1e-5,
    )


def test_shared_noise_is_a_draw_of_its_own_for_every_seed_stage_sample_and_step():
    draws = [(1, 0, 0, 999), (2, 0, 0, 999), (1, 1, 0, 999), (1, 0, 0, 998)]
    found = np.stack([shared_noise(*draw, 4000, 1) for draw in draws])[:, :, 0, 0]
    assert np.abs(np.corrcoef(found) - np.eye(len(draws))).max() < 0.08
    np.testing.assert_allclose([found.mean(), found.std()], [0, 1], atol=0.03)
    np.testing.assert_array_equal(found[0], shared_noise(*draws[0], 4000, 1)[:, 0, 0])


@pytest.mark.parametrize("samples", [2, 4, 16])
def test_the_shared_draws_of_a_run_balance_and_each_is_standard_normal(samples):
    found = np.stack([shared_noise(3, 0, k, 999, 20_000, samples) for k in range(samples)])
    assert np.abs(found.sum(0)).max() < 1e-5
    np.testing.assert_allclose(found.mean((1, 2, 3)), 0, atol=0.03)
    np.testing.assert_allclose(found.std((1, 2, 3)), 1, atol=0.03)
