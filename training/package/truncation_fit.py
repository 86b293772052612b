"""Fits truncation's thresholds: how large |x_t| of a stage is in held-out pictures' chains."""

from typing import Dict, List, Sequence

import numpy as np

from model_runtime.diffusion import samplers, schedule
from model_runtime.diffusion.stage_sampler import StageSampler
from model_runtime.package.manifest import TruncationThresholds

STEPS = 50
LEVELS = (0.5, 0.7, 0.8, 0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.99, 0.995, 0.999, 1.0)
# Magnitudes are counted in bins; what is beyond them all counts in the last.
BIN, BINS = 0.005, 4000


class MagnitudeCounts:
    """How often |x_t| of one stage has which size, by timestep."""

    def __init__(self) -> None:
        self._counts: Dict[int, np.ndarray] = {}

    def add(self, t: int, x_t: np.ndarray, weight: float) -> None:
        """Count x_t of any shape: all of its values together weigh ``weight``."""
        bins = np.minimum(np.abs(x_t) / BIN, BINS - 1).astype(np.int64).ravel()
        counts = np.bincount(bins, minlength=BINS) * (weight / bins.size)
        self._counts[t] = self._counts.get(t, 0) + counts

    def thresholds(self) -> TruncationThresholds:
        """The quantiles at LEVELS of all that was counted."""
        timesteps = sorted(self._counts)
        rows = tuple(_quantiles(self._counts[t]) for t in timesteps)
        return TruncationThresholds(tuple(timesteps), LEVELS, rows)


def _quantiles(counts: np.ndarray) -> tuple:
    share = np.cumsum(counts) / counts.sum()
    # Rounding leaves the sum of all a little below 1.
    places = np.searchsorted(share, np.array(LEVELS) - 1e-9)
    return tuple(round(float(BIN * (place + 1)), 3) for place in places)


def run_chain(
    stage: StageSampler, features: np.ndarray, noise: np.random.Generator, see
) -> np.ndarray:
    """One sample of ``stage`` by 50 steps of ddpm, unguided; ``see(t, x_t)`` before each step.

    ``features`` (1, channels, rows, cols): what the stage's denoiser sees of its condition.

    Returns: the sample (1, bands, rows, cols), normalised.
    """
    d, kind = stage.diffusion, stage.stage.prediction
    shape = 1, stage.stage.output_bands, *features.shape[2:]
    predict = stage.predictor(features, None, 0.0)

    def denoise(x_t: np.ndarray, t: int) -> np.ndarray:
        return schedule.x0(kind, predict(x_t, t), x_t, d, t)

    def draw(t: int) -> np.ndarray:
        return noise.standard_normal(shape, np.float32)

    def watch(x_t: np.ndarray, t: int) -> np.ndarray:
        see(t, x_t)
        return x_t

    order = samplers.timesteps(d.steps, min(STEPS, d.steps))
    return samplers.ddpm(draw(d.steps), denoise, d, order, draw, watch)


def fit(
    stages: Sequence[StageSampler],
    conditions: Sequence[np.ndarray],
    weights: Sequence[float],
    margin: int = 0,
) -> List[TruncationThresholds]:
    """The thresholds of each stage over chains of pictures, which weigh as ``weights`` say.

    ``conditions`` (1, input bands, rows, cols) each, normalised, with ``margin`` pixels around them
    that are only looked at. A stage's samples are the next one's conditions.
    """
    found = []
    for number, stage in enumerate(stages):
        counts, made = MagnitudeCounts(), []
        for place, (condition, weight) in enumerate(zip(conditions, weights)):

            def see(t: int, x_t: np.ndarray, counts=counts, weight=weight) -> None:
                counts.add(t, x_t, weight)

            noise = np.random.default_rng([number, place])
            seen = _without_margin(stage.features(condition), margin)
            made.append(run_chain(stage, seen, noise, see))
        conditions, margin = made, 0
        found.append(counts.thresholds())
    return found


def _without_margin(features: np.ndarray, margin: int) -> np.ndarray:
    rows, cols = (slice(margin, length - margin) for length in features.shape[2:])
    return np.ascontiguousarray(features[..., rows, cols])
