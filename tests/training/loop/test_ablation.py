"""What an ablation varies, what it costs, and its table."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from model_runtime.diffusion.settings import Sampling
from model_runtime.errors import InputError
from training.config import load
from training.data.dataset import Scene, load_scenes
from training.loop import ablation_table, validation
from training.loop.ablation import Asked, evaluations, variations
from training.loop.ablation_run import groups_of, measure_row, merge_seeds
from training.loop.ablation_table import Row
from training.networks import registry

ASKED = Asked("fast", (0.7,), (0.9,), ("ddim", "ddpm"), (2, 5), (3, 4))


@pytest.fixture(scope="module")
def small(small_toml):
    """(settings, cascade of fresh networks, the validation scene)."""
    config = load(small_toml)
    torch.manual_seed(0)
    networks = [registry.build(config, stage).eval() for stage in (0, 1)]
    cascade = validation.torch_cascade(config, networks)
    return config, cascade, load_scenes(config.data.validation, config)


def test_one_thing_is_varied_at_a_time_and_what_is_equal_is_one_row(small):
    _, cascade, _ = small
    found = {each.name: each.how for each in variations(cascade.manifest, ASKED)}
    own = Sampling("ddim", 2, 1, (0.0, 0.5), 3, None, truncation=(1.0, 1.0))
    assert found == {
        "full: the model's own way = without truncation = ddim, 2 steps, one sample": own,
        "without guidance = without both": replace(own, guidance=(0.0, 0.0)),
        "guidance 0.7": replace(own, guidance=(0.7, 0.7)),
        "truncation 0.9": replace(own, truncation=(0.9, 0.9)),
        "guidance 0.7, truncation 0.96": replace(own, guidance=(0.7, 0.7), truncation=(0.96, 0.96)),
        "ddim, 5 steps, one sample": replace(own, steps=5),
        "ddpm, 2 steps, one sample": replace(own, sampler="ddpm"),
        "ddpm, 5 steps, one sample": replace(own, sampler="ddpm", steps=5),
        "seed 4": replace(own, seed=4),
    }


def test_without_bounds_no_scale_is_truncated(small):
    _, cascade, _ = small
    found = variations(cascade.manifest, replace(ASKED, truncation=()))
    assert not any("truncation" in each.name for each in found if "without" not in each.name)
    assert any(each.name.startswith("guidance 0.7") for each in found)


def test_every_scale_is_tried_in_every_interval(small):
    _, cascade, _ = small
    asked = replace(ASKED, guidance=(0.0, 0.7), intervals=((0, 30), (31, 49)))
    found = {each.name: each.how for each in variations(cascade.manifest, asked)}
    for first, last in asked.intervals:
        how = found[f"guidance 0.7 at {first} to {last}"]
        assert (how.guidance, how.guidance_interval) == ((0.7, 0.7), (first, last))
        assert evaluations(cascade.manifest, how) < evaluations(
            cascade.manifest, found["guidance 0.7"]
        )
    (unguided,) = (name for name in found if "guidance 0 at 0 to 30" in name)
    assert "without guidance" in unguided  # an interval of nothing is none


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"steps": (51,)}, "--steps 51: give 1 to 50"),
        ({"truncation": (0.3,)}, "--truncation 0.3: give 0.5 to 1"),
        ({"guidance": (-1.0,)}, "--guidance -1"),
        ({"seeds": (-1,)}, "--seeds -1"),
        ({"intervals": ((9, 3),)}, "--guidance-interval 9,3: .* of 0 to 49"),
        ({"intervals": ((0, 50),)}, "--guidance-interval 0,50"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_the_work(small, changes, said):
    with pytest.raises(InputError, match=said):
        variations(small[1].manifest, replace(ASKED, **changes))


@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "dpm-solver++"])
@pytest.mark.parametrize("interval", [None, (10, 30)])
def test_evaluations_are_those_that_the_cascade_makes(small, sampler, interval):
    _, cascade, scenes = small
    how = Sampling(sampler, 7, 2, (0.0, 0.5), 0, interval, truncation=(1.0, 1.0))
    calls = []
    for stage in cascade.stages:
        plain = stage._denoise
        stage._denoise = lambda plain=plain, **feeds: calls.append(1) or plain(**feeds)
    validation.measure(cascade, how, scenes)
    for stage in cascade.stages:
        stage._denoise = stage._denoise.__defaults__[0]
    strips = len(calls) / evaluations(cascade.manifest, how)
    assert strips == 1  # the scene is smaller than one


def test_a_row_has_the_measures_of_each_group(small):
    config, cascade, scenes = small
    other = replace(scenes[0], sensor=(1.0,), cube=scenes[0].cube + np.float32(0.5))
    groups = groups_of([scenes[0], other], load_scenes(config.data.train, config))
    how = variations(cascade.manifest, ASKED)[0].how
    row = measure_row("full", cascade, how, groups)
    (judged,) = validation.measure(cascade, how, scenes)
    assert row.scores["corners"]["rmse"] == [pytest.approx(judged.scores["rmse"])]
    assert row.scores["unseen sensors"]["rmse"] != row.scores["corners"]["rmse"]
    assert row.evaluations == 2 + 2 * 2


def test_truncation_without_thresholds_is_by_the_whole_scene(small):
    """A pixelwise model refuses it in strips; a low bound changes what noise is left."""
    _, cascade, scenes = small
    assert cascade.manifest.pixelwise
    how = Sampling("ddpm", 5, 1, (0.0, 0.0), 0, truncation=(0.5, 0.5))
    free = replace(how, truncation=(1.0, 1.0))
    clamped, plain = (measure_row("", cascade, h, {"all": scenes}).scores for h in (how, free))
    assert clamped["all"]["rmse"] != plain["all"]["rmse"]


def test_groups_are_by_the_sensors_that_were_trained_on():
    empty = np.zeros((1, 1, 1), np.float32)
    a, b = (Scene(name, (float(n),), empty, empty, empty > 0) for n, name in enumerate("ab"))
    assert groups_of([a, b], [a]) == {"corners": [a], "unseen sensors": [b]}
    assert groups_of([a], [a]) == {"corners": [a]}


def row(name, *psnr):
    """A row of one group, with a value for each training."""
    scores = {"rmse": [0.05] * len(psnr), "psnr": list(psnr), "sam_degrees": [3.25] * len(psnr)}
    return Row(name, {"corners": scores}, 24, 1.26)


def test_the_table_has_a_head_and_a_line_for_each_row():
    lines = ablation_table.markdown([row("full", 28.0)]).splitlines()
    assert lines == [
        "|  | corners: RMSE | corners: PSNR dB | corners: SAM° | Evaluations per pixel | CPU s |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| full | 0.0500 | 28.00 | 3.25 | 24 | 1.3 |",
    ]


def test_several_trainings_are_one_row_with_their_deviation():
    merged = merge_seeds([row("two stages", 27.0), row("two stages", 29.0)])
    line = ablation_table.markdown([merged]).splitlines()[-1]
    assert "| 28.00 ± 1.41 | 3.25 ± 0.00 |" in line
