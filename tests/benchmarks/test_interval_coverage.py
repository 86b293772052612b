"""The yardstick of intervals tells right ones from half as wide ones, of pixels and of areas."""

import interval_coverage as coverage
import numpy as np
import pytest

from model_runtime.diffusion.settings import Sampling, TileEstimate
from training.data.held_out import HeldOut

BANDS, SIDE, DRAWS = 3, 60, 24


def noise_of(rng, count):
    """Errors that neighbours share in part, as (count, bands, rows, cols)."""
    own = rng.standard_normal((count, BANDS, SIDE, SIDE))
    shared = rng.standard_normal((count, BANDS, SIDE // 10, SIDE // 10))
    return 0.02 * (0.6 * own + 0.8 * shared.repeat(10, 2).repeat(10, 3))


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    made = []
    for group in "ab":
        mean = rng.uniform(0.1, 0.4, (BANDS, SIDE, SIDE))
        truth = mean + noise_of(rng, 1)[0]
        seen = np.ones(truth.shape, bool)
        seen[:, :7] = False
        made.append(HeldOut(group, group, mean[:3].astype(np.float32), truth, seen))
    return made


# None of the stand-ins looks at it.
HOW = Sampling("ddim", 1, DRAWS, (0.0,), seed=0)


@pytest.fixture
def honest(monkeypatch):
    """A model whose draws are as its errors are."""
    rng = np.random.default_rng(1)

    def estimate(model, how, rgb):
        draws = rgb + noise_of(rng, DRAWS)
        return TileEstimate(rgb, np.full(rgb.shape, 0.02), [], list(draws))

    monkeypatch.setattr(coverage, "estimate", estimate)


def test_honest_intervals_pass_for_pixels_and_areas(honest, pictures):
    table = coverage.table_of(None, HOW, pictures)
    assert set(table) == {"a", "b"} and set(table["a"]) == {1, 5, 10}
    assert coverage.breaches({group: {1: sides[1]} for group, sides in table.items()}) == []
    assert table["a"][1][0] == pytest.approx(0.9, abs=0.02)
    assert table["a"][1][1] == pytest.approx(2 * 1.645 * 0.02 / 0.25, rel=0.05)
    assert table["a"][5][0] == pytest.approx(0.9, abs=0.06)


def test_all_seeds_count(monkeypatch, pictures):
    """Of a model whose spread is right at one seed and nothing at the next."""

    def estimate(model, how, rgb):
        spread = 0.02 * (how.seed == HOW.seed)
        return TileEstimate(rgb, np.full(rgb.shape, spread), [], [rgb, rgb])

    monkeypatch.setattr(coverage, "estimate", estimate)
    one, two = (coverage.table_of(None, HOW, pictures, seeds=n)["a"][1][0] for n in (1, 2))
    assert two == pytest.approx(one / 2, abs=0.01)


@pytest.mark.parametrize("stretch", [0.5, 2.5])
def test_intervals_of_half_or_more_than_twice_the_width_fail(honest, pictures, stretch):
    assert coverage.breaches(coverage.table_of(None, HOW, pictures, stretch))


def test_draws_of_single_pixels_are_too_narrow_for_areas(monkeypatch, pictures):
    """What independent noise states of an area: the reason for noise that is shared."""
    rng = np.random.default_rng(1)

    def estimate(model, how, rgb):
        draws = rgb + 0.02 * rng.standard_normal((DRAWS, *rgb.shape))
        return TileEstimate(rgb, np.full(rgb.shape, 0.02), [], list(draws))

    monkeypatch.setattr(coverage, "estimate", estimate)
    table = coverage.table_of(None, HOW, pictures)
    assert table["a"][1][0] > 0.85 and table["a"][5][0] < 0.5


def test_the_table_has_a_row_a_group_and_the_mean(honest, pictures):
    text = coverage.markdown(coverage.table_of(None, HOW, pictures))
    assert text.count("\n| ") >= 4 and "mean of the groups" in text
