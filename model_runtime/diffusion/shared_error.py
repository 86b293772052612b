"""What all pixels of a picture err by together: a part of each spread, one shift of each draw.

The level of an uncalibrated picture is a guess, and a material that was taken for another is so in
a whole field: such errors do not average out over an area. The relative error of the bands,
common to a picture, is normal with the covariance of the package's vectors:

    sum over k of z_k x vector_k,  z_k standard normal, drawn once for a whole draw
"""

from typing import Optional

import numpy as np

from ..package.manifest import Manifest
from .noise import SHIFT_KEY


def vectors_of(model: Manifest, level_guessed: bool) -> Optional[np.ndarray]:
    """Find the vectors for a picture whose level is guessed, or known.

    Returns: float32 (vectors, bands); None where the package has none.
    """
    shared = model.shared_error
    chosen = shared and (shared.guessed if level_guessed else shared.known)
    return np.array(chosen, np.float32) if chosen else None


def relative_error(vectors: np.ndarray) -> np.ndarray:
    """Compute the standard deviation of the relative error that ``vectors`` (vectors, bands) give.

    Returns: float32 (bands, 1, 1).
    """
    return np.sqrt((vectors**2).sum(axis=0))[:, None, None]


def shifts(vectors: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Draw the relative shift of each of ``samples`` draws; they sum to zero, so the mean stays.

    Returns: float32 (samples, bands, 1, 1).
    """
    key = np.array([seed % 2**64, SHIFT_KEY], np.uint64)
    generator = np.random.Generator(np.random.Philox(key=key))
    numbers = generator.standard_normal((samples, len(vectors)))
    numbers = (numbers - numbers.mean(axis=0)) * np.sqrt(samples / max(samples - 1, 1))
    return (numbers.astype(np.float32) @ vectors)[:, :, None, None]
