"""What a student is taught: the teacher's steps, solved for one of its own."""

import numpy as np
import pytest
import torch

from model_runtime.diffusion import guidance, samplers, schedule
from model_runtime.package.manifest import PREDICTIONS
from training.config import StageSettings
from training.loop.diffusion import TorchDiffusion
from training.loop.distillation import ddpm_step, sample_steps, truncate, x0_of_one_step, x0_on

T = 100
BETAS = schedule.betas("linear", T, 1e-3, 0.1)
D = schedule.diffusion(BETAS)
STEPS = [(99, 74, 49), (49, 24, -1), (9, 4, 0)]  # t, between, previous of three samples


def settings(prediction, pdt_lower_bound=1.0):
    ends = {"schedule": "linear", "timesteps": T, "schedule_low": 1e-3, "schedule_high": 0.1}
    scale = {"guidance_scale": 0.0, "pdt_lower_bound": pdt_lower_bound}
    return StageSettings((0,), {"kind": "none"}, prediction, iterations=1, **ends, **scale)


def network(x, condition, t):
    """Some function of all that it sees."""
    return 0.6 * torch.tanh(x) + 0.3 * condition - 0.002 * t[:, None, None, None]


@pytest.fixture
def d():
    return TorchDiffusion(BETAS)


@pytest.fixture
def drawn():
    """(x_t, condition), each (3, 4, 5, 6)."""
    return torch.randn(2, 3, 4, 5, 6, generator=torch.Generator().manual_seed(0))


def columns(steps):
    return [torch.tensor(column) for column in zip(*steps)]


def by_the_runtime(prediction, x_t, condition, order, scale=0.0, bound=1.0):
    """x at the last of ``order`` by model_runtime's own formulas, one sample (1, bands, r, c)."""

    def predict(seen):
        return lambda x, t: network(torch.from_numpy(x), seen, torch.tensor([t])).numpy()

    guided = guidance.mix_guidance(predict(condition), predict(torch.zeros_like(condition)), scale)
    x = x_t.numpy()
    for t, previous in zip(order, order[1:]):
        x = guidance.truncate(x, t, T, bound)
        x0 = schedule.x0(prediction, guided(x, t), x, D, t)
        epsilon = schedule.epsilon(x0, x, D, t)
        x = np.float32(D.signal(previous)) * x0 + np.float32(D.noise(previous)) * epsilon
    return x


@pytest.mark.parametrize("scale, bound", [(0.0, 1.0), (1.5, 1.0), (0.0, 0.9)])
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_student_that_says_its_target_ends_where_two_steps_of_the_teacher_do(
    d, drawn, prediction, scale, bound
):
    x_t, condition = drawn
    t, between, previous = columns(STEPS)
    stage = settings(prediction, bound)
    x_t = truncate(x_t, t, stage)
    end = sample_steps(
        x_t, [t, between, previous], x0_on(network, prediction, d, condition, scale), d, stage
    )
    x0 = x0_of_one_step(d, x_t, end, t, previous)
    said = d.target(prediction, x0, d.implied_noise(x0, x_t, t), t)
    for i, order in enumerate(STEPS):
        taught = by_the_runtime(
            prediction, x_t[i : i + 1], condition[i : i + 1], order, scale, bound
        )
        now, _, then = order
        found = schedule.x0(prediction, said[i].numpy(), x_t[i].numpy(), D, now)
        noise = schedule.epsilon(found, x_t[i].numpy(), D, now)
        one_step = D.signal(then) * found + D.noise(then) * noise
        np.testing.assert_allclose(one_step, taught[0], atol=2e-4)
        assert np.abs(taught[0] - x_t[i].numpy()).max() > 0.1  # the steps lead somewhere


def test_the_clean_end_is_reached_by_the_targets_x0_itself(d, drawn):
    x_t, end = drawn
    t, previous = torch.tensor([99, 50, 3]), torch.full((3,), -1)
    torch.testing.assert_close(x0_of_one_step(d, x_t, end, t, previous), end)


@pytest.mark.parametrize("bound", [0.5, 0.96, 1.0])
def test_each_sample_is_truncated_as_the_sampler_does_it(drawn, bound):
    x_t, t = 3 * drawn[0], torch.tensor([99, 40, 0])
    found = truncate(x_t, t, settings("x0", bound))
    for i in range(3):
        expected = guidance.truncate(x_t[i : i + 1].numpy(), int(t[i]), T, bound)
        np.testing.assert_allclose(found[i : i + 1], expected, rtol=1e-5)


def test_walking_all_steps_is_the_runtimes_ddim(d, drawn):
    x_t, condition = drawn
    order = [*samplers.timesteps(T, 4), -1]
    timesteps = [torch.full((3,), int(t)) for t in order]
    found = sample_steps(
        x_t, timesteps, x0_on(network, "epsilon", d, condition), d, settings("epsilon")
    )
    for i in range(3):
        expected = by_the_runtime("epsilon", x_t[i : i + 1], condition[i : i + 1], order)
        np.testing.assert_allclose(found[i : i + 1], expected, atol=2e-4)


def test_a_step_of_ddpm_has_the_runtimes_mean_and_spread(d):
    x_t, x0 = torch.randn(2, 1, 1, 300, 300, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(2)
    found = ddpm_step(d, x0[None], x_t[None], torch.tensor([80]), torch.tensor([40]))[0]
    rest = found.numpy() - samplers.ddpm_mean(x_t.numpy(), x0.numpy(), D, 80, 40)
    assert rest.mean() == pytest.approx(0, abs=0.01)
    assert rest.std() == pytest.approx(np.sqrt(1 - (D.signal(80) / D.signal(40)) ** 2), rel=0.01)
    clean = ddpm_step(d, x0[None], x_t[None], torch.tensor([80]), torch.tensor([-1]))[0]
    torch.testing.assert_close(clean, x0)


def test_a_condition_encoder_looks_once(d, drawn):
    class Encoded(torch.nn.Module):
        looked = 0

        def condition_encoder(self, condition):
            self.looked += 1
            return condition

        def denoiser(self, x, features, t):
            return network(x, features, t)

    x_t, condition = drawn
    encoded, timesteps = Encoded(), columns(STEPS)
    one = sample_steps(x_t, timesteps, x0_on(encoded, "x0", d, condition, 0.5), d, settings("x0"))
    other = sample_steps(x_t, timesteps, x0_on(network, "x0", d, condition, 0.5), d, settings("x0"))
    torch.testing.assert_close(one, other)
    assert encoded.looked == 2  # the condition and the null one
