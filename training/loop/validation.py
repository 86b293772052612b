"""A cascade of torch networks sampled on validation scenes with the runtime's own sampler."""

from dataclasses import dataclass
from typing import Dict, List, Sequence

import numpy as np
import torch
from torch import nn

from model_runtime.diffusion.cascade import (
    Cascade,
    Estimate,
    EstimateRequest,
    Sampling,
    StageSampler,
    sampling_of_quality,
)
from model_runtime.package import manifest
from model_runtime.spectra import metrics
from model_runtime.tiling import round_up

from ..config import Config
from ..data.dataset import Scene
from ..package import manifest_of_config


@dataclass(frozen=True)
class Judged:
    """A scene's measures and its estimate (stage bands, rows, cols)."""

    scene: Scene
    scores: Dict[str, float]
    estimate: np.ndarray


def torch_cascade(config: Config, networks: Sequence[nn.Module]) -> Cascade:
    """The runtime's cascade around torch networks: the first stages, or all."""
    files = manifest.ModelFile("none", "0" * 64)
    entries = tuple(manifest_of_config.stage_entry(config, i, files) for i in range(len(networks)))
    whole = manifest.Manifest(**manifest_of_config.identity(config), card="none", stages=entries)
    stages = [_stage_sampler(entry, network) for entry, network in zip(entries, networks)]
    return Cascade(whole, stages, "cpu")


def _stage_sampler(entry: manifest.Stage, network: nn.Module) -> StageSampler:
    if hasattr(network, "condition_encoder"):
        encode = _as_function(network.condition_encoder, ("condition",))
        denoise = _as_function(network.denoiser, ("x", "features", "timestep"))
        return StageSampler(entry, denoise, encode)
    return StageSampler(entry, _as_function(network, ("x", "condition", "timestep")), None)


def _as_function(module: nn.Module, names: Sequence[str]):
    place = next(module.parameters())

    def call(**feeds: np.ndarray) -> np.ndarray:
        tensors = [torch.from_numpy(feeds[name]).to(place.device) for name in names]
        with torch.no_grad():
            return module(*tensors).cpu().numpy()

    return call


def judge(config: Config, networks: Sequence[nn.Module], scenes: Sequence[Scene]) -> List[Judged]:
    """Every scene sampled at quality ``fast`` by the stages in ``networks`` and measured."""
    fast = manifest_of_config.identity(config)["qualities"]["fast"]
    scales = tuple(stage.guidance_scale for stage in config.stages[: len(networks)])
    return judge_sampling(config, networks, scenes, sampling_of_quality(fast, scales, seed=0))


def judge_sampling(
    config: Config, networks: Sequence[nn.Module], scenes: Sequence[Scene], how: Sampling
) -> List[Judged]:
    """Every scene sampled as ``how`` says by the stages in ``networks`` and measured."""
    cascade = torch_cascade(config, networks)
    bands = list(config.stages[len(networks) - 1].final_bands)
    return [_judge(cascade, how, scene, bands) for scene in scenes]


def _judge(cascade: Cascade, how: Sampling, scene: Scene, bands: List[int]) -> Judged:
    mean = estimate(cascade, how, scene.rgb).mean
    scores = metrics.score(mean, scene.cube[bands], scene.seen[bands]).overall
    return Judged(scene, scores, mean)


def estimate(cascade: Cascade, how: Sampling, rgb: np.ndarray, draws: bool = False) -> Estimate:
    """The whole scene as one tile, continued by reflection as far as the model sees, as in use.

    ``draws``: with the samples.
    """
    tile, (rows, cols) = cascade.manifest.tile, rgb.shape[1:]
    margin = round_up(tile.influence or 0, tile.multiple)
    padding = [(margin, margin + -n % tile.multiple) for n in (rows, cols)]
    around = np.pad(rgb, [(0, 0), *padding], mode="reflect")
    kept = slice(margin, margin + rows), slice(margin, margin + cols)
    wanted = EstimateRequest(kept, draws=draws)
    return cascade.estimate(around, -margin, -margin, how, wanted)


def means(judged: Sequence[Judged]) -> Dict[str, float]:
    """Mean of each measure over the sensors, each sensor the mean of its scenes.

    A scene that a measure does not exist for (SSIM of a few pixels) does not count in it.
    """
    sensors: Dict[tuple, List[Dict[str, float]]] = {}
    for item in judged:
        sensors.setdefault(item.scene.sensor, []).append(item.scores)
    keys = judged[0].scores
    return {k: _mean([_mean([s[k] for s in group]) for group in sensors.values()]) for k in keys}


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
