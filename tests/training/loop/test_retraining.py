"""What is trained to compare: other stages at equal cost, and a cascade without its parts."""

from dataclasses import replace
from pathlib import Path

import pytest

from model_runtime.errors import InputError
from training import config as settings_file
from training.config import load
from training.data import sources
from training.loop import retraining, validation

CONFIGS = Path(settings_file.__file__).parent / "configs"


def found(config, budget):
    """The trainings by their names."""
    return {each.name: each.config for each in retraining.retrainings(config, budget)}


def test_one_two_and_three_stages_cost_the_same():
    trainings = found(load(CONFIGS / "own.toml"), 6000)
    two = trainings["two stages"]
    assert sum(stage.iterations for stage in two.stages) == pytest.approx(6000, abs=1)
    for name, bands in (("one stage", [48]), ("three stages", [12, 24, 48])):
        config = trainings[name]
        assert [len(stage.final_bands) for stage in config.stages] == bands
        cost = retraining.training_cost(config)
        assert cost == pytest.approx(retraining.training_cost(two), rel=0.002)


def test_each_part_is_left_out_and_nothing_else():
    trainings = found(load(CONFIGS / "own.toml"), 6000)
    two = trainings["two stages"]
    assert two.stages[0].condition_dropout > 0 and two.stages[1].condition_noise > 0
    undropped = [replace(stage, condition_dropout=0.0) for stage in two.stages]
    of_truth = [
        replace(stage, condition_noise=0.0, condition_estimated_share=0.0) for stage in two.stages
    ]
    assert trainings["two stages without null dropout"] == replace(two, stages=tuple(undropped))
    assert trainings["two stages without condition augmentation"] == replace(
        two, stages=tuple(of_truth)
    )
    assert trainings["two stages without the angle loss"] == replace(
        two, training=replace(two.training, sam_weight=0.0)
    )


@pytest.mark.parametrize(
    "name, derive",
    [("one_stage", retraining.one_stage), ("three_stages", retraining.three_stages)],
)
def test_the_settings_files_are_the_same_cascades(name, derive):
    own, file = load(CONFIGS / "own.toml"), load(CONFIGS / f"{name}.toml")
    assert replace(file, name=own.name) == derive(own)


def test_a_short_training_has_a_short_warm_up_and_average():
    training = found(load(CONFIGS / "own.toml"), 600)["two stages"].training
    assert training.warmup < 30
    assert training.ema_start <= 110
    assert training.ema_decay < 0.96


def test_other_cascades_and_too_small_budgets_are_refused(small_toml):
    with pytest.raises(InputError, match="have 1 stages"):
        retraining.retrainings(load(CONFIGS / "one_stage.toml"), 600)
    with pytest.raises(InputError, match="larger budget"):
        retraining.retrainings(load(small_toml), 10)


def test_the_networks_learn_and_the_seed_decides(small_toml):
    config = load(small_toml)
    drawn_from = sources.load(config)
    short = found(config, 120)["two stages"]
    one, again, other = (retraining.train(short, drawn_from, seed) for seed in (0, 0, 1))
    scores = [
        validation.means(validation.judge(short, networks, drawn_from.scenes))["rmse"]
        for networks in (one, again, other)
    ]
    assert scores[0] == scores[1] != scores[2]
    barely = retraining.train(found(config, 50)["two stages"], drawn_from, 0)
    before = validation.means(validation.judge(short, barely, drawn_from.scenes))["rmse"]
    assert scores[0] < before
