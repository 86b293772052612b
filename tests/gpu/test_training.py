"""Training on the GPU: the processor's step, finite numbers in bfloat16, a run that moves."""

import copy
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

NEAR = 1e-4
BANDS = 12


@pytest.fixture(scope="module")
def config():
    from gpu_training import config_of

    return config_of("float32", quick=True)


@pytest.fixture
def trainer(torch_device, config):
    """A function that makes a trainer of made scenes on a device, in a precision."""
    from gpu_training import config_of, make_trainer

    def make(device=torch_device, precision="float32"):
        return make_trainer(config_of(precision, quick=True), device)

    return make


def weights(network):
    return [p.detach().cpu().clone() for p in network.parameters()]


def one_step(network, config, device):
    """The loss of a batch that is the same on all devices, and the weights after its step."""
    from training.loop.diffusion import stage_loss
    from training.loop.stage_trainer import diffusion_of, loss_terms

    settings = config.stages[0]
    network = copy.deepcopy(network).to(device)
    rng = np.random.default_rng(0)

    def normal(bands):
        values = rng.standard_normal((2, bands, 16, 16)).astype(np.float32)
        return torch.from_numpy(values).to(device)

    x0, condition, noise = normal(BANDS), normal(3), normal(BANDS)
    t = torch.tensor([999, 400], device=device)
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3)
    network.eval()  # no dropout, whose draws are each device's own
    d, terms = diffusion_of(settings, device), loss_terms(config, settings)
    loss = stage_loss(network, d, terms, x0, condition, noise, t, torch.ones_like(x0).bool()).total
    loss.backward()
    optimiser.step()
    return float(loss.detach()), weights(network)


def test_a_step_is_the_processors(torch_device, config):
    from training.networks import registry

    torch.manual_seed(0)
    network = registry.build(config, 0)
    (loss, after), (expected, expected_after) = (
        one_step(network, config, device) for device in (torch_device, "cpu")
    )
    assert loss == pytest.approx(expected, rel=NEAR)
    for one, other in zip(after, expected_after):
        torch.testing.assert_close(one, other, atol=NEAR, rtol=NEAR)


def test_muon_moves_weights_as_on_the_processor(torch_device, config):
    """One step by the same gradients; Muon's own products are in bfloat16."""
    from training.loop import optimisers

    torch.manual_seed(0)
    start = torch.nn.Sequential(torch.nn.Conv2d(16, 64, 1), torch.nn.Conv2d(64, 8, 3))
    gradients = [torch.randn_like(p) for p in start.parameters()]
    training, moved = replace(config.training, optimiser="muon"), []
    for device in ("cpu", torch_device):
        network = copy.deepcopy(start).to(device).to(memory_format=torch.channels_last)
        optimiser = optimisers.make(network, training, device)
        for p, gradient in zip(network.parameters(), gradients):
            p.grad = gradient.to(device)
        optimiser.step()
        moved.append(weights(network))
    for before, expected, found in zip(weights(start), *moved):
        longest = float((expected - before).abs().max())
        assert longest > 0
        torch.testing.assert_close(found, expected, atol=0.05 * longest, rtol=0)


def test_bfloat16_gives_finite_numbers(trainer):
    run = trainer(precision="bfloat16")
    losses = [float(run.advance()) for _ in range(3)]
    assert np.isfinite(losses).all()
    assert all(bool(torch.isfinite(w).all()) for w in weights(run.network))


def test_a_run_begun_on_the_gpu_goes_on_on_the_processor(trainer, tmp_path):
    from training.loop import checkpoint

    first = trainer()
    for _ in range(2):
        first.advance()
    checkpoint.save(tmp_path, 0, {**first.state(), "learnt_from": []})
    second = trainer("cpu")
    second.restore(checkpoint.load(tmp_path, 0))
    assert second.step == 2
    for one, other in zip(weights(second.network), weights(first.network)):
        assert torch.equal(one, other)
    assert np.isfinite(float(second.advance()))
