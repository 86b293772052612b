"""What settings say of the package that will be made of them, known before training."""

import dataclasses

import numpy as np
import pytest

from model_runtime.errors import InputError
from model_runtime.package import manifest
from training.config import load
from training.data.dataset import Scene
from training.data.domain import domain_of
from training.package import manifest_of_config


@pytest.mark.parametrize(
    "override, match",
    [
        ("tile.size=33", "tile"),
        ("tile.overlap=20", "at most half"),
        ("normalisation.scale=0", "input_scale"),
        ("stages.0.schedule_high=2", r"stages\[0\].schedule.high"),
        ("stages.0.pdt_lower_bound=1.5", "pdt_lower_bound"),
        ("stages.1.guidance_scale=-1", "guidance_scale"),
        ("qualities.fast.steps=51", "qualities.fast.steps"),
        ("output.grid_nm=[1000.0, 400.0, 8]", "fwhm_nm|increasing"),
        ("name=''", "name"),
    ],
)
def test_settings_that_make_no_package_are_refused_before_training(small_toml, override, match):
    with pytest.raises(InputError, match=match) as caught:
        manifest_of_config.check(load(small_toml, [override]))
    assert "model.json" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_stage_that_makes_a_band_twice_is_refused(small_toml):
    config = load(small_toml)
    first = dataclasses.replace(config.stages[0], final_bands=(4, 4))
    with pytest.raises(InputError, match="final_bands"):
        manifest_of_config.check(dataclasses.replace(config, stages=(first, config.stages[1])))


def test_a_schedule_that_divides_by_zero_is_refused(small_toml):
    override = ["stages.0.schedule=linear", "stages.0.schedule_low=0"]
    with pytest.raises(InputError, match="linear schedule has betas from 0"):
        manifest_of_config.check(load(small_toml, override))


def test_settings_that_are_right_pass(small_toml):
    manifest_of_config.check(load(small_toml))


def test_a_quality_says_which_timesteps_are_guided(small_toml):
    config = load(small_toml, ["qualities.fast.guidance_interval=[3, 9]"])
    manifest_of_config.check(config)
    assert manifest_of_config.identity(config)["qualities"]["fast"].guidance_interval == (3, 9)
    with pytest.raises(InputError, match="guidance_interval"):
        manifest_of_config.check(load(small_toml, ["qualities.fast.guidance_interval=[9, 3]"]))


def test_qualities_that_are_not_given_fit_the_timesteps(small_toml):
    found = manifest_of_config.identity(load(small_toml))["qualities"]
    assert found["fast"] == manifest.Quality("ddim", 2, 1)
    assert found["best"] == manifest.Quality("dpm-solver++", 50, 1)
    short = manifest_of_config.identity(load(small_toml, ["stages.1.timesteps=15"]))["qualities"]
    assert (short["best"].steps, short["best"].guidance_interval) == (15, None)
    assert short["balanced"] == manifest.Quality("dpm-solver++", 10, 1, (3, 11))


def scene(rgb, seen):
    """A scene of one row."""
    values = np.array(rgb, np.float32)[:, None, :]
    mask = np.broadcast_to(np.array(seen, bool), (2, 1, values.shape[2]))
    return Scene("s", (1.0,), values, np.zeros(mask.shape, np.float32), mask)


def test_the_domain_is_of_pixels_that_are_seen_each_scene_by_its_share():
    dark = scene([[0.1] * 4], [True] * 4)
    bright = scene([[0.5, 9.0]], [True, False])
    even = domain_of([dark, bright], [0.5, 0.5])
    assert set(even.values[0]) == {0.1, 0.5}
    low = dict(zip(even.levels, even.values[0]))
    assert (low[0.25], low[0.75]) == (0.1, 0.5)
    mostly = domain_of([dark, bright], [0.9, 0.1])
    assert dict(zip(mostly.levels, mostly.values[0]))[0.75] == pytest.approx(0.1)


def test_the_domain_is_kept_with_the_run(tmp_path):
    domain = domain_of([scene([[0.1, 0.2, 0.3], [0.2, 0.4, 0.6]], [1, 1, 1])], [1.0])
    manifest_of_config.write_domain(tmp_path, domain)
    assert manifest_of_config.read_domain(tmp_path) == domain
    assert manifest_of_config.read_domain(tmp_path / "elsewhere") is None
