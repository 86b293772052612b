"""Statistics of samples as they come: mean, deviation, and draws whose deviation is a spread."""

from typing import Callable, Iterable, Iterator, List, Sequence

import numpy as np

from . import shared_error


class Mean:
    """The mean of samples as they come."""

    def __init__(self):
        self._count, self._sum = 0, None

    def add(self, sample: np.ndarray) -> None:
        """Take one more sample (bands, rows, cols)."""
        self._count += 1
        self._sum = sample if self._count == 1 else self._sum + sample

    def value(self) -> np.ndarray:
        """Compute the mean of the samples so far.

        Returns: (bands, rows, cols).
        """
        return self._sum / np.float32(self._count) if self._count > 1 else self._sum


class Deviations:
    """The standard deviation of samples as they come, of ``change``, which is linear in them.

    Sums of differences from the first sample: as small as the deviation, so none cancels much.
    ``keep``: the differences are kept for ``from_mean``.
    """

    def __init__(self, change: Callable[[np.ndarray], np.ndarray], keep: bool = False):
        self._change, self._count, self._keep = change, 0, keep
        self._first = self._sum = self._squares = np.zeros((), np.float32)
        self._kept: List[np.ndarray] = []

    def add(self, sample: np.ndarray) -> None:
        """Take one more sample (bands, rows, cols)."""
        self._count += 1
        if self._count == 1:
            self._first = sample
            return
        change = self._change(sample - self._first)
        self._sum = self._sum + change
        if self._keep:
            self._kept.append(change.copy())
        change *= change
        self._squares = self._squares + change

    def standard(self) -> np.ndarray:
        """Compute the standard deviation of the samples so far, two or more.

        Returns: (bands, rows, cols).
        """
        squares = self._squares - self._sum * self._sum / np.float32(self._count)
        return np.sqrt(np.maximum(squares, 0) / np.float32(self._count - 1))

    def from_mean(self) -> Iterator[np.ndarray]:
        """Compute by how much each sample differs from the mean of all.

        Returns: (bands, rows, cols) of each sample.
        """
        mean: np.ndarray = self._sum / np.float32(self._count)
        yield -mean
        yield from (change - mean for change in self._kept)


def stretch(
    differences: Sequence[np.ndarray], deviation: np.ndarray, spread: np.ndarray
) -> List[np.ndarray]:
    """Scale ``differences`` from a mean from their ``deviation`` to ``spread``; none stays none.

    Returns: (bands, rows, cols) of each difference.
    """
    factor = np.divide(spread, deviation, out=np.zeros_like(spread), where=deviation > 0)
    return [factor * difference for difference in differences]


def add_shared_error(own: np.ndarray, mean: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Add to the spread ``own`` what all pixels of a picture err by together.

    ``own`` and ``mean`` (bands, rows, cols); ``vectors`` (vectors, bands).

    Returns: (bands, rows, cols).
    """
    return np.hypot(own, shared_error.relative_error(vectors) * mean)


def shift(
    apart: Sequence[np.ndarray], spread: np.ndarray, moves: Iterable[np.ndarray]
) -> List[np.ndarray]:
    """Move the draws' differences ``apart`` by ``moves``; ``spread`` is then their deviation.

    ``moves``: (bands, rows, cols) of each draw.

    Returns: (bands, rows, cols) of each draw.
    """
    together = [difference + move for difference, move in zip(apart, moves)]
    deviation = np.sqrt(sum(one * one for one in together) / np.float32(len(together) - 1))
    return stretch(together, deviation, spread)
