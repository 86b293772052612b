"""A minute of training on made scenes: steps per second of the embedded model's first stage."""

import time
from dataclasses import replace
from typing import Any, List

import numpy as np
from gpu_settings import Rows, Settings
from speed_clock import ROOT

from training import config as settings_file
from training.config import Config

CONFIG = ROOT / "training" / "configs" / "vnir48.toml"
SECONDS, QUICK_SECONDS = 60.0, 1.0
WARM_UP_STEPS, QUICK_WARM_UP_STEPS = 5, 1
PRECISIONS = ("float32", "bfloat16")


def training(settings: Settings, rows: Rows) -> None:
    """Steps per second, in float32 and as the embedded model was trained."""
    for precision in PRECISIONS:
        what = f"training, {precision}"
        rate = rows.measure(what, lambda p=precision: _rate(p, settings))
        if rate:
            rows.add(what, rate, "steps/s", "stage 1 of vnir48.toml, its batch, made scenes")


def _rate(precision: str, settings: Settings) -> float:
    import torch

    trainer = make_trainer(config_of(precision, settings.quick), settings.provider)
    for _ in range(QUICK_WARM_UP_STEPS if settings.quick else WARM_UP_STEPS):
        float(trainer.advance())
    whole = QUICK_SECONDS if settings.quick else SECONDS
    seconds = min(whole, settings.left()) / len(PRECISIONS)
    since, steps = time.perf_counter(), 0
    while time.perf_counter() - since < seconds:
        trainer.advance()
        steps += 1
    if settings.provider == "cuda":
        torch.cuda.synchronize()
    return steps / (time.perf_counter() - since)


def config_of(precision: str, quick: bool = False) -> Config:
    """The embedded model's settings without the extras, which lie beside a checkout.

    ``quick``: of networks and batches that a processor is done with at once.
    """
    config = settings_file.load(CONFIG)
    none = {"libraries": (), "pairs": (), "responses": (), "composed_share": 0.0}
    data = replace(config.data, **none, camera_share=0.0, pair_every=0)
    sizes = {"batch": 2} if quick else {}
    training = replace(config.training, precision=precision, **sizes)
    narrow = {"context_widths": [16, 16, 16], "width": 16} if quick else {}
    stages = (replace(config.stages[0], network={**config.stages[0].network, **narrow}),)
    return replace(config, data=data, training=training, stages=(*stages, *config.stages[1:]))


def make_trainer(config: Config, device: str, stage: int = 0, previous: Any = ()) -> Any:
    """A trainer of ``stage`` on made scenes."""
    from training.data.patches import Patches
    from training.data.sources import Sources
    from training.loop.stage_trainer import StageTrainer

    patches = Patches(Sources(make_scenes(config)), config, config.training.seed)
    return StageTrainer(config, stage, patches, list(previous), device)


def make_scenes(config: Config, count: int = 4, side: int = 64) -> List[Any]:
    """Mixtures of soil and leaves, seen by the model's own bands."""
    from training.data.dataset import Scene

    nm, inputs = np.array(config.output.wavelength_nm), np.array(config.input.wavelength_nm)
    soil = 0.05 + 0.3 * (nm - 400) / 600
    leaves = 0.04 + 0.4 / (1 + np.exp(-(nm - 715) / 15))
    scenes = []
    for number in range(count):
        share = np.random.default_rng(number).random((side, side))
        cube = soil[:, None, None] * share + leaves[:, None, None] * (1 - share)
        nearest = [int(np.abs(nm - centre).argmin()) for centre in inputs]
        values = cube.astype(np.float32)
        seen = np.ones(values.shape, bool)
        scenes.append(Scene(f"made {number}", tuple(nm), values[nearest], values, seen))
    return scenes
