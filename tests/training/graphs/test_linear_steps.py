"""A sampler's sums, read off its function, are what the function does."""

import numpy as np
import pytest

from model_runtime.diffusion import samplers, schedule
from training.graphs.linear_steps import linear_steps

D = schedule.diffusion(schedule.betas("cosine", 200, 0, 0))


def network(x, t):
    """Any function that is not linear."""
    return np.tanh(0.7 * x + t / 200)


def noise(t):
    return np.random.default_rng(t).standard_normal((1, 2, 3, 4)).astype(np.float32)


@pytest.mark.parametrize("name", samplers.SAMPLER_FUNCTIONS)
@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("kind", ["x0", "epsilon", "v"])
def test_the_sums_make_the_samplers_sample(name, count, kind):
    function, order = samplers.SAMPLER_FUNCTIONS[name], samplers.timesteps(D.steps, count)

    def denoise(x, t):
        return schedule.x0(kind, network(x, t), x, D, t)

    expected = function(noise(D.steps), denoise, D, order, noise, lambda x, t: x)
    found = {f"n{t}": noise(t) for t in (D.steps, *order)}
    for k, step in enumerate(linear_steps(function, D, order, kind)):
        x = sum(factor * found[symbol] for symbol, factor in step.x.items())
        found[f"x{k}"] = x
        found[f"x0_{k}"] = step.prediction_of_x0 * network(x, step.t) + step.x_of_x0 * x
    made = found[f"x0_{count - 1}"]
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5)


def test_a_sampler_that_does_not_end_with_the_networks_answer_is_refused():
    def half(x, denoise, d, order, noise, truncate):
        return samplers.ddim(x, denoise, d, order, noise, truncate) / 2

    with pytest.raises(ValueError, match="last answer"):
        linear_steps(half, D, [199, 99], "x0")
