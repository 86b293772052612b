"""A baseline: the mean spectrum of the training pixels whose RGB is nearest.

What a table would give: nothing is learnt but where to look.
"""

from dataclasses import dataclass
from typing import Iterable, Tuple

import numpy as np
from scipy.spatial import cKDTree

NEIGHBOURS = 8


@dataclass(frozen=True)
class Neighbours:
    """``spectra`` (pixels, bands), whole, of the pixels whose RGB ``tree`` holds."""

    tree: cKDTree
    spectra: np.ndarray

    def estimate(self, rgb: np.ndarray) -> np.ndarray:
        """``rgb`` (3, rows, cols) to float32 (bands, rows, cols); NaN stays NaN."""
        flat = rgb.reshape(len(rgb), -1).T
        known = np.isfinite(flat).all(axis=1)
        result = np.full((len(flat), self.spectra.shape[1]), np.nan, np.float32)
        result[known] = self._means(flat[known])
        return result.T.reshape(-1, *rgb.shape[1:])

    def _means(self, rgb: np.ndarray) -> np.ndarray:
        if not len(rgb):
            return np.zeros((0, self.spectra.shape[1]), np.float32)
        _, nearest = self.tree.query(rgb, k=min(NEIGHBOURS, len(self.spectra)))
        nearest = nearest.reshape(len(rgb), -1)
        total = np.zeros((len(rgb), self.spectra.shape[1]), np.float32)
        for pixels in nearest.T:
            total += self.spectra[pixels]
        return total / nearest.shape[1]


def fit(pairs: Iterable[Tuple[np.ndarray, np.ndarray]]) -> Neighbours:
    """Take (rgb (3, rows, cols), bands (bands, rows, cols)); pixels without RGB are left out.

    A band that a pixel's sensor lacks is that of the nearest pixel that has it.
    """
    flat = [(r.reshape(len(r), -1).T, b.reshape(len(b), -1).T) for r, b in pairs]
    rgb = np.concatenate([r for r, _ in flat])
    spectra = np.concatenate([b for _, b in flat]).astype(np.float32)
    known = np.isfinite(rgb).all(axis=1) & np.isfinite(spectra).any(axis=1)
    rgb, spectra = rgb[known], spectra[known]
    return Neighbours(cKDTree(rgb), _fill(rgb, spectra))


def _fill(rgb: np.ndarray, spectra: np.ndarray) -> np.ndarray:
    lacking = ~np.isfinite(spectra)
    patterns, which = np.unique(lacking, axis=0, return_inverse=True)
    which = which.reshape(-1)
    whole = spectra.copy()
    for number, pattern in enumerate(patterns):
        # The pixels that have all of what these lack.
        giving = ~lacking[:, pattern].any(axis=1)
        if pattern.any() and giving.any():
            taking = which == number
            _, nearest = cKDTree(rgb[giving]).query(rgb[taking])
            whole[np.ix_(taking, pattern)] = spectra[giving][:, pattern][nearest]
    return whole
