"""A later stage begins as the interpolation of the one before."""

import numpy as np
import pytest
import torch

from model_runtime.spectra.band_response import interpolation_matrix
from training.networks.compact import CompactNetwork, CompactSettings
from training.networks.interpolation import start_as_interpolation

GIVEN_NM, MADE_NM = [400.0, 500.0, 600.0], [400.0, 450.0, 500.0, 550.0, 600.0, 650.0]
OFFSET, SCALE = 0.15, 0.2


def fresh(width: int, **more) -> CompactNetwork:
    settings = CompactSettings(3, len(MADE_NM), OFFSET, SCALE, width=width, blocks=1, **more)
    network = CompactNetwork(settings).eval()
    start_as_interpolation(network, GIVEN_NM, MADE_NM)
    return network


def answer(network: CompactNetwork, spectra: np.ndarray, x: torch.Tensor) -> np.ndarray:
    """Reflectance (made bands, pixels) of ``spectra`` (given bands, pixels) and of ``x``."""
    condition = torch.from_numpy((spectra[None, :, None] - OFFSET) / SCALE).float()
    with torch.no_grad():
        return (network(x, condition, torch.tensor([3]))[0, :, 0] * SCALE + OFFSET).numpy()


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_a_fresh_stage_hands_on_what_it_is_given(noise):
    spectra = np.random.default_rng(0).uniform(0.01, 0.8, (3, 50))
    x = noise * torch.randn(1, len(MADE_NM), 1, 50, generator=torch.manual_seed(0))
    made = answer(fresh(width=8), spectra, x)
    expected = [np.interp(MADE_NM, GIVEN_NM, one) for one in spectra.T]
    np.testing.assert_allclose(made, np.transpose(expected), atol=1e-6)


def test_of_too_few_features_a_stage_stays_as_drawn():
    torch.manual_seed(0)
    drawn = CompactNetwork(CompactSettings(3, len(MADE_NM), OFFSET, SCALE, width=6, blocks=1))
    torch.manual_seed(0)
    started = fresh(width=6)
    for one, other in zip(drawn.parameters(), started.parameters()):
        torch.testing.assert_close(one, other)


def test_every_weight_of_what_is_handed_on_and_added_can_learn():
    network = fresh(width=10).train()
    x, condition = torch.randn(2, 6, 4, 4), torch.randn(2, 3, 4, 4)
    (
        network(x, condition, torch.tensor([3, 900])) - torch.randn(2, 6, 4, 4)
    ).abs().mean().backward()
    for name in ("shape", "rest"):
        assert (getattr(network.denoiser, name).weight.grad.abs().amax(0) > 0).all(), name


def test_bands_between_are_shared_and_those_beyond_repeated():
    matrix = interpolation_matrix(GIVEN_NM, MADE_NM)
    np.testing.assert_allclose(matrix.sum(1), 1)
    np.testing.assert_allclose(matrix[[1, 5]], [[0.5, 0.5, 0], [0, 0, 1]])
