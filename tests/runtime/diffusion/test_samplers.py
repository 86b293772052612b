"""Samplers on Gaussian data, where the perfect denoiser and the flow's solution are known."""

import numpy as np
import pytest

from model_runtime.diffusion import samplers, schedule

MEAN, SPREAD = 0.7, 0.5  # of the data that the Gaussian denoiser knows
LINEAR = schedule.diffusion(schedule.betas("linear", 1000, 1e-4, 0.02))
COSINE = schedule.diffusion(schedule.betas("cosine", 1000, 0, 0))
SAMPLERS = samplers.SAMPLER_FUNCTIONS


def variance(d, t):
    """Of x_t, for data of SPREAD."""
    return d.signal(t) ** 2 * SPREAD**2 + d.noise(t) ** 2


def perfect(d):
    """(x_t, t) -> E[x_0 | x_t] of the Gaussian data."""

    def denoise(x_t, t):
        gain = SPREAD**2 * d.signal(t) / variance(d, t)
        return MEAN + gain * (x_t - d.signal(t) * MEAN)

    return denoise


def flowed(d, x, t, to):
    """Where the probability flow takes x from t to ``to``: the marginals' quantiles stay."""
    ratio = np.sqrt(variance(d, to) / variance(d, t))
    return d.signal(to) * MEAN + ratio * (x - d.signal(t) * MEAN)


def unchanged(x, t):
    return x


def no_noise(t):
    raise AssertionError("a deterministic sampler drew noise")


@pytest.mark.parametrize("train_steps", [1, 2, 7, 50, 1000])
def test_timesteps_fall_from_the_last_without_repeating(train_steps):
    for steps in {1, 2, 3, 5, train_steps // 2, train_steps - 1, train_steps} - {0}:
        if not 1 <= steps <= train_steps:
            continue
        found = samplers.timesteps(train_steps, steps)
        assert len(found) == steps
        assert found[0] == train_steps - 1
        assert found[-1] >= 0
        assert (np.diff(found) < 0).all()


def test_all_timesteps_are_all_and_few_are_evenly_spaced():
    assert samplers.timesteps(10, 10).tolist() == list(range(9, -1, -1))
    assert samplers.timesteps(1000, 4).tolist() == [999, 749, 499, 249]
    assert samplers.timesteps(1000, 1).tolist() == [999]


@pytest.mark.parametrize("d", [LINEAR, COSINE], ids=["linear", "cosine"])
@pytest.mark.parametrize("name, steps", [("ddpm", 1000), ("ddim", 250), ("dpm-solver++", 100)])
def test_gaussian_data_come_back(name, steps, d):
    rng = np.random.default_rng(3)
    shape = (1, 2, 100, 100)
    order = samplers.timesteps(d.steps, steps)
    noise = lambda t: rng.standard_normal(shape)  # noqa: E731
    x = SAMPLERS[name](noise(d.steps), perfect(d), d, order, noise, unchanged)
    assert x.mean() == pytest.approx(MEAN, abs=0.02)
    assert x.std() == pytest.approx(SPREAD, rel=0.03)


@pytest.mark.parametrize("name", ["ddim", "dpm-solver++"])
def test_deterministic_samplers_follow_the_flow(name):
    x = np.linspace(-3, 3, 31).reshape(1, 1, 1, 31)
    order = np.arange(999, -1, -1)
    found = SAMPLERS[name](x, perfect(LINEAR), LINEAR, order, no_noise, unchanged)
    np.testing.assert_allclose(found, flowed(LINEAR, x, 999, -1), atol=5e-3)


FINE = schedule.diffusion(schedule.betas("linear", 50_000, 2e-6, 4e-4))  # LINEAR, hardly rounded


def error_at(name, steps, end=5_000):
    """Distance from the flow's solution at timestep ``end``, by even steps of log SNR."""
    x, reached = np.linspace(-3, 3, 31).reshape(1, 1, 1, 31), {}

    def denoise(x_t, t):
        reached[t] = x_t
        return perfect(FINE)(x_t, t)

    snr = np.log(FINE.alpha_bar / (1 - FINE.alpha_bar))
    wanted = np.linspace(snr[-1], snr[end], steps + 1)
    order = [int(np.abs(snr - value).argmin()) for value in wanted]
    SAMPLERS[name](x, denoise, FINE, order, no_noise, unchanged)
    return np.abs(reached[end] - flowed(FINE, x, FINE.steps - 1, end)).max()


@pytest.mark.parametrize("steps", [5, 10, 20])
def test_dpm_solver_is_closer_to_the_flow_than_ddim(steps):
    assert error_at("dpm-solver++", steps) < 0.6 * error_at("ddim", steps)


@pytest.mark.parametrize("name, low, high", [("ddim", 1.8, 2.2), ("dpm-solver++", 3.5, 5.5)])
def test_twice_the_steps_divide_the_error_by_the_order(name, low, high):
    """By two for a first-order sampler, by four for a second-order one."""
    errors = [error_at(name, steps) for steps in (40, 80, 160)]
    assert low < errors[0] / errors[1] < high
    assert low < errors[1] / errors[2] < high


def crooked(x_t, t):
    """An epsilon network that is no line."""
    return np.tanh(x_t * (1 + 0.1 * t)) + 0.01 * t


def test_ddpm_with_all_steps_is_the_textbook_chain():
    """x = (x - beta / sqrt(1 - alpha_bar) epsilon) / sqrt(1 - beta) + sqrt(beta) z (Ho, alg. 2)."""
    d = schedule.diffusion(schedule.betas("linear", 20, 1e-3, 0.3))
    draws = np.random.default_rng(4).standard_normal((21, 1, 2, 3, 4))
    denoise = lambda x, t: schedule.x0("epsilon", crooked(x, t), x, d, t)  # noqa: E731
    order = samplers.timesteps(20, 20)
    found = samplers.ddpm(draws[20], denoise, d, order, lambda t: draws[t], unchanged)
    x = draws[20]
    for t in range(19, -1, -1):
        share = d.betas[t] / np.sqrt(1 - d.alpha_bar[t])
        x = (x - share * crooked(x, t)) / np.sqrt(1 - d.betas[t])
        x = x + np.sqrt(d.betas[t]) * draws[t] if t else x
    np.testing.assert_allclose(found, x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SAMPLERS)
def test_one_step_is_the_networks_x0_at_the_last_timestep(name):
    x = np.random.default_rng(5).standard_normal((1, 2, 3, 4))
    found = SAMPLERS[name](x, perfect(COSINE), COSINE, [999], no_noise, unchanged)
    np.testing.assert_allclose(found, perfect(COSINE)(x, 999), rtol=1e-6)


@pytest.mark.parametrize("name", SAMPLERS)
def test_truncation_comes_before_every_step(name):
    order, seen = samplers.timesteps(1000, 5), []

    def denoise(x_t, t):
        assert np.abs(x_t).max() <= 0.5
        return perfect(LINEAR)(x_t, t)

    def truncate(x_t, t):
        seen.append(t)
        return np.clip(x_t, -0.5, 0.5)

    x = np.random.default_rng(6).standard_normal((1, 2, 3, 4))
    SAMPLERS[name](x, denoise, LINEAR, order, lambda t: 0 * x, truncate)
    assert seen == order.tolist()


def test_ddpm_draws_the_noise_of_each_timestep_but_the_last():
    order, drawn = samplers.timesteps(1000, 5), []

    def noise(t):
        drawn.append(t)
        return np.zeros((1, 1, 1, 1))

    samplers.ddpm(np.ones((1, 1, 1, 1)), perfect(LINEAR), LINEAR, order, noise, unchanged)
    assert drawn == order[:-1].tolist()


@pytest.mark.parametrize("name", SAMPLERS)
def test_float32_stays_float32(name):
    x = np.random.default_rng(7).standard_normal((1, 2, 3, 4)).astype(np.float32)
    order = samplers.timesteps(1000, 4)
    denoise = lambda x, t: np.float32(0.5) * x  # noqa: E731
    assert SAMPLERS[name](x, denoise, LINEAR, order, lambda t: x, unchanged).dtype == np.float32
