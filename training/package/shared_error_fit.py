"""Fits what all pixels of a picture err by together to the errors of held-out areas."""

from dataclasses import dataclass
from typing import Sequence, Tuple

import numpy as np

SIDE = 10  # pixels of the truth that an area has a side
DARKEST = 0.01  # reflectance; below, a relative error says nothing
LARGEST = 1.0  # an error beyond this is another material, not another level
MOST_SPREADS = 2.5  # what errs by more than that many spreads is for the pixels' calibration
MOST_VECTORS = 3
LEAST_SHARE = 0.05  # of the variance that a vector has to explain
MOST_SHARED = 0.95  # of a spread's variance

Vectors = Tuple[Tuple[float, ...], ...]


@dataclass(frozen=True)
class Areas:
    """Of a picture's areas: what the mean errs by and is, (areas, bands) each, by how much each
    draw's mean differs from it, ``apart`` (draws, areas, bands), the pixels' mean ``spread`` and
    whether all of a band was ``seen``, (areas, bands) each."""

    error: np.ndarray
    level: np.ndarray
    apart: np.ndarray
    spread: np.ndarray
    seen: np.ndarray


def areas_of(
    truth: np.ndarray, seen: np.ndarray, mean: np.ndarray, draws: np.ndarray, spread: np.ndarray
) -> Areas:
    """Cut (bands, rows, cols) into areas of SIDE x SIDE; ``draws`` (draws, bands, rows, cols).

    Returns: the Areas; none where the picture is smaller than one.
    """
    down, across = (n // SIDE for n in truth.shape[1:])

    def means(values: np.ndarray) -> np.ndarray:
        whole = values[:, : down * SIDE, : across * SIDE]
        cut = whole.reshape(len(values), down, SIDE, across, SIDE)
        return cut.mean(axis=(2, 4), dtype=np.float64).reshape(len(values), -1).T

    error = means(np.where(seen, truth, 0)) - means(mean)
    apart = np.array([means(draw) for draw in draws])
    apart -= apart.mean(axis=0)
    return Areas(error, means(mean), apart, means(spread), means(seen) == 1)


def fit(groups: Sequence[Sequence[Areas]], of_spread: Vectors = ()) -> Vectors:
    """The vectors of the error's covariance over the bands, relative to the estimate, beyond what
    the draws differ by, of whose spread a picture shares ``of_spread``; groups count alike.

    Returns: up to MOST_VECTORS vectors, none where the draws differ by enough.
    """
    if not groups:
        return ()
    return _as_tuples(_vectors(_mean([_relative_excess(areas, of_spread) for areas in groups])))


def fit_of_spread(groups: Sequence[Sequence[Areas]]) -> Vectors:
    """The vectors of what a picture shares of each pixel's spread, so that the draws' means differ
    as areas err; groups count alike.

    Returns: up to MOST_VECTORS vectors, none where the draws differ by enough.
    """
    if not groups:
        return ()
    pairs = [_of_spread(areas) for areas in groups]
    error, drawn = (_mean([pair[i] for pair in pairs]) for i in (0, 1))
    vectors = _vectors(error - drawn)
    missing = np.diag(error - drawn) / np.maximum(1 - np.diag(drawn), 0.1)
    wanted = np.clip(missing, 0, MOST_SHARED)
    found = np.maximum((vectors**2).sum(axis=0), 1e-9) if len(vectors) else 1
    return _as_tuples(vectors * np.sqrt(wanted / found))


def _relative_excess(areas: Sequence[Areas], of_spread: Vectors) -> np.ndarray:
    """(bands, bands) of a group's relative errors, less the draws' own."""
    level = np.maximum(_all(areas, "level"), DARKEST)
    error = np.clip(_all(areas, "error") / level, -LARGEST, LARGEST)
    shared = np.array(of_spread).reshape(-1, level.shape[1])
    alone = np.sqrt(np.maximum(1 - (shared**2).sum(axis=0), 0))
    moves = shared[:, None] * (_all(areas, "spread") / level)  # (vectors, areas, bands)
    drawn = _covariance([*(_all(areas, "apart") * alone / level)], areas)
    return (
        _covariance([error], areas)
        - drawn * len(areas[0].apart) / (len(areas[0].apart) - 1)
        - _covariance([*moves], areas) * len(moves)
    )


def _of_spread(areas: Sequence[Areas]) -> Tuple[np.ndarray, np.ndarray]:
    """(bands, bands) of a group's errors in spreads, and of the draws' own."""
    spread = np.maximum(_all(areas, "spread"), 1e-6)
    error = np.clip(_all(areas, "error") / spread, -MOST_SPREADS, MOST_SPREADS)
    apart = _all(areas, "apart") / spread
    drawn = _covariance([*apart], areas) * len(apart) / (len(apart) - 1)
    return _covariance([error], areas), drawn


def _all(areas: Sequence[Areas], name: str) -> np.ndarray:
    return np.concatenate([getattr(one, name) for one in areas], axis=-2)


def _covariance(values: Sequence[np.ndarray], areas: Sequence[Areas]) -> np.ndarray:
    """(bands, bands), the mean over ``values`` (areas, bands) each; NaN where no area saw both."""
    seen = _all(areas, "seen").astype(np.float64)
    pairs = seen.T @ seen
    total = sum((one * seen).T @ (one * seen) for one in values) / max(len(values), 1)
    return np.where(pairs > 0, total, np.nan) / np.maximum(pairs, 1)


def _mean(covariances: Sequence[np.ndarray]) -> np.ndarray:
    """Over the groups that saw both bands; nothing where none did."""
    said = np.isfinite(covariances)
    return np.where(said, covariances, 0).sum(axis=0) / np.maximum(said.sum(axis=0), 1)


def _vectors(covariance: np.ndarray) -> np.ndarray:
    """The largest (vectors, bands) of a covariance."""
    values, vectors = np.linalg.eigh(covariance)
    order = np.argsort(-values)[:MOST_VECTORS]
    least = LEAST_SHARE * max(values[order[0]], 0)
    kept = [np.sqrt(values[i]) * vectors[:, i] for i in order if values[i] > max(least, 1e-6)]
    return np.array(kept).reshape(-1, len(covariance))


def _as_tuples(vectors: np.ndarray) -> Vectors:
    return tuple(tuple(vector.round(4).tolist()) for vector in vectors)
