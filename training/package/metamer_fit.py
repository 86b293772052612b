"""Fits how far spectra of one colour lie apart, to all spectra that a model is trained on."""

from dataclasses import dataclass, replace
from itertools import product
from typing import List, Sequence, Tuple

import numpy as np

from model_runtime.contract import INTERVAL_SPREADS
from model_runtime.diffusion.metamers import colour_features
from model_runtime.package.manifest import Metamers

PLACES = 7  # of the grid along each axis
TABLE_BANDS = 12
ENDS = 0.005, 0.995  # quantiles of the spectra's colours between which the grid lies
# Of spectra of one colour: nearly all of them, for what is rare can be what there is.
RANGE = 0.02, 0.98
NEAR_LEVEL, NEAR_RATIO = 0.3, 0.07  # logarithms; what is as far as that counts 0.6
LEAST_WEIGHT = 0.03  # of what counts at all
LEAST_SPECTRA = 200  # where fewer are near, what is farther counts, too
MOST_SPECTRA = 600  # of a group, unless it says otherwise
SMOOTHING = 1e-4  # of the plane's slopes, where all colours around are about the same
FLOOR = 1e-3  # reflectance
SEED = 0


@dataclass(frozen=True)
class Spectra:
    """A group of spectra that count alike: ``rgb`` (input bands, spectra), ``cube`` and ``seen``
    (output bands, spectra), the ``weight`` of the whole group, and how many are looked at."""

    rgb: np.ndarray
    cube: np.ndarray
    seen: np.ndarray
    weight: float = 1.0
    most: int = MOST_SPECTRA


def fit(groups: Sequence[Spectra]) -> Metamers:
    """Measure, around each colour of a grid, where nearly all spectra lie.

    Half of the range from the 2nd to the 98th of 100, as many spreads as an interval has, and the
    middle of it.
    """
    rgb, cube, seen, weight = _join([_thin(group) for group in groups])
    features, level = colour_features(rgb[:, None], FLOOR)
    axes = [np.linspace(*np.quantile(values, ENDS), PLACES) for values in features]
    bands = np.unique(np.linspace(0, len(cube) - 1, TABLE_BANDS).round().astype(int))
    relative = cube[bands] / level
    cells = np.array(
        [
            _ranges(relative, seen[bands], features, np.array(place), weight)
            for place in product(*axes)
        ]
    )
    levels, *ratios = (tuple(np.exp(axis).round(5).tolist()) for axis in axes)
    low, high = _fill(cells[..., 0].T), _fill(cells[..., 1].T)
    tables = (high - low) / 2 / INTERVAL_SPREADS, np.maximum((high + low) / 2, 0)
    return Metamers(levels, tuple(ratios), tuple(bands.tolist()), *map(_as_tuples, tables))


def _thin(group: Spectra) -> Spectra:
    count = group.rgb.shape[1]
    picked = np.random.default_rng(SEED).permutation(count)[: group.most]
    parts = (part[:, picked] for part in (group.rgb, group.cube, group.seen))
    return replace(Spectra(*parts), weight=group.weight)


def _join(groups: Sequence[Spectra]) -> Tuple[np.ndarray, ...]:
    joined = (
        np.concatenate([getattr(group, name) for group in groups], axis=1)
        for name in ("rgb", "cube", "seen")
    )
    each = [np.full(g.rgb.shape[1], g.weight / g.rgb.shape[1]) for g in groups]
    return (*joined, np.concatenate(each))


def _near(
    features: np.ndarray, weight: np.ndarray, place: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """The spectra around a place (axes,) and their weights; the nearer, the more."""
    reach = np.full((len(place), 1), NEAR_RATIO)
    reach[0] = NEAR_LEVEL
    apart = (((features - place[:, None]) / reach) ** 2).sum(axis=0)
    farthest = -2 * np.log(LEAST_WEIGHT)
    enough = min(LEAST_SPECTRA, len(apart)) - 1
    wider = max(1.0, np.partition(apart, enough)[enough] / farthest)
    near = np.flatnonzero(apart <= farthest * wider)
    return near, weight[near] * np.exp(-apart[near] / wider / 2)


def _ranges(
    relative: np.ndarray,
    seen: np.ndarray,
    features: np.ndarray,
    place: np.ndarray,
    weight: np.ndarray,
) -> List[Tuple[float, float]]:
    """(least, most) of each band around a place (axes,), without what follows from the colours'
    differences from it."""
    near, counts = _near(features, weight, place)
    off = np.concatenate([np.ones((1, len(near))), features[:, near] - place[:, None]])
    return [
        _range(_as_at_place(band[near[known]], off[:, known], counts[known]), counts[known])
        for band, known in zip(relative, seen[:, near])
    ]


def _as_at_place(values: np.ndarray, off: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """``values`` (spectra,), moved along the plane through them to the place itself.

    ``off`` (1 + axes, spectra): ones, and how far the colours are off the place.
    """
    if not len(values):
        return values
    normal = (off * weight) @ off.T
    normal += SMOOTHING * weight.sum() * np.diag([0.0, *np.ones(len(off) - 1)])
    return values - np.linalg.solve(normal, (off * weight) @ values)[1:] @ off[1:]


def _range(values: np.ndarray, weight: np.ndarray) -> Tuple[float, float]:
    if not len(values):
        return float("nan"), float("nan")
    order = np.argsort(values)
    below = np.cumsum(weight[order])
    low, high = (
        values[order[min(np.searchsorted(below, q * below[-1]), len(order) - 1)]] for q in RANGE
    )
    return float(low), float(high)


def _fill(table: np.ndarray) -> np.ndarray:
    """Where no spectrum has seen a band: the table's median there."""
    middle = np.nan_to_num(np.nanmedian(table, axis=1, keepdims=True))
    return np.where(np.isfinite(table), table, middle)


def _as_tuples(table: np.ndarray) -> Tuple[Tuple[float, ...], ...]:
    return tuple(tuple(row) for row in table.round(3).tolist())
