"""Part (a): the released network at full size, plain torch against this runtime, same weights."""

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Callable, Dict, List, Optional

import numpy as np
import torch
from speed_clock import ROOT, Bench, in_turns, sampling_of
from speed_report import Part

from model_runtime.diffusion import onnx_session
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.network import CpuNetwork
from model_runtime.diffusion.stage_sampler import StageSampler
from model_runtime.package import manifest
from training import config as settings_file
from training.config import Config
from training.graphs.onnx_export import export_denoiser
from training.networks import registry
from training.package import manifest_of_config
from training.package.package_folder import model_file

SETTINGS = ROOT / "training" / "configs" / "dfc2018.toml"
SIDE = 128  # pixels
TIMESTEP = 500
HEADS = ("", "torch s", "this runtime s", "times as fast", "largest relative difference")


@dataclass(frozen=True)
class StageFound:
    """A stage's entry in the package, the seconds of guided steps, and how results differ."""

    entry: manifest.Stage
    seconds: Dict[str, List[float]]
    difference: float


def load_released() -> Config:
    """The released setting; its qualities are left out, so that a package has the default ones."""
    config = settings_file.load(SETTINGS)
    return replace(config, qualities={})


def part(bench: Bench, config: Optional[Config] = None, side: int = SIDE) -> Part:
    """Guided steps of each stage of ``config`` (the released one), random weights; a whole tile."""
    config = config or load_released()
    torch.set_num_threads(bench.threads)
    with tempfile.TemporaryDirectory() as folder:
        found = [_stage(config, i, Path(folder), bench, side) for i in range(len(config.stages))]
        entries = tuple(stage.entry for stage in found)
        model = manifest.Manifest(
            **manifest_of_config.identity(config), card="none", stages=entries
        )
        tile = _balanced_seconds(Path(folder), model, bench.threads, side)
    rows = [_row(f"guided step, stage {i + 1}", stage) for i, stage in enumerate(found)]
    eager = sum(
        settings.timesteps * median(stage.seconds["torch"])
        for settings, stage in zip(config.stages, found)
    )
    rows.append(["whole tile", eager, tile, eager / tile, ""])
    samples = {
        f"stage {i + 1}, {name}": taken
        for i, stage in enumerate(found)
        for name, taken in stage.seconds.items()
    }
    title = f"(a) The released network, {side} x {side} pixels"
    return Part(title, HEADS, rows, _note(bench, config, model), samples)


def _note(bench: Bench, config: Config, model: manifest.Manifest) -> str:
    balanced = model.qualities["balanced"]
    return (
        f"Random weights; a guided step is the condition's pass and the null condition's; medians "
        f"of {bench.repeats}. Whole tile: torch is extrapolated from its steps, "
        f"{config.stages[0].timesteps} a stage, without the sampler's own arithmetic; the runtime "
        f"is `balanced` of the default qualities ({balanced.sampler}, {balanced.steps} steps a "
        f"stage, guided at timesteps {balanced.guidance_interval}), measured once from RGB to all "
        "bands."
    )


def _row(name: str, stage: StageFound):
    eager, runtime = (median(stage.seconds[which]) for which in ("torch", "runtime"))
    return [name, eager, runtime, eager / runtime, stage.difference]


def _stage(config: Config, stage: int, folder: Path, bench: Bench, side: int) -> StageFound:
    torch.manual_seed(stage)
    network, path = registry.build(config, stage).eval(), folder / f"stage{stage + 1}.onnx"
    inner, outer = (
        manifest_of_config.condition_bands(config, stage),
        len(config.stages[stage].final_bands),
    )
    export_denoiser(network, path, inner, outer, network.multiple)
    entry = manifest_of_config.stage_entry(config, stage, model_file(path))
    session = onnx_session.session_for(folder, entry.denoiser, "cpu", bench.threads)
    runtime = CpuNetwork(session, ["x", "condition", "timestep"], "prediction")
    sampler = StageSampler(entry, runtime, None)
    rng = np.random.default_rng(stage)
    x, condition = (rng.standard_normal((1, n, side, side), np.float32) for n in (outer, inner))
    steps = {
        "torch": _torch_step(network, x, condition, entry.guidance_scale),
        "runtime": _runtime_step(sampler, x, condition, entry.guidance_scale),
    }
    return StageFound(entry, in_turns(steps, bench.repeats), _difference(*steps.values()))


def _torch_step(network, x: np.ndarray, condition: np.ndarray, scale: float) -> Callable:
    x_t, seen, t = torch.from_numpy(x), torch.from_numpy(condition), torch.tensor([TIMESTEP])

    def step() -> np.ndarray:
        with torch.inference_mode():
            null = network(x_t, torch.zeros_like(seen), t)
            return (null + (scale + 1) * (network(x_t, seen, t) - null)).numpy()

    return step


def _runtime_step(
    sampler: StageSampler, x: np.ndarray, condition: np.ndarray, scale: float
) -> Callable:
    guided = sampler.predictor(condition, np.zeros_like(condition), scale)
    return lambda: guided(x, TIMESTEP)


def _difference(expected: Callable, found: Callable) -> float:
    """The largest difference over the largest value."""
    values = expected()
    return float(np.abs(found() - values).max() / np.abs(values).max())


def _balanced_seconds(folder: Path, model: manifest.Manifest, threads: int, side: int) -> float:
    loaded = load_cascade(folder, model, "cpu", threads)
    how = sampling_of(model, "balanced")
    offset, scale = model.normalisation.input_offset[0], model.normalisation.input_scale[0]
    rng = np.random.default_rng(0)
    rgb = offset + scale * rng.standard_normal((len(model.input_bands), side, side))
    since = time.perf_counter()
    loaded.estimate(rgb.astype(np.float32), 0, 0, how)
    return time.perf_counter() - since
