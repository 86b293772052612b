"""k-means classes of a picture's spectra, always the same for the same picture."""

from dataclasses import dataclass
from typing import List, Tuple

import numpy as np

SAMPLE_PIXELS = 5000
ROUNDS = 30


@dataclass(frozen=True)
class SpectralClass:
    """A class of spectra: ``share`` of the valid pixels, mean and standard deviation (bands,)."""

    share: float
    mean: np.ndarray
    deviation: np.ndarray


def cluster_spectra(cube: np.ndarray, count: int) -> Tuple[List[SpectralClass], np.ndarray]:
    """Group the pixels of ``cube`` (bands, rows, cols) into at most ``count`` classes by k-means.

    Lloyd's algorithm, started by k-means++ (Arthur and Vassilvitskii, 2007) on a sample of the
    pixels.

    Returns: the classes, largest first, and the class number of each pixel (rows, cols), -1 where
        any band is NaN.
    """
    valid = np.isfinite(cube).all(axis=0)
    spectra = cube[:, valid].T.astype(np.float64)  # (pixels, bands)
    labels = np.full(cube.shape[1:], -1)
    if not len(spectra):
        return [], labels
    rng = np.random.default_rng(0)
    sample = spectra[rng.permutation(len(spectra))[:SAMPLE_PIXELS]]
    near = _nearest(spectra, _centres(sample, count, rng))
    by_size = np.argsort(-np.bincount(near), kind="stable")
    order = [k for k in by_size if (near == k).any()]
    found = np.empty(max(order) + 1, int)
    found[order] = np.arange(len(order))
    labels[valid] = found[near]
    return [_class(spectra[near == k], len(spectra)) for k in order], labels


def _class(members: np.ndarray, total: int) -> SpectralClass:
    return SpectralClass(len(members) / total, members.mean(axis=0), members.std(axis=0))


def _centres(sample: np.ndarray, count: int, rng) -> np.ndarray:
    centres = _first_centres(sample, count, rng)
    for _ in range(ROUNDS):
        near = _nearest(sample, centres)
        moved = np.array([_mean(sample[near == k], centre) for k, centre in enumerate(centres)])
        if np.array_equal(moved, centres):
            break
        centres = moved
    return centres


def _mean(members: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    return members.mean(axis=0) if len(members) else otherwise


def _first_centres(sample: np.ndarray, count: int, rng) -> np.ndarray:
    centres = sample[:1]
    while len(centres) < count:
        apart = _square_distances(sample, centres).min(axis=1)
        if not apart.max() > 0:
            break
        centres = np.vstack([centres, sample[rng.choice(len(sample), p=apart / apart.sum())]])
    return centres


def _nearest(spectra: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return _square_distances(spectra, centres).argmin(axis=1)


def _square_distances(spectra: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.stack([((spectra - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
