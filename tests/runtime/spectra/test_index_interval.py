"""The interval of an index, from draws and from the spread."""

import numpy as np
import pytest

from model_runtime.spectra import index_interval
from model_runtime.spectra.index_formula import parse


def test_draws_give_their_standard_deviation():
    drawn = np.random.default_rng(0).normal(0.7, 0.1, (16, 2, 3, 4)).astype(np.float32)
    drawn[3, 0, 0, 0] = np.nan
    found = index_interval.of_draws(drawn.mean(0), drawn)
    assert found == pytest.approx(np.nanstd(drawn, axis=0, ddof=1), rel=1e-4)


def test_one_draw_says_nothing():
    assert np.isnan(index_interval.of_draws(np.zeros((1, 1, 1)), [np.ones((1, 1, 1))])).all()


def test_the_spread_gives_the_sum_of_slopes():
    formula = parse("(r860 - r670) / (r860 + r670)")
    red, infrared = 0.1, 0.4
    seen, spread = np.array([[red], [infrared]]), np.array([[0.01], [0.03]])
    slopes = 2 * infrared / (red + infrared) ** 2, 2 * red / (red + infrared) ** 2
    expected = slopes[0] * 0.01 + slopes[1] * 0.03
    assert index_interval.of_spread(formula, seen, spread) == pytest.approx(expected, rel=1e-3)


def test_low_and_high_lie_beside_each_value():
    laid = index_interval.beside(np.array([[[1.0]], [[2.0]]]), np.array([[[0.1]], [[0.2]]]))
    assert laid.ravel() == pytest.approx([1, 0.8355, 1.1645, 2, 1.671, 2.329], rel=1e-6)


@pytest.mark.parametrize("draws", [2, 3, 4, 5, 6, 8, 16, 64, 1000])
def test_few_draws_take_students_t(draws):
    scipy_stats = pytest.importorskip("scipy.stats")
    exact = scipy_stats.t.ppf(0.95, draws - 1)
    assert index_interval.deviations(draws) == pytest.approx(exact, abs=0.002)


def test_the_interval_of_few_draws_holds_as_often_as_that_of_many():
    rng = np.random.default_rng(0)
    for draws in (4, 8, 16):
        drawn, truth = rng.standard_normal((draws, 1, 100, 400)), rng.standard_normal((1, 100, 400))
        middle = np.zeros_like(truth)
        deviation = index_interval.of_draws(drawn.mean(0), drawn)
        times = index_interval.deviations(draws)
        _, low, high = index_interval.beside(middle, deviation, times)
        assert np.mean((low < truth[0]) & (truth[0] < high)) == pytest.approx(0.9, abs=0.01)
