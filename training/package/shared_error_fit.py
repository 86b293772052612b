"""Fits what all pixels of a picture err by together to the errors of held-out areas."""

from dataclasses import dataclass
from typing import Sequence, Tuple

import numpy as np

SIDE = 10  # pixels of the truth that an area has a side
DARKEST = 0.01  # reflectance; below, a relative error says nothing
LARGEST = 1.0  # an error beyond this is another material, not another level
MOST_VECTORS = 3
LEAST_SHARE = 0.05  # of the variance that a vector has to explain


@dataclass(frozen=True)
class Areas:
    """Of a picture's areas: the mean's relative ``error`` (areas, bands), by how much each draw's
    mean differs from it, ``apart`` (draws, areas, bands), and ``seen`` (areas, bands)."""

    error: np.ndarray
    apart: np.ndarray
    seen: np.ndarray


def areas_of(truth: np.ndarray, seen: np.ndarray, mean: np.ndarray, draws: np.ndarray) -> Areas:
    """Cut (bands, rows, cols) into areas of SIDE x SIDE; ``draws`` (draws, bands, rows, cols).

    Returns: the Areas; none where the picture is smaller than one.
    """
    down, across = (n // SIDE for n in truth.shape[1:])

    def means(values: np.ndarray) -> np.ndarray:
        whole = values[:, : down * SIDE, : across * SIDE]
        cut = whole.reshape(len(values), down, SIDE, across, SIDE)
        return cut.mean(axis=(2, 4), dtype=np.float64).reshape(len(values), -1).T

    level = np.maximum(means(mean), DARKEST)
    error = (means(np.where(seen, truth, 0)) - means(mean)) / level
    apart = np.array([means(draw) for draw in draws]) / level
    return Areas(np.clip(error, -LARGEST, LARGEST), apart - apart.mean(axis=0), means(seen) == 1)


def fit(groups: Sequence[Sequence[Areas]]) -> Tuple[Tuple[float, ...], ...]:
    """The vectors of the error's covariance over the bands, beyond the draws' own; groups count
    alike.

    Returns: up to MOST_VECTORS vectors, none where the draws differ by enough.
    """
    if not groups:
        return ()
    found = [_covariance(areas) for areas in groups]
    said = np.isfinite(found)
    covariance = np.where(said, found, 0).sum(axis=0) / np.maximum(said.sum(axis=0), 1)
    values, vectors = np.linalg.eigh(covariance)
    order = np.argsort(-values)[:MOST_VECTORS]
    least = LEAST_SHARE * max(values[order[0]], 0)
    kept = [np.sqrt(values[i]) * vectors[:, i] for i in order if values[i] > max(least, 1e-6)]
    return tuple(tuple(vector.round(4).tolist()) for vector in kept)


def _covariance(areas: Sequence[Areas]) -> np.ndarray:
    """(bands, bands) of a group's areas, less the draws' own; NaN where no area saw both bands."""
    error, seen = (
        np.concatenate([getattr(one, name) for one in areas]) for name in ("error", "seen")
    )
    apart = np.concatenate([one.apart for one in areas], axis=1)
    error, apart = error * seen, apart * seen
    pairs = seen.astype(np.float64).T @ seen
    drawn = np.einsum("dab,dac->bc", apart, apart) / (len(apart) - 1)
    return np.where(pairs > 0, error.T @ error - drawn, np.nan) / np.maximum(pairs, 1)
