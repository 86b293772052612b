"""The colours of the training scenes: how bright their input bands are."""

from typing import Sequence

import numpy as np

from model_runtime.package import manifest

from .dataset import Scene

LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def domain_of(scenes: Sequence[Scene], shares: Sequence[float]) -> manifest.Domain:
    """Quantiles of the input bands over the scenes, each scene by how often it is drawn."""
    pixels = [scene.rgb[:, scene.seen.any(0)] for scene in scenes]
    weight = np.concatenate([np.full(p.shape[1], s / p.shape[1]) for p, s in zip(pixels, shares)])
    values = np.concatenate(pixels, axis=1)
    return manifest.Domain(LEVELS, tuple(_quantiles(band, weight) for band in values))


def _quantiles(values: np.ndarray, weight: np.ndarray):
    order = np.argsort(values)
    below = np.cumsum(weight[order]) / weight.sum()
    picked = values[order][np.minimum(np.searchsorted(below, LEVELS), len(values) - 1)]
    return tuple(round(float(v), 5) for v in picked)
