"""The compact network's graphs give the network's numbers."""

import pytest
import torch

from training.graphs.compact import DenoiserGraph, EncoderGraph, PixelEncoderGraph
from training.networks.compact import CompactNetwork, CompactSettings, influence

TIMESTEPS = 20


def network(blocks: int = 2, bands: int = 4, **levels) -> CompactNetwork:
    torch.manual_seed(3)
    settings = CompactSettings(
        condition_bands=bands,
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


@pytest.mark.parametrize("colours", [False, True])
@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("timestep", [0, 7, TIMESTEPS - 1])
@torch.inference_mode()
def test_denoiser_graph_gives_the_denoisers_numbers_at_every_timestep(blocks, timestep, colours):
    denoiser = network(blocks).denoiser
    x, features = torch.randn(3, 9, 4, 5), torch.rand(3, 25 if colours else 16, 4, 5)
    t = torch.tensor([timestep])
    expected = denoiser(x, features, t)
    found = DenoiserGraph(denoiser, TIMESTEPS, colours)(x, features, t)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)  # of values to 190


@torch.inference_mode()
def test_denoiser_graph_knows_no_timestep_beyond_its_own():
    graph = DenoiserGraph(network().denoiser, TIMESTEPS, False)
    with pytest.raises(IndexError):
        graph(torch.zeros(1, 9, 2, 2), torch.zeros(1, 16, 2, 2), torch.tensor([TIMESTEPS]))


LEVELS = [
    {"context_widths": (6,), "context_blocks": (2,)},
    {"context_widths": (6, 8), "context_blocks": (1, 2)},
    {"context_widths": (6, 8), "context_blocks": (2, 1), "kernel": 5},
    {"context_widths": (6, 8, 4), "context_blocks": (1, 2, 3)},
    {"context_widths": (6, 8, 4), "context_blocks": (1, 2, 3), "texture": True},
]


@pytest.mark.parametrize("colour_width", [0, 5])
@pytest.mark.parametrize("levels", LEVELS)
@torch.inference_mode()
def test_encoder_graph_that_sees_around_gives_the_encoders_numbers_inside_the_margin(
    levels, colour_width
):
    bands = 3 if "texture" in levels else 4
    made = network(bands=bands, **levels, colour_width=colour_width)
    encoder, margin = made.condition_encoder, influence(made.settings)
    if encoder.colours is not None:
        encoder.colours.fitted.fill_(True)
    sides = [2 * margin + 4 * more for more in (1, 3)]
    condition = torch.linspace(-3, 4, 2 * bands * sides[0] * sides[1]).reshape(2, bands, *sides)
    condition = condition.flip(1) + torch.randn(condition.shape)
    found, expected = EncoderGraph(encoder, made.settings, True)(condition), encoder(condition)
    assert found.shape == expected.shape
    inside = (..., *(slice(margin, side - margin) for side in sides))
    torch.testing.assert_close(found[inside], expected[inside], rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_encoder_graph_that_is_not_cropped_gives_the_encoders_numbers_at_the_borders_too():
    made = network(context_widths=(6, 8), context_blocks=(1, 2))
    condition = torch.linspace(-3, 4, 2 * 4 * 6 * 8).reshape(2, 4, 6, 8)
    found = EncoderGraph(made.condition_encoder, made.settings, False)(condition)
    expected = made.condition_encoder(condition)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_encoder_graph_works_out_nothing_in_the_margin_but_what_the_finest_level_needs():
    made = network(context_widths=(6, 8, 4), context_blocks=(1, 2, 3))
    margin, beside = influence(made.settings), 2
    side = 2 * margin + 4
    found = EncoderGraph(made.condition_encoder, made.settings, True)(torch.randn(1, 4, side, side))
    inside = slice(margin - beside, side - margin + beside)
    assert (found[..., inside, inside] != 0).all((0, 1)).sum() == (4 + 2 * beside) ** 2
    found[..., inside, inside] = 0
    assert not found.any()


@torch.inference_mode()
def test_encoder_graph_gives_the_encoders_numbers_also_where_it_is_dark():
    encoder = network().condition_encoder
    # From far below zero, where brightness is held at its least, to bright.
    condition = torch.linspace(-3, 4, 4 * 6 * 5).reshape(1, 4, 6, 5)
    found = PixelEncoderGraph(encoder)(condition)
    torch.testing.assert_close(found, encoder(condition), rtol=1e-4, atol=1e-4)
