"""Fits how much a spread has to grow for its interval to hold the truth, band by band."""

from dataclasses import dataclass
from typing import Dict, Hashable, Sequence, Tuple

import numpy as np

from model_runtime.diffusion.spread_calibration import INTERVAL, spread_formula

COVERAGE = 0.9
FACTORS = (0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
RELATIVES = (0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.13, 0.16, 0.2, 0.3)
# The worst sensor counts half as much as all together, a wide interval a little.
WORST_WEIGHT, WIDTH_WEIGHT = 0.5, 0.003
# What all bands' spreads are multiplied by in the end.
SCALES = np.linspace(0.7, 1.3, 61)
# A band is fitted with its neighbours: their errors are alike, and there is more to see.
NEIGHBOURS = 1
LEAST_VALUES = 50


@dataclass(frozen=True)
class Errors:
    """Pixels of one sensor, (bands, pixels) each: |truth - estimate|, the samples' standard
    deviation, the estimate, and whether the sensor saw the band."""

    error: np.ndarray
    deviation: np.ndarray
    estimate: np.ndarray
    seen: np.ndarray

    def of_bands(self, bands: slice) -> "Errors":
        """Those values of some bands that were seen, (values,) each."""
        seen = self.seen[bands]
        return Errors(
            *(part[bands][seen] for part in (self.error, self.deviation, self.estimate)), seen
        )


Sensors = Dict[Hashable, Errors]


def fit(sensors: Sensors) -> Tuple[Tuple[float, ...], Tuple[float, ...]]:
    """(factor, relative), a number a band each, with which the intervals hold as they say.

    Bands are fitted one by one, where one sensor may weigh on the same side in each; so in the end
    all are scaled until no sensor's coverage is further from COVERAGE than it has to be.
    """
    bands = len(next(iter(sensors.values())).error)
    found = [_fit(sensors, slice(max(b - NEIGHBOURS, 0), b + NEIGHBOURS + 1)) for b in range(bands)]
    fit = np.array(found).T

    def off(scale: float) -> float:
        return max(abs(coverage(p, *(scale * fit)) - COVERAGE) for p in sensors.values())

    factor, relative = (min(SCALES, key=off) * fit).round(4)
    return tuple(factor.tolist()), tuple(relative.tolist())


def _fit(sensors: Sensors, bands: slice) -> Tuple[float, float]:
    parts = [part.of_bands(bands) for part in sensors.values()]
    parts = [part for part in parts if part.error.size >= LEAST_VALUES]
    losses = np.array([[_loss(parts, f, r) for r in RELATIVES] for f in FACTORS])
    i, j = np.unravel_index(losses.argmin(), losses.shape)
    return FACTORS[i], RELATIVES[j]


def _loss(parts: Sequence[Errors], factor: float, relative: float) -> float:
    """How far the sensors' coverages are from COVERAGE, and how wide the intervals are."""
    spreads = [spread_formula(p.deviation, p.estimate, factor, relative) for p in parts]
    off = [abs((p.error <= INTERVAL * s).mean() - COVERAGE) for p, s in zip(parts, spreads)]
    width = [np.median(s) / max(np.median(p.error), 1e-6) for p, s in zip(parts, spreads)]
    return np.mean(off) + WORST_WEIGHT * max(off) + WIDTH_WEIGHT * np.mean(width)


def coverage(part: Errors, factor: Sequence[float], relative: Sequence[float]) -> float:
    """The share of seen values whose interval holds the truth."""
    each = np.array(factor)[:, None], np.array(relative)[:, None]
    held = (
        part.error <= INTERVAL * spread_formula(part.deviation, part.estimate, *each)
    ) & part.seen
    return float(held.sum() / part.seen.sum())


def coverages(sensors: Sensors) -> Dict[Hashable, Tuple[float, float]]:
    """(coverage with the fit to all sensors, with the fit to the others) of each sensor.

    The second is what a sensor that nobody has seen may expect; NaN for an only sensor.
    """
    whole = fit(sensors)
    found = {}
    for name, part in sensors.items():
        others = {other: value for other, value in sensors.items() if other != name}
        alone = coverage(part, *fit(others)) if others else float("nan")
        found[name] = coverage(part, *whole), alone
    return found
