"""A cascade of torch networks sampled on validation scenes with the runtime's own sampler."""

from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Sequence

import numpy as np
import torch
from torch import nn

from model_runtime.diffusion import colour_correction
from model_runtime.diffusion.cascade import Cascade
from model_runtime.diffusion.settings import (
    EstimateRequest,
    Sampling,
    TileEstimate,
    sampling_of_quality,
)
from model_runtime.diffusion.stage_sampler import StageSampler
from model_runtime.package import manifest
from model_runtime.spectra import metrics
from model_runtime.tiling import round_up

from ..config import Config
from ..data.dataset import Scene
from ..data.held_out import HeldOut
from ..package import manifest_of_config


@dataclass(frozen=True)
class Judged:
    """A scene's measures and its estimate (stage bands, rows, cols)."""

    scene: Scene
    scores: Dict[str, float]
    estimate: np.ndarray


def torch_cascade(config: Config, networks: Sequence[nn.Module]) -> Cascade:
    """The runtime's cascade around torch networks: the first stages, or all."""
    whole = _first_stages(config, len(networks))
    stages = [_stage_sampler(entry, network) for entry, network in zip(whole.stages, networks)]
    return Cascade(whole, stages, "cpu")


def torch_stage(config: Config, stage: int, network: nn.Module) -> Cascade:
    """Stage ``stage`` (from 0) by itself around a torch network; see ``alone``."""
    whole = _first_stages(config, stage + 1)
    return alone(whole, _stage_sampler(whole.stages[stage], network))


def alone(whole: manifest.Manifest, stage: StageSampler) -> Cascade:
    """A cascade of nothing but one of a model's stages.

    What it is given is that stage's condition in the output's unit: the true bands of the stage
    before, or for the first stage the model's input.
    """
    number, plain = whole.stages.index(stage.stage), replace(whole, data_consistency=False)
    n = whole.normalisation
    if number > 0:
        bands = whole.stages[number - 1].final_bands
        offset, scale = ([n.output_offset[b] for b in bands], [n.output_scale[b] for b in bands])
        n = replace(n, input_offset=tuple(offset), input_scale=tuple(scale))
    return Cascade(replace(plain, normalisation=n, stages=(stage.stage,)), [stage], "cpu")


def _first_stages(config: Config, count: int) -> manifest.Manifest:
    """The manifest of a package of the first ``count`` stages."""
    files = manifest.ModelFile("none", "0" * 64)
    entries = tuple(manifest_of_config.stage_entry(config, i, files) for i in range(count))
    return manifest.Manifest(**manifest_of_config.identity(config), card="none", stages=entries)


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
    return judge_sampling(config, networks, scenes, _fast(config, range(len(networks))))


def judge_alone(
    config: Config, stage: int, network: nn.Module, scenes: Sequence[Scene]
) -> List[Judged]:
    """Every scene's true bands of the stage before, sampled at quality ``fast`` and measured."""
    how, cascade = _fast(config, [stage]), torch_stage(config, stage, network)
    bands = config.stages[stage - 1].final_bands if stage else None
    return measure(cascade, how, scenes, bands)


def _fast(config: Config, stages: Sequence[int]) -> Sampling:
    fast = manifest_of_config.identity(config)["qualities"]["fast"]
    scales = tuple(config.stages[stage].guidance_scale for stage in stages)
    return sampling_of_quality(fast, scales, seed=0)


def judge_sampling(
    config: Config, networks: Sequence[nn.Module], scenes: Sequence[Scene], how: Sampling
) -> List[Judged]:
    """Every scene sampled as ``how`` says by the stages in ``networks`` and measured."""
    return measure(torch_cascade(config, networks), how, scenes)


def measure(
    cascade: Cascade,
    how: Sampling,
    scenes: Sequence[Scene],
    given: Optional[Sequence[int]] = None,
) -> List[Judged]:
    """Every scene sampled as ``how`` says by ``cascade`` and measured in the bands that it makes.

    ``given``: the output bands whose true values are the cascade's input; None: the RGB is.
    """
    bands = list(cascade.stages[-1].stage.final_bands)
    return [_judge(cascade, how, scene, bands, given) for scene in scenes]


def _judge(
    cascade: Cascade,
    how: Sampling,
    scene: Scene,
    bands: List[int],
    given: Optional[Sequence[int]],
) -> Judged:
    picture = scene.rgb if given is None else scene.cube[list(given)]
    mean = estimate(cascade, how, picture).mean
    scores = metrics.score(mean, scene.cube[bands], scene.seen[bands]).overall
    return Judged(scene, scores, mean)


def estimate(cascade: Cascade, how: Sampling, rgb: np.ndarray, draws: bool = False) -> TileEstimate:
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


def sampling_for(cascade: Cascade, how: Sampling, picture: HeldOut) -> Sampling:
    """``how`` with what a run finds out of a picture: a guessed level, its colour correction."""
    if not picture.level_guessed:
        return how
    how, model = replace(how, level_guessed=True), cascade.manifest
    if not model.colour_correction:
        return how
    fast = sampling_of_quality(model.qualities["fast"], (0.0,) * len(model.stages), seed=0)
    spectra = estimate(cascade, fast, picture.rgb).mean
    of_pixels = [values.reshape(len(values), -1) for values in (picture.rgb, spectra)]
    return replace(how, colours=colour_correction.of_estimates(model, *of_pixels))


def means(judged: Sequence[Judged]) -> Dict[str, float]:
    """Mean of each measure over the sensors, each sensor the mean of its scenes.

    A scene that a measure does not exist for (SSIM of a few pixels) does not count in it.
    """
    return _means([_means([item.scores for item in group]) for group in _sensors(judged)])


def by_sensor(judged: Sequence[Judged]) -> Dict[str, Dict[str, float]]:
    """The mean measures of each sensor's scenes, by the name of the first of them."""
    groups = _sensors(judged)
    return {g[0].scene.name: _means([item.scores for item in g]) for g in groups}


def _sensors(judged: Sequence[Judged]) -> List[List[Judged]]:
    sensors: Dict[tuple, List[Judged]] = {}
    for item in judged:
        sensors.setdefault(item.scene.sensor, []).append(item)
    return list(sensors.values())


def _means(scores: Sequence[Dict[str, float]]) -> Dict[str, float]:
    return {key: _mean([s[key] for s in scores]) for key in scores[0]}


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
