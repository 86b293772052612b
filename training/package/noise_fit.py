"""Fits how a sample's noise hangs together in space to how the errors of held-out scenes do."""

from typing import List, Sequence, Tuple

import numpy as np

from model_runtime.diffusion.noise import interpolation
from model_runtime.package.manifest import SharedNoise

LAGS = (1, 2, 3, 4, 6, 8, 12, 16)  # pixels
SHARES = np.linspace(0, 1, 21)
CELLS = (2, 3, 4, 6, 8, 12, 16, 24, 32)
LEAST_PAIRS = 200


def error_correlation(error: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Correlation of errors (bands, rows, cols) at LAGS, along both axes; NaN where few pairs are.

    A band's mean error counts: whoever has a picture does not know it, so it is error, too. Bands
    count alike: each is divided by its root mean square.
    """
    counted = np.maximum(seen.sum(axis=(1, 2), keepdims=True), 1)
    size = np.sqrt(np.where(seen, error**2, 0).sum(axis=(1, 2), keepdims=True) / counted)
    unit = np.where(seen, error / np.maximum(size, 1e-9), 0)
    return np.array([_at(unit, seen, lag) for lag in LAGS])


def _at(unit: np.ndarray, seen: np.ndarray, lag: int) -> float:
    products, pairs = 0.0, 0
    for axis in (1, 2):
        near, far = (np.moveaxis(part, axis, 1) for part in (unit, seen))
        both = far[:, lag:] & far[:, :-lag]
        products += float((near[:, lag:] * near[:, :-lag])[both].sum())
        pairs += int(both.sum())
    return products / pairs if pairs >= LEAST_PAIRS else float("nan")


def fit(scenes: Sequence[np.ndarray]) -> SharedNoise:
    """The noise whose correlation is nearest to the mean of ``scenes``' (LAGS,) each."""
    said = np.isfinite(scenes)
    known = said.any(axis=0)
    wanted = np.where(said, scenes, 0).sum(axis=0) / np.maximum(said.sum(axis=0), 1)
    tried: List[Tuple[float, float, int]] = []
    for cell in CELLS:
        kernel = noise_correlation(cell)[known]
        for share in SHARES:
            off = float(((share * kernel - wanted[known]) ** 2).mean())
            tried.append((off, float(share), cell))
    _, share, cell = min(tried)
    return SharedNoise(round(share, 2), cell)


def noise_correlation(cell: int) -> np.ndarray:
    """Correlation at LAGS, along an axis, of noise that is all shared: the mean over all places."""
    _, weights = interpolation(0, 8 * cell + max(LAGS), cell)
    together = weights @ weights.T
    return np.array([np.diagonal(together, lag).mean() for lag in LAGS])
