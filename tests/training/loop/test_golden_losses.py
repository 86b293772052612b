"""The training losses against the golden numbers: live weights, no dropout."""

import pytest
import torch

from model_runtime.diffusion import schedule
from training.loop.diffusion import Terms, TorchDiffusion, stage_loss
from training.loop.losses import spectral_angle_loss


@pytest.fixture
def drawn(golden):
    """(diffusion, live network, x0, condition, noise, t) of the golden losses."""
    s = golden.settings
    steps, low, high = s["num_timesteps"], s["schedule_low"], s["schedule_high"]
    d = TorchDiffusion(schedule.betas(s["schedule"], steps, low, high))
    keys = ("x0", "condition", "noise", "t")
    return d, golden.network("model"), *(torch.from_numpy(golden.arrays[f"loss_{k}"]) for k in keys)


@pytest.mark.parametrize("kind", ["l1", "l2"])
@torch.no_grad()
def test_target_loss_equals_the_reference(golden, drawn, kind):
    d, network, *batch = drawn
    found = stage_loss(network, d, Terms("epsilon", kind, sam_weight=0.0), *batch).total
    assert float(found) == pytest.approx(float(golden.arrays[f"loss_{kind}"]), rel=1e-5)


@torch.no_grad()
def test_spectral_angle_loss_equals_the_reference(golden, drawn):
    d, network, x0, condition, noise, t = drawn
    x_t = d.add_noise(x0, noise, t)
    implied = d.x0("epsilon", network(x_t, condition, t), x_t, t)
    found = spectral_angle_loss(implied, x0)
    assert float(found) == pytest.approx(float(golden.arrays["loss_sam"]), rel=1e-5)


@torch.no_grad()
def test_whole_loss_is_the_target_and_the_weighted_angle(golden, drawn):
    d, network, *batch = drawn
    found = stage_loss(network, d, Terms("epsilon", "l1", sam_weight=0.5), *batch).total
    expected = golden.arrays["loss_l1"] + 0.5 * golden.arrays["loss_sam"]
    assert float(found) == pytest.approx(float(expected), rel=1e-5)
