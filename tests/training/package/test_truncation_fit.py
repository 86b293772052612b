"""Thresholds are the quantiles of |x_t| over chains, each group of pictures counting alike."""

import numpy as np
import pytest

from training.package.truncation_fit import LEVELS, MagnitudeCounts


def test_quantiles_are_those_of_all_that_was_counted():
    values = np.random.default_rng(0).normal(0, 2, (1, 4, 50, 50))
    counts = MagnitudeCounts()
    for part in np.split(values, 2, axis=2):
        counts.add(7, part, 1.0)
    counts.add(3, values / 2, 1.0)
    found = counts.thresholds()
    assert found.timesteps == (3, 7)
    np.testing.assert_allclose(found.thresholds[1], np.quantile(abs(values), LEVELS), atol=0.02)
    np.testing.assert_allclose(found.thresholds[0], np.quantile(abs(values) / 2, LEVELS), atol=0.02)


def test_weight_counts_not_size():
    counts = MagnitudeCounts()
    counts.add(0, np.full((1, 1, 100, 100), 1.0), 0.4)
    counts.add(0, np.full((1, 1, 2, 2), 3.0), 0.6)
    row = dict(zip(LEVELS, counts.thresholds().thresholds[0]))
    assert row[0.5] == pytest.approx(3, abs=0.01)


def test_what_diverges_is_counted_as_large():
    counts = MagnitudeCounts()
    counts.add(0, np.array([1e9, -1e9, 0.0, 0.0]), 1.0)
    assert counts.thresholds().thresholds[0][-1] == pytest.approx(20, abs=0.1)
