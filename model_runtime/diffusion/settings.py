"""What is asked of a cascade and what it gives: settings of the sampling, a tile's estimate."""

from dataclasses import dataclass, field
from typing import Callable, List, Optional, Tuple

import numpy as np

from ..package.manifest import Quality


@dataclass(frozen=True)
class Sampling:
    """How to sample.

    ``steps``: denoiser calls per stage. ``guidance``: one scale per stage.
    ``guidance_interval``: the first and the last timestep that are guided; None: all.
    ``level_guessed``: the input was matched to the model's unit, so all of it may be off together.
    ``truncation``: PDT's lower bound of each stage, 1 for none; None: the stages' own.
    ``colours``: the coefficients of the picture's colour correction; None: none is made.
    """

    sampler: str
    steps: int
    samples: int
    guidance: Tuple[float, ...]
    seed: int
    guidance_interval: Optional[Tuple[int, int]] = None
    level_guessed: bool = False
    truncation: Optional[Tuple[float, ...]] = None
    colours: Optional[Tuple[Tuple[float, ...], ...]] = None


def sampling_of_quality(quality: Quality, guidance: Tuple[float, ...], seed: int) -> Sampling:
    """How a package's quality samples.

    Returns: the sampler, steps and samples of ``quality`` with ``guidance`` and ``seed``.
    """
    return Sampling(
        sampler=quality.sampler,
        steps=quality.steps,
        samples=quality.samples,
        guidance=guidance,
        seed=seed,
        guidance_interval=quality.guidance_interval,
    )


@dataclass(frozen=True)
class TileEstimate:
    """What a tile's sampling gives, in the model's output unit.

    ``mean`` (bands, rows, cols) over the samples; ``spread`` their standard deviation, calibrated
    where the package says how, None for one sample; ``stages`` the mean of each stage's bands.
    ``draws``: the samples, each moved from the mean as far as makes their standard deviation the
    spread. ``relative_spread`` (1, rows, cols): the spread of all bands relative to the mean.
    """

    mean: np.ndarray
    spread: Optional[np.ndarray]
    stages: List[np.ndarray]
    draws: List[np.ndarray] = field(default_factory=list)
    relative_spread: Optional[np.ndarray] = None


Finish = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class EstimateRequest:
    """What is asked for of a tile: rows and cols of it, and which arrays beside the mean.

    ``finish`` makes what is returned of each array of spectra, while they are at hand.
    """

    kept: Tuple[slice, slice] = (slice(None), slice(None))
    spread: bool = True
    stages: bool = True
    finish: Finish = np.asarray
    draws: bool = False
    relative_spread: bool = False


EVERYTHING = EstimateRequest()
