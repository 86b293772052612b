"""What an ablation compares: ways to sample one model, each with what it costs per pixel."""

from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Sequence, Tuple

from model_runtime.diffusion import samplers
from model_runtime.diffusion.guidance import RELEASED_BOUND
from model_runtime.diffusion.settings import Sampling, sampling_of_quality
from model_runtime.errors import InputError
from model_runtime.package.manifest import Manifest

LEAST_BOUND = 0.5  # of truncation: below it half of all values would be clamped
MOST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Asked:
    """What is varied: one thing at a time, from what ``quality`` means in the package.

    ``guidance``: scales, one for all stages; ``intervals`` (first, last) of timesteps that are
    guided, with each of the scales; ``truncation``: lower bounds; ``samplers`` each in all
    ``steps``; ``seeds``: the first is that of all other rows.
    """

    quality: str
    guidance: Tuple[float, ...]
    truncation: Tuple[float, ...]
    samplers: Tuple[str, ...]
    steps: Tuple[int, ...]
    seeds: Tuple[int, ...]
    intervals: Tuple[Tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Variation:
    """A row's name and how it samples."""

    name: str
    how: Sampling


def variations(model: Manifest, asked: Asked) -> List[Variation]:
    """The ways to sample ``model``; those that come to the same are one row with all names.

    Raises InputError for what cannot be asked of it.
    """
    _check(model, asked)
    own = own_way(model, asked.quality, asked.seeds[0])
    named = [("full: the model's own way", own), *_without(own)]
    named += [(f"guidance {s:g}", _guide(own, s)) for s in asked.guidance]
    named += [
        (f"guidance {s:g} at {first} to {last}", _guide(own, s, (first, last)))
        for s in asked.guidance
        for first, last in asked.intervals
    ]
    named += [(f"truncation {b:g}", _truncate(own, b)) for b in asked.truncation]
    named += [
        (f"guidance {s:g}, truncation {RELEASED_BOUND:g}", _truncate(_guide(own, s)))
        for s in asked.guidance
        if asked.truncation
    ]
    named += [
        (f"{sampler}, {steps} step{'s' * (steps > 1)}, one sample", _other(own, sampler, steps))
        for sampler in asked.samplers
        for steps in asked.steps
    ]
    named += [(f"seed {seed}", replace(own, seed=seed)) for seed in asked.seeds[1:]]
    return _merge(named)


def _check(model: Manifest, asked: Asked) -> None:
    most = min(stage.schedule.steps for stage in model.stages)
    for option, values, least, top in (
        ("guidance", asked.guidance, 0, 100),
        ("truncation", asked.truncation, LEAST_BOUND, 1),
        ("steps", asked.steps, 1, most),
        ("seeds", asked.seeds, 0, MOST_SEED),
    ):
        for value in values:
            if not least <= value <= top:
                raise InputError(f"--{option} {value:g}", f"give {least:g} to {top:g}")
    for first, last in asked.intervals:
        if not 0 <= first <= last < most:
            raise InputError(
                f"--guidance-interval {first},{last}",
                f"give the first and the last timestep, of 0 to {most - 1}",
            )


def own_way(model: Manifest, quality: str, seed: int) -> Sampling:
    """How ``model`` samples at ``quality`` when nothing else is said."""
    scales = tuple(stage.guidance_scale for stage in model.stages)
    bounds = tuple(stage.pdt_lower_bound for stage in model.stages)
    own = sampling_of_quality(model.qualities[quality], scales, seed)
    return replace(own, truncation=bounds)


def _without(own: Sampling) -> List[Tuple[str, Sampling]]:
    unguided, free = _guide(own, 0.0), _truncate(own, 1.0)
    return [
        ("without guidance", unguided),
        ("without truncation", free),
        ("without both", _truncate(unguided, 1.0)),
    ]


def _guide(how: Sampling, scale: float, interval: Optional[Tuple[int, int]] = None) -> Sampling:
    interval = (interval or how.guidance_interval) if scale else None
    return replace(how, guidance=(scale,) * len(how.guidance), guidance_interval=interval)


def _truncate(how: Sampling, bound: float = RELEASED_BOUND) -> Sampling:
    return replace(how, truncation=(bound,) * len(how.guidance))


def _other(own: Sampling, sampler: str, steps: int) -> Sampling:
    """One sample, guided at every timestep, as ``upsample --sampler --steps`` does."""
    return replace(own, sampler=sampler, steps=steps, samples=1, guidance_interval=None)


def _merge(named: Sequence[Tuple[str, Sampling]]) -> List[Variation]:
    names: Dict[Sampling, List[str]] = {}
    for name, how in named:
        names.setdefault(_plain(how), []).append(name)
    return [Variation(" = ".join(each), how) for how, each in names.items()]


def _plain(how: Sampling) -> Sampling:
    """``how`` without an interval of guidance where nothing is guided."""
    return how if any(how.guidance) else replace(how, guidance_interval=None)


def evaluations(model: Manifest, how: Sampling) -> int:
    """How often a denoiser is evaluated for each pixel, with and without the condition."""
    first, last = how.guidance_interval or (0, max(s.schedule.steps for s in model.stages))
    total = 0
    for stage, scale in zip(model.stages, how.guidance):
        for t in samplers.timesteps(stage.schedule.steps, how.steps):
            total += 2 if scale and first <= t <= last else 1
    return total * how.samples
