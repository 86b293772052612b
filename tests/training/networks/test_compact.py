"""The compact network: what a pixel gets depends on its neighbourhood alone, and on how far."""

import numpy as np
import pytest
import torch

from training.networks.colours import agreement
from training.networks.compact import CompactNetwork, CompactSettings, influence

SHAPES = [((1,), 3), ((2, 1), 3), ((1, 2), 5), ((1, 1, 2), 3)]  # context blocks and kernel
POND, LAWN = (0.05, 0.06, 0.04), (0.02, 0.05, 0.015)
TEXTURE = {"context_blocks": (1, 1, 2), "texture": True}


def network(context_blocks=(1, 2), kernel=3, **other):
    """A network in evaluation mode in which no layer is zero: all that can be reached is."""
    torch.manual_seed(0)
    widths = (6,) * len(context_blocks)
    sizes = {"context_widths": widths, "width": 5, "blocks": 2, "time_width": 8, **other}
    settings = CompactSettings(
        3, 4, 0.2, 0.2, context_blocks=context_blocks, kernel=kernel, **sizes
    )
    built = CompactNetwork(settings).double().eval()
    for parameter in built.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return built


def drawn(rows=20, cols=16, batch=1):
    """(x, condition, timestep)."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(batch, 4, rows, cols, generator=generator, dtype=torch.float64)
    condition = torch.rand(batch, 3, rows, cols, generator=generator, dtype=torch.float64)
    return x, condition, torch.randint(0, 1000, (batch,), generator=generator)


@torch.no_grad()
def reached(net, place):
    """Rows that a change of the condition at pixel ``place`` reaches, relative to its row."""
    x, condition, t = drawn(60, 60)
    changed = condition.clone()
    changed[:, :, place, 30] += 0.5
    rows = (net(x, changed, t) != net(x, condition, t)).any((0, 1, 3)).nonzero().ravel()
    return rows.min().item() - place, rows.max().item() - place


@pytest.mark.parametrize("blocks, kernel", SHAPES)
def test_a_change_reaches_no_farther_than_the_influence_says(blocks, kernel):
    net = network(blocks, kernel)
    reach = max(abs(end) for place in range(28, 33) for end in reached(net, place))
    assert reach <= influence(net.settings) < 2 * reach


def test_texture_reaches_no_farther():
    net = network(**TEXTURE)
    reach = max(abs(end) for place in range(28, 33) for end in reached(net, place))
    assert reach <= influence(net.settings)


@torch.no_grad()
def test_grain_of_one_colour_is_told_from_calm():
    """Both pictures are the same but for the places of their pixels."""
    encoder = network(**TEXTURE).condition_encoder
    light = torch.linspace(0.96, 1.04, 40, dtype=torch.float64)
    mixed = light[torch.randperm(40, generator=torch.Generator().manual_seed(2))]

    pond, lawn = (torch.tensor(each)[:, None, None] for each in (POND, LAWN))

    def roughness(light, colour):
        rgb = colour * light.repeat(40, 1)
        relative, _ = encoder.relative((rgb[None] - 0.2) / 0.2)
        return encoder.looks.texture._roughness(relative)[:, 0]

    assert roughness(light, pond).max() < 0.1 and roughness(mixed, pond).mean() > 0.7
    assert roughness(light, lawn).min() > 0.95


def test_texture_needs_a_coarser_level():
    with pytest.raises(ValueError, match="two levels"):
        network(context_blocks=(1,), texture=True)


def test_colours_count_where_both_spectra_have_one_shape():
    def share(one, other):
        return agreement(
            *(
                (torch.tensor(a) * torch.tensor(b)).sum()
                for a, b in ((one, other), (one, one), (other, other))
            )
        ).item()

    assert share([1.0, 2.0], [3.0, 6.0]) == pytest.approx(1)
    assert 0.6 < share([1.0, 2.0], [2.0, 2.2]) < 0.99
    assert share([1.0, 0.0], [1.0, 3.0]) == share([1.0, 2.0], [-1.0, -2.0]) == 0
    assert share([0.0, 0.0], [1.0, 3.0]) == 0


def test_without_context_a_pixel_sees_itself():
    net = network(context_blocks=())
    assert influence(net.settings) == 0
    assert reached(net, 30) == (0, 0)


@torch.no_grad()
def test_a_window_on_the_grid_gives_the_same_inside():
    net, (x, condition, t) = network(), drawn(40, 36)
    edge = influence(net.settings)
    whole = net(x, condition, t)[:, :, 4:, 6:]
    part = net(x[:, :, 4:, 6:], condition[:, :, 4:, 6:], t)
    torch.testing.assert_close(part[:, :, edge:, edge:], whole[:, :, edge:, edge:])
    assert (part - whole).abs().max() > 1e-6


@torch.no_grad()
def test_the_noise_reaches_its_own_pixel_alone():
    net, (x, condition, t) = network(), drawn()
    changed = x.clone()
    changed[:, :, 7, 9] += 1
    differs = (net(changed, condition, t) != net(x, condition, t)).any(1)[0]
    assert differs.nonzero().tolist() == [[7, 9]]


@torch.no_grad()
def test_training_and_evaluation_compute_the_same_where_the_border_is_not_seen():
    net, inputs = network(), drawn(batch=2)
    evaluated, trained = net(*inputs), net.train()(*inputs)
    reach = influence(net.settings)
    inside = np.s_[..., reach:-reach, reach:-reach]
    torch.testing.assert_close(trained[inside], evaluated[inside])
    assert not torch.allclose(trained[..., 0, 0], evaluated[..., 0, 0])


@torch.no_grad()
def test_an_even_patch_gives_no_hint_where_its_border_is():
    """What zeros around a patch would: a network in training learns scenes by that."""
    net, (x, condition, t) = network(), drawn()
    even = condition[..., :1, :1].expand_as(condition), x[..., :1, :1].expand_as(x)
    estimate = net.train()(even[1], even[0], t)
    torch.testing.assert_close(estimate, estimate[..., :1, :1].expand_as(estimate))


@torch.no_grad()
def test_each_of_a_batch_is_computed_by_itself_and_at_its_time():
    net, (x, condition, t) = network(), drawn(batch=3)
    together = net(x, condition, t)
    for i in range(3):
        one = slice(i, i + 1)
        torch.testing.assert_close(together[one], net(x[one], condition[one], t[one]))
    assert not torch.allclose(net(x, condition, t + 1), together)


@torch.no_grad()
def test_the_encoder_hands_on_the_brightness_in_the_datas_unit():
    net, (_, condition, _) = network(), drawn()
    values = condition * 0.2 + 0.2
    torch.testing.assert_close(net.condition_encoder(condition)[:, -1], values.mean(1))


@torch.no_grad()
def test_a_black_or_negative_pixel_gives_finite_numbers():
    net, (x, condition, t) = network(), drawn()
    condition[:, :, :4] = -1.0  # reflectance 0
    condition[:, :, 4:8] = -3.0  # less than nothing
    assert torch.isfinite(net(x, condition, t)).all()


@torch.no_grad()
def test_twice_the_light_is_twice_the_shape_where_the_network_ignores_brightness():
    """The spectrum is a shape times the brightness, and a rest that does not scale with it."""
    net, (x, condition, t) = network(), drawn()
    looks = net.condition_encoder.looks
    for layer in (looks.enter, looks.own):
        layer.weight[:, -1] = 0  # the logarithm of the brightness
    for layer in (net.denoiser.shape, *(block.widen for block in net.denoiser.blocks)):
        layer.weight[:, -1] = 0  # the feature that is the brightness
    net.denoiser.rest.weight.zero_()
    net.denoiser.rest.bias.zero_()
    values = condition * 0.2 + 0.2
    spectra = [net(x, (k * values - 0.2) / 0.2, t) * 0.2 + 0.2 for k in (1, 2)]
    torch.testing.assert_close(spectra[1], 2 * spectra[0])


def test_a_fresh_networks_residual_blocks_change_nothing():
    torch.manual_seed(0)
    fresh = CompactNetwork(CompactSettings(3, 4, 0.2, 0.2, (6,), (1,)))
    features = torch.randn(1, 6, 4, 4)
    block = fresh.condition_encoder.looks.blocks[0][0]
    torch.testing.assert_close(block(features), features)


def test_levels_without_as_many_depths_are_refused():
    with pytest.raises(ValueError, match="as many levels"):
        CompactSettings(3, 4, 0.2, 0.2, (6, 6), (1,))


@torch.no_grad()
def test_the_places_of_an_even_picture_cannot_be_told_apart():
    """Neither at full resolution nor on the coarser levels' grids: no pattern can show."""
    net, (x, condition, t) = network((1, 1, 1)), drawn(48, 48)
    even = condition[..., :1, :1].expand_as(condition), x[..., :1, :1].expand_as(x)
    edge = round(influence(net.settings) / 4) * 4
    inside = net(even[1], even[0], t)[..., edge:-edge, edge:-edge]
    torch.testing.assert_close(inside, inside[..., :1, :1].expand_as(inside))
