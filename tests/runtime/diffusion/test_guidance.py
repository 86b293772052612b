"""Mixture guidance and progressive truncation against their formulas."""

from dataclasses import replace

import numpy as np
import pytest

from model_runtime.diffusion import guidance, schedule
from model_runtime.package import manifest


def never(x_t, t):
    raise AssertionError("the null network ran")


def test_guidance_is_the_mixture_of_both_networks():
    """null + (s + 1)(conditional - null), as released."""
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)
    guided = guidance.mix_guidance(lambda x, t: 2 * x + t, lambda x, t: x - t, 2.5)
    np.testing.assert_allclose(guided(x, 7), (x - 7) + 3.5 * (x + 14), rtol=1e-5)
    assert guided(x, 7).dtype == np.float32


def test_without_guidance_the_null_network_does_not_run():
    guided = guidance.mix_guidance(lambda x, t: x + t, never, 0.0)
    assert guided(np.float32([1]), 2) == 3


def test_the_null_of_brightness_is_the_grey_of_each_pixel():
    condition = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)
    grey = guidance.null_of(condition, "brightness")
    assert grey.shape == condition.shape and grey.dtype == np.float32
    np.testing.assert_allclose(grey.mean(1), condition.mean(1), atol=1e-6)
    assert np.ptp(grey, axis=1).max() == 0
    assert not guidance.null_of(condition, "zero").any()


def test_a_network_asked_for_both_at_once_gives_the_same_mixture():
    x = np.random.default_rng(0).standard_normal((1, 3, 4, 5)).astype(np.float32)
    apart = guidance.mix_guidance(lambda x, t: 2 * x + t, lambda x, t: x - t, 2.5)
    both = guidance.mix_guidance_of_pair(lambda x, t: np.concatenate([2 * x + t, x - t]), 2.5)
    np.testing.assert_array_equal(both(x, 7), apart(x, 7))


def test_timesteps_outside_the_interval_are_not_guided():
    predict = guidance.within((3, 5), lambda x, t: "guided", lambda x, t: "plain")
    assert [predict(None, t) for t in (2, 3, 5, 6)] == ["plain", "guided", "guided", "plain"]


def test_guidance_of_x0_is_guidance_of_epsilon():
    """Both are linear in each other at one x_t, so a package's prediction does not matter."""
    d = schedule.diffusion(schedule.betas("linear", 100, 1e-3, 0.1))
    rng = np.random.default_rng(1)
    x, one, other = rng.standard_normal((3, 1, 2, 3, 3))
    mixed = guidance.mix_guidance(lambda x, t: one, lambda x, t: other, 1.5)(x, 40)
    x0 = [schedule.x0("epsilon", e, x, d, 40) for e in (one, other, mixed)]
    by_x0 = guidance.mix_guidance(lambda x, t: x0[0], lambda x, t: x0[1], 1.5)(x, 40)
    np.testing.assert_allclose(x0[2], by_x0, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "t, steps, expected",
    [(0, 1000, 1.0), (999, 1000, 0.96), (0, 50, 1.0), (49, 50, 0.96), (5, 11, 0.98), (0, 1, 1.0)],
)
def test_the_quantile_falls_from_one_to_its_bound_over_any_number_of_steps(t, steps, expected):
    assert guidance.truncation_quantile(t, steps, 0.96) == pytest.approx(expected)


def test_truncation_clamps_each_sample_to_its_own_quantile():
    x = np.stack([np.arange(-50, 50), 10 * np.arange(-50, 50)]).reshape(2, 4, 5, 5)
    x = x.astype(np.float32)
    found = guidance.truncate(x, 99, 100, 0.9)
    for sample, result in zip(x, found):
        bound = np.quantile(np.abs(sample), 0.9)
        assert 1 < bound < np.abs(sample).max()
        np.testing.assert_allclose(result, np.clip(sample, -bound, bound), rtol=1e-6)


def test_truncation_leaves_what_is_within_one():
    x = np.linspace(-1, 1, 24, dtype=np.float32).reshape(1, 2, 3, 4)
    np.testing.assert_array_equal(guidance.truncate(x, 9, 10, 0.5), x)


def test_a_bound_of_one_switches_truncation_off():
    x = np.float32([[[[-9, 9]]]])
    assert guidance.truncate(x, 9, 10, 1.0) is x


FITTED = manifest.TruncationThresholds(
    timesteps=(0, 50, 99), levels=(0.5, 0.9, 1.0), thresholds=((1, 2, 3), (1, 3, 5), (2, 4, 6))
)


@pytest.mark.parametrize(
    "t, bound, threshold",
    [(99, 0.9, 4), (99, 0.5, 2), (99, 0.7, 3), (0, 0.5, 3), (50, 0.9, 3 + 2 * 49 / 99)],
)
def test_a_fitted_threshold_is_the_quantile_that_pdt_asks_for(t, bound, threshold):
    x = np.linspace(-9, 9, 24, dtype=np.float32).reshape(1, 2, 3, 4)
    found = guidance.truncate_by_thresholds(x, t, 100, bound, FITTED)
    np.testing.assert_allclose(found, np.clip(x, -threshold, threshold), rtol=1e-6)


def test_fitted_thresholds_clamp_a_pixel_alike_in_any_tile():
    x = np.random.default_rng(3).normal(0, 3, (1, 3, 16, 16)).astype(np.float32)
    whole = guidance.truncate_by_thresholds(x, 80, 100, 0.9, FITTED)
    part = guidance.truncate_by_thresholds(x[..., 2:5, 7:9], 80, 100, 0.9, FITTED)
    np.testing.assert_array_equal(part, whole[..., 2:5, 7:9])
    by_tile = [guidance.truncate(v, 80, 100, 0.9) for v in (x, x[..., 2:5, 7:9])]
    assert not np.array_equal(by_tile[1], by_tile[0][..., 2:5, 7:9])


def test_fitted_thresholds_leave_what_is_within_one_and_are_off_at_a_bound_of_one():
    x = np.linspace(-1, 1, 24, dtype=np.float32).reshape(1, 2, 3, 4)
    low = replace(FITTED, thresholds=((0.1, 0.2, 0.3),) * 3)
    np.testing.assert_array_equal(guidance.truncate_by_thresholds(x, 99, 100, 0.5, low), x)
    wide = 100 * x
    assert guidance.truncate_by_thresholds(wide, 99, 100, 1.0, FITTED) is wide


def test_truncation_at_the_first_timestep_clamps_nothing():
    x = np.random.default_rng(2).normal(0, 5, (2, 3, 4, 4)).astype(np.float32)
    np.testing.assert_array_equal(guidance.truncate(x, 0, 10, 0.5), x)
    assert np.abs(guidance.truncate(x, 9, 10, 0.5)).max() < np.abs(x).max()
