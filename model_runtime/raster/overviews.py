"""Overviews, the thinned copies of a raster: which there are, and how each is made of the last."""

from typing import List

import numpy as np

from ..tiling import BLOCK_SIDE
from .encoding import Encoding

# Sides that GDAL gives an overview's blocks: powers of two from LEAST_BLOCK on.
LEAST_BLOCK, USUAL_BLOCK = 64, 128


def levels(longest: int) -> List[int]:
    """List the factors of overviews: halved until a side of ``longest`` pixels fits one file block.

    Returns: 2, 4, 8 and so on.
    """
    factors: List[int] = []
    while longest > BLOCK_SIDE * 2 ** len(factors):
        factors.append(2 ** (len(factors) + 1))
    return factors


def block_of(factor: int, block_side: int) -> int:
    """Compute the side of the block of the overview ``factor`` to which a file block thins.

    Returns: pixels; 0 where there is none.
    """
    side = block_side // factor
    whole = side * factor == block_side and side & (side - 1) == 0
    return side if whole and side >= LEAST_BLOCK else 0


def halve(stored: np.ndarray, encoding: Encoding) -> np.ndarray:
    """Halve the rows and columns of ``stored`` (bands, rows, cols), rounded up.

    A pixel is the mean of those of its up to four that are not nodata.

    Returns: stored values.
    """
    return np.stack([_halve_band(band, encoding) for band in stored])  # each stays in the cache


def _halve_band(band: np.ndarray, encoding: Encoding) -> np.ndarray:
    rows, cols = band.shape
    if rows % 2 or cols % 2:  # the mean of a pixel and its copy is that pixel
        band = np.pad(band, [(0, rows % 2), (0, cols % 2)], mode="edge")
    wide = np.float32 if band.dtype == np.float32 else np.uint32
    valid = encoding.has_values(band)
    if valid.all():
        return _divide(_sums(band.astype(wide)), 4, band.dtype)
    count = _sums(valid.astype(wide))
    mean = _divide(_sums(np.where(valid, band, 0).astype(wide)), np.maximum(count, 1), band.dtype)
    mean[count == 0] = encoding.nodata
    return mean


def _sums(values: np.ndarray) -> np.ndarray:
    """Of 2 x 2 values each."""
    across = values[:, ::2] + values[:, 1::2]
    return across[::2] + across[1::2]


def _divide(sums: np.ndarray, count, kind: np.dtype) -> np.ndarray:
    return sums / count if kind == np.float32 else ((sums + count // 2) // count).astype(kind)
