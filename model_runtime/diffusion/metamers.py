"""How far spectra of one colour differ: what a pixel's colour leaves open, however sure a model is.

Green paint and a meadow, shallow sea and a forest can have the same red, green and blue. For
places of a grid of colours the package says how far the training data's spectra of about that
colour lie apart, relative to the pixel's level (the mean of its input bands); between the places
it is interpolated linearly. The grid's first axis is the level, the others are the ratios of each
input band to the one before; both are logarithmic.

The deviation is counted from the estimate: what lies at one end of the range is farther from the
other. Where the package knows the range's middle,

    deviation = half of the range / INTERVAL_SPREADS + |estimate - middle| / INTERVAL_SPREADS

so that as many spreads as an interval has reach the farther end.
"""

from itertools import product
from typing import Callable, List, Optional, Tuple

import numpy as np

from ..contract import INTERVAL_SPREADS
from ..package.manifest import Manifest, Metamers

FLOOR = 0.1  # of the lowest level: input below it is noise, and its ratios say nothing
BRIGHTEST = 1e12  # in the input unit

OfColours = Callable[[np.ndarray, np.ndarray], np.ndarray]


def of_package(model: Manifest) -> Optional[OfColours]:
    """Prepare the package's table for use.

    Returns: a function of input (bands, rows, cols) and estimate (output bands, rows, cols) to the
    metamers' deviation from it, likewise, in the output unit; None where the package has none.
    """
    table = model.metamers
    if table is None:
        return None
    rows = [*table.deviation, *table.middle]
    cells = np.array(rows, np.float32).T.copy()  # (cells, table bands, once or twice)
    shape = [len(axis) for axis in axes_of(table)]
    below, above, beyond = _between(table, len(model.wavelength_nm))

    def deviation(values: np.ndarray, estimate: np.ndarray) -> np.ndarray:
        features, level = colour_features(values, floor_of(table))
        found = _interpolate(cells, shape, _places(table, features)).T
        found *= level.ravel()

        def spectra(part: np.ndarray) -> np.ndarray:
            whole = (1 - beyond) * part[below] + beyond * part[above]
            return whole.reshape(len(whole), *values.shape[1:])

        count = len(table.bands)
        half = spectra(found[:count])
        if not table.middle:
            return half
        return half + np.abs(estimate - spectra(found[count:])) / np.float32(INTERVAL_SPREADS)

    return deviation


def floor_of(table: Metamers) -> float:
    """The least input that counts, in the input unit.

    Returns: a share of the lowest level.
    """
    return FLOOR * table.levels[0]


def colour_features(values: np.ndarray, floor: float) -> Tuple[np.ndarray, np.ndarray]:
    """Where colours lie on the grid's axes; ``values`` (input bands, rows, cols).

    Returns: logarithms of level and ratios (input bands, pixels), and the level (rows, cols).
    """
    # What is not a number is dark, too, and infinity has an end.
    known = np.fmin(np.fmax(values, np.float32(floor)), np.float32(BRIGHTEST))
    level = known.mean(axis=0)
    logs = np.log(known).reshape(len(known), -1)
    return np.concatenate([np.log(level).reshape(1, -1), np.diff(logs, axis=0)]), level


def axes_of(table: Metamers) -> List[np.ndarray]:
    """The logarithms of the grid's places, axis by axis.

    Returns: a list of (places,).
    """
    return [np.log(np.array(axis)) for axis in (table.levels, *table.ratios)]


def _places(table: Metamers, features: np.ndarray) -> List[np.ndarray]:
    """Of each axis the places (pixels,), counted from 0; beyond an end it is the end."""
    return [
        np.interp(values, axis, np.arange(len(axis))).astype(np.float32)
        for values, axis in zip(features, axes_of(table))
    ]


def _interpolate(cells: np.ndarray, shape: List[int], places: List[np.ndarray]) -> np.ndarray:
    """``cells`` (cells, bands) of a grid of ``shape`` at ``places``, linear in each axis: (pixels,
    bands)."""
    first = [np.minimum(place.astype(np.intp), n - 2) for place, n in zip(places, shape)]
    inside: List[np.ndarray] = [
        place - start.astype(np.float32) for place, start in zip(places, first)
    ]
    found = np.zeros((len(places[0]), cells.shape[1]), np.float32)
    for corner in product((0, 1), repeat=len(shape)):
        weight: np.ndarray = np.ones(len(found), np.float32)
        for part, side in zip(inside, corner):
            weight *= part if side else 1 - part
        cell = np.ravel_multi_index([at + side for at, side in zip(first, corner)], shape)
        found += weight[:, None] * cells[cell]
    return found


def _between(table: Metamers, bands: int) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each output band the table's bands below and above it, and how far it is from the first
    to the second (bands, 1)."""
    at = np.interp(np.arange(bands), table.bands, np.arange(len(table.bands)))
    below = np.floor(at).astype(int)
    above = np.minimum(below + 1, len(table.bands) - 1)
    return below, above, (at - below).astype(np.float32)[:, None]
