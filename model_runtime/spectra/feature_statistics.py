"""Means and standard deviations of spectra over features, added up strip by strip."""

from dataclasses import dataclass
from typing import Optional, Sequence

import numpy as np

DEVIATIONS = 1.645  # of a normal distribution: 90 % lie within


@dataclass(frozen=True)
class FeatureSpectrum:
    """The spectrum of a feature: ``count`` valid pixels, their ``mean`` and ``deviation`` (bands,).

    ``half_width`` (bands,): half of the mean's 90 % interval, None without draws. Without a valid
    pixel all are NaN; of one pixel the deviation is.
    """

    count: int
    mean: np.ndarray
    deviation: np.ndarray
    half_width: Optional[np.ndarray] = None


class Sums:
    """What is added up of a feature's pixels of ``bands`` bands, about the first pixel's values."""

    def __init__(self, bands: int):
        self.count = 0
        self._first = np.zeros(bands)
        self._sum, self._squares = np.zeros(bands), np.zeros(bands)

    def add(self, pixels: np.ndarray) -> None:
        """Add ``pixels`` (bands, n); one that lacks a band does not count."""
        whole = pixels[:, np.isfinite(pixels).all(0)].astype(np.float64)
        if not whole.size:
            return
        if not self.count:
            self._first = whole[:, 0]
        apart = whole - self._first[:, None]
        self.count += apart.shape[1]
        self._sum += apart.sum(1)
        self._squares += (apart**2).sum(1)

    @property
    def mean(self) -> np.ndarray:
        """The mean (bands,); NaN without a pixel."""
        with np.errstate(all="ignore"):
            return self._first + self._sum / np.float64(self.count or np.nan)

    @property
    def deviation(self) -> np.ndarray:
        """The standard deviation over the pixels (bands,), NaN of fewer than two."""
        if self.count < 2:
            return np.full(len(self._sum), np.nan)
        variance = (self._squares - self._sum**2 / self.count) / (self.count - 1)
        return np.sqrt(np.maximum(variance, 0))


def half_width(means: Sequence[np.ndarray]) -> np.ndarray:
    """Half of the 90 % interval of a mean, from its ``means`` (bands,) in each draw.

    Returns: (bands,).
    """
    return DEVIATIONS * np.std(np.stack(means), axis=0, ddof=1)
