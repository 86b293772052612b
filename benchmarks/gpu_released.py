"""The released network's guided step: this runtime against plain torch of the same weights."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Callable, List, Tuple

import numpy as np
import torch
from gpu_settings import Rows, Settings, time_action, torch_wait
from gpu_torch import VARIANTS, make_variant
from speed_clock import ROOT

from model_runtime.diffusion.onnx_session import TF32_VARIABLE
from model_runtime.diffusion.open_network import GraphUse, open_network
from model_runtime.diffusion.stage_sampler import StageSampler
from model_runtime.package.manifest import Stage
from training import config as settings_file
from training.config import Config
from training.graphs.onnx_export import export_denoiser
from training.networks import registry
from training.package import manifest_of_config
from training.package.package_folder import model_file

CONFIGS = ROOT / "training" / "configs"
FULL, SMALL = "dfc2018.toml", "released_small.toml"
SMALLEST = {"base_width": 8, "groups": 4, "multipliers": [1, 1], "residual_blocks": 1}
STAGE = 1  # the larger: all bands from the coarse ones
TIMESTEP = 500
USE = GraphUse(("x", "condition", "timestep"), "prediction")


def released(settings: Settings, rows: Rows) -> None:
    """Guided steps per second at the released size, random weights; 128 x 128 pixels."""
    torch.manual_seed(0)
    side = 16 if settings.quick else 128
    config = _config(settings.quick)
    network = registry.build(config, STAGE).eval()
    with tempfile.TemporaryDirectory() as folder:
        entry = rows.measure("export", lambda: _export(network, config, Path(folder)))
        x, condition = _inputs(config, side)
        eager = None
        for variant in VARIANTS:
            taken = rows.measure(
                f"guided step, torch {variant}",
                lambda v=variant: _torch(network, v, x, condition, entry, settings),
            )
            if taken:
                eager = eager or (taken if variant == "eager" else None)
                rows.add(f"guided step, torch {variant}", 1 / taken, "steps/s", f"{side} x {side}")
        if entry is not None:
            for name, tf32 in _precisions(settings):
                _ours(name, tf32, Path(folder), entry, (x, condition), settings, rows, eager)


def _config(quick: bool) -> Config:
    """The released setting, or one with networks that are as small as they can be."""
    config = settings_file.load(CONFIGS / (SMALL if quick else FULL))
    if not quick:
        return config
    small = [replace(s, network={**s.network, **SMALLEST}) for s in config.stages]
    return replace(config, stages=tuple(small))


def _precisions(settings: Settings) -> List[Tuple[str, str]]:
    """What torch's own convolutions are allowed by default stands beside exact float32."""
    both = [("guided step", "off"), ("guided step, TF32", "on")]
    return both if settings.provider == "cuda" else both[:1]


def _ours(name, tf32, folder: Path, entry: Stage, arrays, settings: Settings, rows: Rows, eager):
    os.environ[TF32_VARIABLE] = tf32
    taken = rows.measure(name, lambda: _step_seconds(folder, entry, *arrays, settings))
    os.environ.pop(TF32_VARIABLE)
    if taken:
        note = f"{eager / taken:.2f} times eager torch" if eager else ""
        rows.add(name, 1 / taken, "steps/s", note)


def _export(network, config, folder: Path) -> Stage:
    path = folder / "stage.onnx"
    inner = manifest_of_config.condition_bands(config, STAGE)
    outer = len(config.stages[STAGE].final_bands)
    export_denoiser(network, path, inner, outer, network.multiple)
    return manifest_of_config.stage_entry(config, STAGE, model_file(path))


def _inputs(config, side: int) -> Tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    outer = len(config.stages[STAGE].final_bands)
    inner = manifest_of_config.condition_bands(config, STAGE)
    x, condition = (rng.standard_normal((1, n, side, side), np.float32) for n in (outer, inner))
    return x, condition


def _step_seconds(
    folder: Path, entry: Stage, x: np.ndarray, condition: np.ndarray, settings: Settings
) -> float:
    network = open_network(folder, entry.denoiser, settings.provider, settings.threads, USE)
    sampler = StageSampler(entry, network, None)
    scale = entry.guidance_scale or 1.0
    guided = sampler.predictor(condition, np.zeros_like(condition), scale)
    return time_action(lambda: guided(x, TIMESTEP), settings)


def _torch(
    network, variant: str, x: np.ndarray, condition: np.ndarray, entry, settings: Settings
) -> float:
    device = settings.provider
    run: Callable = make_variant(network.to(device), variant, settings.quick)
    x_t, seen = (torch.from_numpy(values).to(device) for values in (x, condition))
    null, t = torch.zeros_like(seen), torch.tensor([TIMESTEP], device=device)
    scale = (entry.guidance_scale if entry is not None else 0.0) or 1.0

    def step() -> np.ndarray:
        with torch.inference_mode():
            away = run(x_t, null, t)
            return (away + (scale + 1) * (run(x_t, seen, t) - away)).float().cpu().numpy()

    return time_action(step, settings, torch_wait(settings))
