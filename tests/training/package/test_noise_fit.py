"""The noise's correlation is fitted to that of errors."""

import numpy as np
import pytest

from model_runtime.diffusion.noise import NoiseKey, pick_noise
from model_runtime.package.manifest import SharedNoise
from model_runtime.tiling import Window
from training.package.noise_fit import LAGS, error_correlation, fit, noise_correlation


def errors(share, cell, seed=0):
    """Errors that hang together as noise of this kind does, larger in some bands than in others."""
    noise = pick_noise(
        NoiseKey(seed, 0, 0, 1), 12, 1, Window(0, 0, 120, 120), SharedNoise(share, cell)
    )
    return noise * np.linspace(0.01, 0.2, 12, dtype=np.float32)[:, None, None]


@pytest.mark.parametrize("share, cell", [(0.8, 6), (0.4, 16)])
def test_errors_made_by_shared_noise_are_recognised(share, cell):
    error = errors(share, cell)
    found = fit([error_correlation(error, np.ones(error.shape, bool))])
    assert found.share == pytest.approx(share, abs=0.1)
    assert found.cell / cell == pytest.approx(1, abs=0.4)


def test_independent_errors_share_nothing():
    error = errors(0.0, 8)
    assert fit([error_correlation(error, np.ones(error.shape, bool))]).share == 0


def test_a_scene_that_is_off_as_a_whole_shares_all():
    error = np.full((3, 40, 40), 0.1)
    correlation = error_correlation(error, np.ones(error.shape, bool))
    np.testing.assert_allclose(correlation, 1)
    assert fit([correlation]).share > 0.9


def test_what_was_not_seen_does_not_count():
    error, seen = errors(0.8, 6), np.ones((12, 120, 120), bool)
    seen[:, ::2] = False
    spoilt = np.where(seen, error, 1e6)
    assert error_correlation(spoilt, seen)[1] == pytest.approx(
        error_correlation(error, np.ones_like(seen))[1], abs=0.1
    )


def test_a_scene_too_small_for_a_lag_says_nothing_of_it():
    correlation = error_correlation(np.ones((2, 9, 9)), np.ones((2, 9, 9), bool))
    assert np.isnan(correlation[LAGS.index(12)]) and correlation[0] == pytest.approx(1)
    assert fit([correlation, np.full(len(LAGS), 1.0)]).share > 0.9


def test_the_correlation_of_shared_noise_falls_with_the_distance():
    for cell in (2, 12):
        found = noise_correlation(cell)
        assert (np.diff(found) <= 1e-9).all() and 0.3 < found[0] < 1
