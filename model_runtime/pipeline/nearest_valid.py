"""Looks for the nearest valid pixel of each masked one."""

from typing import Iterator, Tuple

import numpy as np

NOWHERE = 1 << 30  # columns; its square is still a whole number


def fill_masked(values: np.ndarray, valid: np.ndarray, reach: int) -> Tuple[np.ndarray, np.ndarray]:
    """Give each masked pixel of ``values`` (bands, rows, cols) those of the nearest valid one.

    It is looked for at most ``reach`` pixels up, down, left and right: so what a pixel gets depends
    on no tile that holds these. Of equally near ones the upper takes precedence, then the left.

    Returns: the values, and which pixels have one, (rows, cols) bool.
    """
    rows, cols = np.nonzero(~valid & _near(valid, reach))
    from_rows, from_cols, found = _nearest(valid, rows, cols, reach)
    filled, known = values.copy(), valid.copy()
    filled[:, rows[found], cols[found]] = values[:, from_rows[found], from_cols[found]]
    known[rows[found], cols[found]] = True
    return filled, known


def _near(valid: np.ndarray, reach: int) -> np.ndarray:
    """Which pixels have a valid one within ``reach``: the others need no search."""
    in_row = np.abs(_nearest_in_row(valid) - np.arange(valid.shape[1])) <= reach
    counts = np.zeros((len(valid) + 1, valid.shape[1]), np.int32)
    np.cumsum(in_row, axis=0, out=counts[1:])
    rows = np.arange(len(valid))
    first, last = np.maximum(rows - reach, 0), np.minimum(rows + reach + 1, len(valid))
    return counts[last] > counts[first]


def _nearest(
    valid: np.ndarray, rows: np.ndarray, cols: np.ndarray, reach: int
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nearest valid pixel of each of the pixels (rows, cols), and whether there is one."""
    column, far = _nearest_in_row(valid), 2 * (reach + 1) ** 2
    best, from_rows, from_cols = (np.full(len(rows), n, np.int64) for n in (far, 0, 0))
    waiting = np.arange(len(rows))
    for step in _outwards(reach):
        waiting = waiting[best[waiting] > step * step]
        there = rows[waiting] + step
        inside = (there >= 0) & (there < len(valid))
        asked, there = waiting[inside], there[inside]
        picked = column[there, cols[asked]]
        across = np.abs(picked - cols[asked])
        apart = np.where(across <= reach, across * across + step * step, far)
        nearer = apart < best[asked]
        won = asked[nearer]
        best[won], from_rows[won], from_cols[won] = apart[nearer], there[nearer], picked[nearer]
    return from_rows, from_cols, best < far


def _outwards(reach: int) -> Iterator[int]:
    """0, -1, 1, -2, 2 ..."""
    yield 0
    for step in range(1, reach + 1):
        yield -step
        yield step


def _nearest_in_row(valid: np.ndarray) -> np.ndarray:
    """The column of the nearest valid pixel of the same row, far beyond where there is none."""
    places = np.arange(valid.shape[1])
    left, right = valid_in_row(valid)
    return np.where(places - left <= right - places, left, right)


def valid_in_row(valid: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Find the next valid pixels of each pixel's row, itself counted.

    Returns: their columns, to the left and to the right (rows, cols); far outside where none is.
    """
    places = np.arange(valid.shape[1])
    left = np.maximum.accumulate(np.where(valid, places, -NOWHERE), axis=1)
    right = np.minimum.accumulate(np.where(valid, places, 2 * NOWHERE)[:, ::-1], axis=1)[:, ::-1]
    return left, right
