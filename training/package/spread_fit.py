"""Fits how much a spread has to grow for its interval to hold the truth, band by band."""

from dataclasses import dataclass
from typing import Dict, Hashable, List, Optional, Sequence, Tuple

import numpy as np

from model_runtime.contract import INTERVAL_SPREADS
from model_runtime.diffusion.spread_calibration import spread_formula

COVERAGE = 0.9
FACTORS = (0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
RELATIVES = (0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.13, 0.16, 0.2, 0.3)
# Of the metamers' deviation, which is an error's size itself.
RELATIVES += (0.4, 0.5, 0.6, 0.8, 1.0)
# The worst sensor counts a little: what would serve it serves no other. So does a wide interval.
WORST_WEIGHT, WIDTH_WEIGHT = 0.1, 0.02
# What all bands' spreads are multiplied by in the end.
SCALES = np.linspace(0.4, 1.4, 101)
# A band is fitted with its neighbours: their errors are alike, and there is more to see.
NEIGHBOURS = 3
LEAST_VALUES, MOST_VALUES = 50, 800


@dataclass(frozen=True)
class Errors:
    """Pixels of one sensor, (bands, pixels) each: |truth - estimate|, the samples' standard
    deviation, the scale of the relative part (the estimate or its metamers' deviation), the part of
    the spread that is there anyway, and whether the sensor saw the band."""

    error: np.ndarray
    deviation: np.ndarray
    scale: np.ndarray
    shared: np.ndarray
    seen: np.ndarray

    def of_bands(self, bands: slice) -> "Errors":
        """Of some bands MOST_VALUES or a few more of those that were seen, (values,) each."""
        seen = self.seen[bands]
        every = max(int(seen.sum()) // MOST_VALUES, 1)
        return Errors(*(part[bands][seen][::every] for part in self._parts), seen)

    def spread(self, factor, relative) -> np.ndarray:
        """The stated spread; ``factor`` and ``relative`` broadcast against the values."""
        own = spread_formula(self.deviation, self.scale, factor, relative)
        return np.hypot(own, self.shared)

    @property
    def _parts(self) -> Tuple[np.ndarray, ...]:
        return self.error, self.deviation, self.scale, self.shared


Sensors = Dict[Hashable, Errors]
# For each band, factor and relative part: how far a sensor's coverage is from COVERAGE, and how
# wide its intervals are; NaN where it has too few values.
Table = Tuple[np.ndarray, np.ndarray]


def fit(
    sensors: Sensors, tables: Optional[Dict[Hashable, Table]] = None
) -> Tuple[Tuple[float, ...], Tuple[float, ...]]:
    """(factor, relative), one number per band each, with which the intervals hold as they say.

    Bands are fitted one by one, where one sensor may weigh on the same side in each; so in the end
    all are scaled until the mean of the sensors' coverages is COVERAGE. Before that, neighbours
    share: unlike pairs serve a band as well, and one that jumped would show in every spectrum.
    ``tables``: those of the sensors, where they are known (``table_of``).
    """
    tables = tables or {name: table_of(part) for name, part in sensors.items()}
    chosen = _smooth(np.array(_best([tables[name] for name in sensors])).T)

    def off(scale: float) -> float:
        held = [coverage(part, *(scale * chosen)) for part in sensors.values()]
        return abs(float(np.mean(held)) - COVERAGE)

    factor, relative = (min(SCALES, key=off) * chosen).round(4)
    return tuple(factor.tolist()), tuple(relative.tolist())


def _smooth(chosen: np.ndarray) -> np.ndarray:
    """The root mean square of each band of ``chosen`` (2, bands) and its NEIGHBOURS."""
    around = np.pad(chosen**2, [(0, 0), (NEIGHBOURS, NEIGHBOURS)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(around, 2 * NEIGHBOURS + 1, axis=1)
    return np.sqrt(windows.mean(-1))


def table_of(part: Errors) -> Table:
    """(off, width) of a sensor, (bands, factors, relatives) each."""
    bands = len(part.error)
    each = [part.of_bands(slice(max(b - NEIGHBOURS, 0), b + NEIGHBOURS + 1)) for b in range(bands)]
    off, width = zip(*(_of_band(one) for one in each))
    return np.array(off), np.array(width)


def _of_band(part: Errors) -> Table:
    shape = len(FACTORS), len(RELATIVES)
    if part.error.size < LEAST_VALUES:
        return np.full(shape, np.nan), np.full(shape, np.nan)
    factors = np.array(FACTORS)[:, None, None]
    relatives = np.array(RELATIVES)[None, :, None]
    spread = part.spread(factors, relatives)
    off = np.abs((part.error <= INTERVAL_SPREADS * spread).mean(-1) - COVERAGE)
    return off, np.median(spread, axis=-1) / max(np.median(part.error), 1e-6)


def _best(tables: Sequence[Table]) -> List[Tuple[float, float]]:
    """(factor, relative) of each band: the least loss over the sensors that have values there."""
    off, width = (np.ma.masked_invalid([table[i] for table in tables]) for i in (0, 1))
    worst = WORST_WEIGHT * off.max(0)
    losses = (off.mean(0) + worst + WIDTH_WEIGHT * width.mean(0)).filled(np.inf)
    best = [np.unravel_index(band.argmin(), band.shape) for band in losses]
    return [(FACTORS[i], RELATIVES[j]) for i, j in best]


def coverage(part: Errors, factor: Sequence[float], relative: Sequence[float]) -> float:
    """The share of seen values whose interval holds the truth."""
    each = np.array(factor)[:, None], np.array(relative)[:, None]
    held = (part.error <= INTERVAL_SPREADS * part.spread(*each)) & part.seen
    return float(held.sum() / part.seen.sum())


def coverages(
    sensors: Sensors, tables: Optional[Dict[Hashable, Table]] = None
) -> Dict[Hashable, Tuple[float, float]]:
    """(coverage with the fit to all sensors, with the fit to the others) of each sensor.

    The second is what a sensor that nobody has seen may expect; NaN for an only sensor.
    """
    tables = tables or {name: table_of(part) for name, part in sensors.items()}
    whole = fit(sensors, tables)
    found = {}
    for name, part in sensors.items():
        others = {other: value for other, value in sensors.items() if other != name}
        alone = coverage(part, *fit(others, tables)) if others else float("nan")
        found[name] = coverage(part, *whole), alone
    return found
