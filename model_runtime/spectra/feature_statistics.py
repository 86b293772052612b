"""Sums of the pixels of features, added piece by piece: count, mean, standard deviation."""

import numpy as np


class FeatureSums:
    """What is added up of each feature and band; a masked (NaN) value counts in no sum."""

    def __init__(self, features: int, bands: int):
        self.counts = np.zeros((features, bands), np.int64)
        self._sums = np.zeros((features, bands))
        self._squares = np.zeros((features, bands))
        self._about = np.full((features, bands), np.nan)

    def add(self, feature: int, values: np.ndarray) -> None:
        """Add ``values`` (bands, pixels) to a feature."""
        valid = np.isfinite(values)
        if not valid.any():
            return
        # About the first value: squares of large numbers would swallow small deviations.
        about, first = self._about[feature], valid.argmax(1)
        fresh = np.isnan(about) & valid.any(1)
        about[fresh] = values[fresh, first[fresh]]
        apart = np.where(valid, values - np.nan_to_num(about)[:, None], 0)
        self.counts[feature] += valid.sum(1)
        self._sums[feature] += apart.sum(1)
        self._squares[feature] += (apart**2).sum(1)

    @property
    def mean(self) -> np.ndarray:
        """(features, bands); NaN without a value."""
        with np.errstate(all="ignore"):
            return self._about + self._sums / self.counts

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviation from pixel to pixel (features, bands); NaN below two values."""
        with np.errstate(all="ignore"):
            variance = (self._squares - self._sums**2 / self.counts) / (self.counts - 1)
        return np.where(self.counts > 1, np.sqrt(np.maximum(variance, 0)), np.nan)
