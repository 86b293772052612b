"""What a cascade is trained without, or in other stages, each at the same cost of training."""

from dataclasses import dataclass, replace
from typing import Iterator, List, Tuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from model_runtime.errors import InputError

from ..config import Config, StageSettings, Training
from ..data.patches import Patches
from ..data.sources import Sources
from ..networks import registry
from .stage_trainer import StageTrainer

LEAST_STEPS = 20  # of a stage
AVERAGED_SHARE = 0.1  # of the shortest stage: what the weights are averaged over, at most


@dataclass(frozen=True)
class Retraining:
    """A row's name and the settings to train with."""

    name: str
    config: Config


def retrainings(config: Config, budget: int) -> List[Retraining]:
    """The trainings to compare; ``config`` is of two stages, which share ``budget`` steps.

    Raises InputError for other cascades, and for a budget that is too small.
    """
    if len(config.stages) != 2:
        raise InputError(
            f"the settings have {len(config.stages)} stages, --retrain compares two with one and "
            "three",
            "name settings of two stages: --config",
        )
    whole = sum(stage.iterations for stage in config.stages)
    two = with_stages(
        config, [replace(s, iterations=s.iterations * budget // whole) for s in config.stages]
    )
    cost = training_cost(two)
    found = [
        Retraining("two stages", two),
        Retraining("one stage", at_cost(one_stage(config), cost)),
        Retraining("three stages", at_cost(three_stages(config), cost)),
        Retraining("two stages without null dropout", _all_stages(two, condition_dropout=0.0)),
        Retraining("two stages without condition augmentation", _of_true_bands(two)),
        Retraining("two stages without the angle loss", _without_angle(two)),
    ]
    return [Retraining(each.name, shortened(each.config)) for each in found]


def with_stages(config: Config, stages: List[StageSettings]) -> Config:
    return replace(config, stages=tuple(stages))


def one_stage(config: Config) -> Config:
    """All bands from RGB at once, by the network that stage 1 has."""
    return with_stages(
        config, [replace(config.stages[0], final_bands=config.stages[-1].final_bands)]
    )


def three_stages(config: Config) -> Config:
    """A stage of every second band between the two of ``config``, with the last one's network."""
    first, last = config.stages
    return with_stages(config, [first, replace(last, final_bands=last.final_bands[::2]), last])


def _all_stages(config: Config, **changes) -> Config:
    return with_stages(config, [replace(stage, **changes) for stage in config.stages])


def _of_true_bands(config: Config) -> Config:
    return _all_stages(config, condition_noise=0.0, condition_estimated_share=0.0)


def _without_angle(config: Config) -> Config:
    return replace(config, training=replace(config.training, sam_weight=0.0))


def training_cost(config: Config) -> float:
    """The multiplications and additions of the networks' forward passes over the training's steps.

    Those of one patch; a backward pass costs as many times more in every network.
    """
    return sum(s.iterations * cost for s, cost in zip(config.stages, _costs(config)))


def at_cost(config: Config, cost: float) -> Config:
    """``config`` with all its iterations multiplied by what makes its training cost ``cost``."""
    factor = cost / training_cost(config)
    return with_stages(
        config, [replace(s, iterations=round(s.iterations * factor)) for s in config.stages]
    )


def _costs(config: Config) -> Iterator[int]:
    """Of a forward pass of each stage's network over a patch, without computing it."""
    side = config.data.patch
    for stage in range(len(config.stages)):
        with torch.device("meta"), FlopCounterMode(display=False) as counter, torch.no_grad():
            network = registry.build(config, stage).eval()
            bands = len(config.stages[stage].final_bands), registry.condition_bands(config, stage)
            x, condition = (torch.zeros(1, count, side, side) for count in bands)
            network(x, condition, torch.zeros(1, dtype=torch.long))
        yield counter.get_total_flops()


def shortened(config: Config) -> Config:
    """``config`` with a warm-up and an average of weights that fit into its iterations."""
    shortest = min(stage.iterations for stage in config.stages)
    if shortest < LEAST_STEPS:
        raise InputError(
            f"a stage would be trained for {shortest} steps", "give a larger budget: --retrain"
        )
    return replace(config, training=_shortened(config.training, shortest))


def _shortened(training: Training, shortest: int) -> Training:
    return replace(
        training,
        warmup=min(training.warmup, shortest // 10),
        ema_decay=min(training.ema_decay, 1 - 1 / (AVERAGED_SHARE * shortest)),
        ema_start=min(training.ema_start, shortest // 2),
    )


def train(config: Config, sources: Sources, seed: int) -> Tuple[nn.Module, ...]:
    """The averaged networks of all stages, trained one after the other with ``seed``."""
    config = replace(config, training=replace(config.training, seed=seed))
    networks: List[nn.Module] = []
    for stage, settings in enumerate(config.stages):
        patches = Patches(sources, config, seed + 1000 * stage)
        trainer = StageTrainer(config, stage, patches, networks)
        while trainer.step < settings.iterations:
            trainer.advance()
        trainer.close()
        networks.append(trainer.ema.network.requires_grad_(False).eval())
    return tuple(networks)
