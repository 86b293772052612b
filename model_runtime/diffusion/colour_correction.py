"""Colour correction: how red, green and blue of a picture's estimate follow from the picture's own.

A camera's colours are not those of the model's input bands, and a network that sees a few pixels
around each one cannot tell the camera's colours from the ground's: its estimate of one meadow turns
out yellow here and green there. But a camera is the same all over a picture. So one correction is
fitted to the estimates at some places of it, and the mean of every pixel is moved onto it, smoothly
and no further than needed (see data_consistency.py); the infrared and the spread stay the
network's.

The correction is a polynomial, as cameras are calibrated (Hong, Luo and Rhodes, Color Research and
Application 26, 2001): of the channels, their squares, a constant, and the least of the channels,
which says how grey a colour is.
"""

from typing import Callable, Tuple

import numpy as np

from ..package.manifest import Manifest
from .data_consistency import correction, responses_of

Coefficients = Tuple[Tuple[float, ...], ...]  # a row for each of the model's input bands

DARKEST = 0.01  # reflectance below which errors do not weigh more
CONSTANT, SQUARED = 0.01, 5.0  # of the size of a channel in reflectance, for one pull on all terms
PULL = 0.003  # to the picture's own colours, as a share of the mean square of the terms
ROUNDS = 5  # of weighting down what fits badly
LEAST_SHARE = 0.3  # of the estimate's own value, below which no band is moved
DECIMALS = 4


def terms(rgb: np.ndarray) -> np.ndarray:
    """Compute the terms of the polynomial of ``rgb`` (bands, ...).

    Returns: float32 (2 bands + 2, ...).
    """
    constant = np.full_like(rgb[:1], CONSTANT)
    squares = np.float32(SQUARED) * rgb * rgb
    return np.concatenate([rgb, squares, rgb.min(0, keepdims=True), constant])


def fit(rgb: np.ndarray, estimated: np.ndarray) -> Coefficients:
    """Fit what leads from ``rgb`` to what was ``estimated``, both (bands, pixels) in reflectance.

    Errors count by the root of the brightness; what fits badly counts less.

    Returns: for each band a coefficient for each term.
    """
    weight = 1 / np.maximum(rgb.mean(0), DARKEST)
    known = terms(rgb).astype(np.float64)
    rows = _solve(known, estimated, weight)
    for _ in range(ROUNDS):
        miss = np.sqrt(weight) * np.abs(rows @ known - estimated).mean(0)
        unlike = np.maximum(miss, np.median(miss)) + np.finfo(np.float32).tiny
        rows = _solve(known, estimated, weight / unlike)
    return tuple(tuple(np.round(row, DECIMALS).tolist()) for row in rows)


def _solve(known: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Least squares of rows @ known = wanted, pulled a little to the identity."""
    squares = (known * weights) @ known.T
    pull = PULL * np.trace(squares) / len(known) * np.eye(len(known))
    same = np.eye(len(wanted), len(known))
    return np.linalg.solve(squares + pull, ((wanted * weights) @ known.T + same @ pull).T).T


def mover(
    model: Manifest, coefficients: Coefficients
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Build what moves estimates onto a correction.

    Returns: a function of (spectra (bands, rows, cols), rgb (input bands, rows, cols)) that returns
        the spectra whose input bands are the corrected ``rgb``.
    """
    rows = np.array(coefficients, np.float32)
    responses = responses_of(model).astype(np.float32)
    added = correction(responses).astype(np.float32)

    def move(spectra: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        # (bands, pixels): NumPy's products of more axes take as long again to arrange them.
        flat, channels = spectra.reshape(len(spectra), -1), rgb.reshape(len(rgb), -1)
        have = responses @ flat
        lack = rows @ terms(channels)
        np.maximum(lack, np.float32(LEAST_SHARE) * have, out=lack)
        lack -= have
        moved = added @ lack
        moved += flat
        return moved.reshape(spectra.shape)

    return move


def of_estimates(model: Manifest, rgb: np.ndarray, spectra: np.ndarray) -> Coefficients:
    """Fit the correction from ``rgb`` (input bands, pixels) and its ``spectra`` (bands, pixels).

    Returns: the coefficients.
    """
    return fit(rgb, responses_of(model) @ spectra)
