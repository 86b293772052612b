"""Networks by name: what a settings file may say of them, and what does not go together."""

import pytest

from model_runtime.errors import InputError
from training.config import load
from training.networks import registry
from training.networks.compact import CompactNetwork
from training.networks.released import ReleasedUNet

RELEASED = 'stages.1.network={ kind = "released", base_width = 4, multipliers = [1, 2], groups = 2'
RELEASED += ", attention_levels = [], time_width = 8 }"


def test_a_stage_gets_the_bands_of_the_stage_before(small_toml):
    config = load(small_toml)
    first, second = (registry.build(config, stage) for stage in (0, 1))
    assert isinstance(first, CompactNetwork)
    assert (first.settings.condition_bands, first.settings.output_bands) == (3, 2)
    assert (second.settings.condition_bands, second.settings.output_bands) == (2, 8)
    assert (second.settings.offset, second.settings.scale) == (0.2, 0.2)


def test_kinds_may_differ_between_stages(small_toml):
    config = load(small_toml, [RELEASED])
    built = registry.build(config, 1)
    assert isinstance(built, ReleasedUNet)
    assert built.settings.multipliers == (1, 2)


@pytest.mark.parametrize(
    "override, match",
    [
        ("stages.0.network.kind=unet", "kind 'unet' is unknown: use one of compact, released"),
        ("stages.0.network.kind=[1]", "is unknown"),
        ("stages.0.network.widht=3", "unknown key 'widht'"),
        ("stages.0.network.width=wide", "width is 'wide'"),
        ("stages.0.network.width=3.5", "width is 3.5"),
        ("stages.0.network.condition_bands=3", "sets .*condition_bands"),
        ("stages.1.network.colour_width=4", "colour_width is for stages that see surroundings"),
        ("stages.0.network.colour_share=1.0", "colour_share must lie between 0 and 1"),
        ("stages.1.network.texture=true", "at two levels or more"),
        ("stages.1.network.width=-4", "stage 2: network cannot be built"),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(small_toml, override, match):
    config = load(small_toml, [override])
    with pytest.raises(InputError, match=match) as caught:
        registry.check(config)
    assert "\n" not in str(caught.value)


def test_texture_is_for_pictures_that_say_which_band_is_green(small_toml):
    named = ["input.names=['a','b','c']", "stages.0.network.texture=true"]
    with pytest.raises(InputError, match="sets texture"):
        registry.check(load(small_toml, named))


def test_the_tile_divides_by_what_the_networks_need(small_toml):
    with pytest.raises(InputError, match=r"tile.multiple is 1: stage 1's network needs .* 2"):
        registry.check(load(small_toml, ["tile.multiple=1"]))


def test_the_influence_is_that_of_all_stages_together(small_toml):
    config = load(small_toml)
    registry.check(config)
    built = [registry.build(config, stage) for stage in (0, 1)]
    assert registry.influence(built) == 6


@pytest.mark.parametrize(
    "overrides, match",
    [
        (["tile.influence=2"], "tile.influence is 2: give 6"),
        ([RELEASED], "leave it out: a network sees the whole tile"),
    ],
)
def test_an_influence_that_would_show_seams_is_refused(small_toml, overrides, match):
    with pytest.raises(InputError, match=match):
        registry.check(load(small_toml, overrides))
