"""What all pixels of a picture err by together: a part of each spread, one shift of each draw.

The level of an uncalibrated picture is a guess, and a material that was taken for another is so in
a whole field: such errors do not average out over an area. The error of the bands common to a
picture is normal with the covariance of the package's vectors:

    sum over k of z_k x vector_k,  z_k standard normal, drawn once for a whole draw

relative to the estimate, or to the pixel's own spread, of which it then is a part.
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


def vectors_of_spread(model: Manifest) -> np.ndarray:
    """Find the vectors of the part of each pixel's spread that a picture shares.

    Returns: float32 (vectors, bands); no vectors where the package has none.
    """
    shared = model.shared_error
    bands = len(model.wavelength_nm)
    return np.array(shared.of_spread if shared else (), np.float32).reshape(-1, bands)


def relative_error(vectors: np.ndarray) -> np.ndarray:
    """Compute the standard deviation of the relative error that ``vectors`` (vectors, bands) give.

    Returns: float32 (bands, 1, 1).
    """
    return np.sqrt((vectors**2).sum(axis=0))[:, None, None]


def shifts(vectors: np.ndarray, samples: int, seed: int, key: int = SHIFT_KEY) -> np.ndarray:
    """Draw the relative shift of each of ``samples`` draws; they sum to zero, so the mean stays.

    ``key``: of the numbers; vectors of another kind take numbers of their own.

    Returns: float32 (samples, bands, 1, 1).
    """
    generator = np.random.Generator(np.random.Philox(key=np.array([seed % 2**64, key], np.uint64)))
    numbers = generator.standard_normal((samples, len(vectors)))
    numbers = (numbers - numbers.mean(axis=0)) * np.sqrt(samples / max(samples - 1, 1))
    return (numbers.astype(np.float32) @ vectors)[:, :, None, None]
