"""The compact network's graphs give the network's numbers."""

import pytest
import torch

from training.graphs.compact import DenoiserGraph, EncoderGraph, PixelEncoderGraph
from training.networks.compact import CompactNetwork, CompactSettings

TIMESTEPS = 20


def network(blocks: int = 2, **levels) -> CompactNetwork:
    torch.manual_seed(3)
    settings = CompactSettings(
        condition_bands=4,
        output_bands=9,
        offset=0.2,
        scale=0.15,
        width=16,
        blocks=blocks,
        **levels,
    )
    made = CompactNetwork(settings).eval()
    for weights in made.parameters():  # what starts at zero would hide a mistake
        torch.nn.init.normal_(weights, std=0.3)
    return made


@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("timestep", [0, 7, TIMESTEPS - 1])
@torch.inference_mode()
def test_denoiser_graph_gives_the_denoisers_numbers_at_every_timestep(blocks, timestep):
    denoiser = network(blocks).denoiser
    x, features = torch.randn(3, 9, 4, 5), torch.rand(3, 16, 4, 5)
    t = torch.tensor([timestep])
    expected = denoiser(x, features, t)
    found = DenoiserGraph(denoiser, TIMESTEPS)(x, features, t)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)  # of values to 190


@torch.inference_mode()
def test_denoiser_graph_knows_no_timestep_beyond_its_own():
    graph = DenoiserGraph(network().denoiser, TIMESTEPS)
    with pytest.raises(IndexError):
        graph(torch.zeros(1, 9, 2, 2), torch.zeros(1, 16, 2, 2), torch.tensor([TIMESTEPS]))


@torch.inference_mode()
def test_encoder_graph_that_sees_around_gives_the_encoders_numbers():
    encoder = network(context_widths=(6, 8), context_blocks=(1, 2)).condition_encoder
    condition = torch.linspace(-3, 4, 2 * 4 * 6 * 8).reshape(2, 4, 6, 8)
    found, expected = EncoderGraph(encoder)(condition), encoder(condition)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_encoder_graph_gives_the_encoders_numbers_also_where_it_is_dark():
    encoder = network().condition_encoder
    # From far below zero, where brightness is held at its least, to bright.
    condition = torch.linspace(-3, 4, 4 * 6 * 5).reshape(1, 4, 6, 5)
    found = PixelEncoderGraph(encoder)(condition)
    torch.testing.assert_close(found, encoder(condition), rtol=1e-4, atol=1e-4)
