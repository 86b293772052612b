"""Training's diffusion agrees with the sampler's schedule; a perfect network costs nothing."""

import numpy as np
import pytest
import torch

from model_runtime.diffusion import schedule
from model_runtime.package.manifest import PREDICTIONS
from training.loop.diffusion import Terms, TorchDiffusion, stage_loss
from training.loop.losses import spectral_angle_loss

BETAS = schedule.betas("linear", 100, 1e-3, 0.1)
T = torch.tensor([0, 40, 99])


@pytest.fixture
def d():
    return TorchDiffusion(BETAS)


@pytest.fixture
def drawn():
    """(x0, condition, noise), each (3, 4, 5, 6)."""
    return torch.randn(3, 3, 4, 5, 6, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", PREDICTIONS)
def test_the_target_is_what_the_sampler_reads_as_x0_and_noise(d, drawn, kind):
    x0, _, noise = drawn
    x_t, target = d.add_noise(x0, noise, T), d.target(kind, x0, noise, T)
    for i, t in enumerate(T.tolist()):
        x, runtime = x_t[i].numpy(), schedule.diffusion(BETAS)
        found = schedule.x0(kind, target[i].numpy(), x, runtime, t)
        np.testing.assert_allclose(found, x0[i], atol=2e-3)
        np.testing.assert_allclose(schedule.epsilon(found, x, runtime, t), noise[i], atol=2e-3)


@pytest.mark.parametrize("kind", PREDICTIONS)
def test_x0_of_the_target_is_x0(d, drawn, kind):
    x0, _, noise = drawn
    x_t, target = d.add_noise(x0, noise, T), d.target(kind, x0, noise, T)
    torch.testing.assert_close(d.x0(kind, target, x_t, T), x0, atol=1e-3, rtol=1e-3)


def test_noising_keeps_the_variance(d):
    generator = torch.Generator().manual_seed(1)
    x0, noise = torch.randn(2, 3, 4, 100, 100, generator=generator)
    torch.testing.assert_close(
        d.add_noise(x0, noise, T).var((1, 2, 3)), torch.ones(3), atol=0.03, rtol=0
    )


@pytest.mark.parametrize("kind", PREDICTIONS)
def test_a_network_that_knows_costs_nothing(d, drawn, kind):
    x0, condition, noise = drawn
    known = lambda x_t, c, t: d.target(kind, x0, noise, t)  # noqa: E731
    loss = stage_loss(known, d, Terms(kind, "l1", 1.0), x0, condition, noise, T).total
    assert loss.item() == pytest.approx(0, abs=1e-4)


def test_the_network_sees_the_noised_picture_the_condition_and_the_time(d, drawn):
    x0, condition, noise = drawn
    seen = []

    def network(*arguments):
        seen.extend(arguments)
        return torch.zeros_like(x0)

    stage_loss(network, d, Terms("x0", "l2", 0.0), x0, condition, noise, T)
    torch.testing.assert_close(seen[0], d.add_noise(x0, noise, T))
    assert seen[1] is condition
    assert seen[2] is T


def test_the_offset_makes_the_angle_that_of_the_spectra(d, drawn):
    """cos of x0 and of x0 + offset differ: the released angle is of normalised values."""
    x0, condition, noise = drawn
    guess = lambda x_t, c, t: x0 + 0.5  # noqa: E731
    of = lambda offset: stage_loss(  # noqa: E731
        guess, d, Terms("x0", "l1", 2.0, offset), x0, condition, noise, T
    ).total.item()
    assert of(0.0) == pytest.approx(0.5 + 2 * spectral_angle_loss(x0 + 0.5, x0).item(), rel=1e-5)
    assert of(3.0) == pytest.approx(
        0.5 + 2 * spectral_angle_loss(x0 + 3.5, x0 + 3).item(), rel=1e-5
    )


def test_what_is_not_seen_is_not_learned_from(d, drawn):
    x0, condition, noise = drawn
    seen = torch.rand(x0.shape, generator=torch.Generator().manual_seed(2)) > 0.5
    scale = torch.ones(1, requires_grad=True)
    wrong_where_hidden = lambda x_t, c, t: torch.where(seen, x0, scale * 100)  # noqa: E731
    loss = stage_loss(
        wrong_where_hidden, d, Terms("x0", "l1", 1.0), x0, condition, noise, T, seen
    ).total
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-5)
    assert scale.grad.item() == 0
