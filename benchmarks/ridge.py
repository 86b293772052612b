"""A baseline: ridge regression from polynomial terms of RGB to the model's bands.

What anybody can fit in a second: the estimate of a band is a polynomial of degree 3 in the three
input values, fitted over all training pixels that have the band.
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Iterable, Tuple

import numpy as np

DEGREE = 3
PENALTY = 1e-4


@dataclass(frozen=True)
class Ridge:
    """Fitted ``weights`` (bands, terms)."""

    weights: np.ndarray

    def estimate(self, rgb: np.ndarray) -> np.ndarray:
        """``rgb`` (3, rows, cols) to float32 (bands, rows, cols); NaN stays NaN."""
        flat = terms(rgb.reshape(len(rgb), -1)) @ self.weights.T
        return flat.T.reshape(-1, *rgb.shape[1:]).astype(np.float32)


def terms(rgb: np.ndarray) -> np.ndarray:
    """All products of up to DEGREE of the input values: (pixels, terms), the first 1."""
    products = [
        np.prod(rgb[list(factors)], axis=0)
        for degree in range(1, DEGREE + 1)
        for factors in combinations_with_replacement(range(len(rgb)), degree)
    ]
    return np.stack([np.ones(rgb.shape[1]), *products], axis=1).astype(np.float64)


def fit(pairs: Iterable[Tuple[np.ndarray, np.ndarray]]) -> Ridge:
    """Fit on (rgb (3, rows, cols), bands (bands, rows, cols)); NaN values are left out.

    Each band is solved by its own pixels: a sensor that lacks it says nothing about it.
    """
    gram, moment = 0, 0
    for rgb, bands in pairs:
        parts = [_normal_equations(rgb, band) for band in bands]
        gram = gram + np.stack([g for g, _ in parts])
        moment = moment + np.stack([m for _, m in parts])
    penalty = PENALTY * np.eye(gram.shape[-1])
    return Ridge(np.linalg.solve(gram + penalty, moment[..., None])[..., 0])


def _normal_equations(rgb: np.ndarray, band: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(band) & np.isfinite(rgb).all(axis=0)
    design = terms(rgb[:, known])
    return design.T @ design, design.T @ band[known]
