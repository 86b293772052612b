"""What a raster's bands say at the wavelengths of a formula: between two bands, their line."""

from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np

from ..errors import InputError
from .band_response import NEAR_NM, WIDEST_GAP_NM
from .index_formula import Formula


@dataclass(frozen=True)
class BandWeights:
    """How bands tell the values at ``wavelength_nm``.

    ``bands``: those needed (0-based); ``weights`` (wavelengths, bands): each row sums to 1.
    """

    wavelength_nm: Tuple[float, ...]
    bands: np.ndarray
    weights: np.ndarray

    def see(self, values: np.ndarray) -> np.ndarray:
        """Interpolate ``values`` (bands, rows, cols) of the needed bands.

        Returns: float32 (wavelengths, rows, cols); NaN where a band that counts is NaN.
        """
        seen = np.zeros((len(self.weights), *values.shape[1:]), np.float32)
        for row, weights in zip(seen, self.weights):
            for number in np.flatnonzero(weights):
                row += np.float32(weights[number]) * values[number]
        return seen

    def pick(self, formula: Formula, *seen: np.ndarray) -> List[np.ndarray]:
        """Take from each of ``seen`` (wavelengths, ...) what ``formula`` needs, in its order.

        Returns: arrays (wavelengths of the formula, ...).
        """
        numbers = [self.wavelength_nm.index(nm) for nm in formula.wavelength_nm]
        return [values[numbers] for values in seen]

    def work_out(self, formulas: Sequence[Formula], seen: np.ndarray) -> np.ndarray:
        """Work out ``formulas`` of ``seen`` (wavelengths, rows, cols).

        Returns: float32 (formulas, rows, cols).
        """
        return np.stack([formula.evaluate(*self.pick(formula, seen)) for formula in formulas])


def weights_at(
    targets_nm: Sequence[float], seen_nm: np.ndarray, usable: Optional[np.ndarray] = None
) -> BandWeights:
    """Find the bands at ``seen_nm`` (bands,), in any order, that tell the values at ``targets_nm``.

    ``usable``: those that hold values (0-based); all.

    Returns: the BandWeights.
    Raises: InputError for a wavelength that the bands do not see.
    """
    picked = np.arange(len(seen_nm)) if usable is None else np.asarray(usable)
    weights = np.zeros((len(targets_nm), len(picked)))
    for row, target in zip(weights, targets_nm):
        _fill(row, float(target), np.asarray(seen_nm, float)[picked])
    needed = np.flatnonzero(weights.any(0))
    return BandWeights(tuple(targets_nm), picked[needed], weights[:, needed])


def _fill(row: np.ndarray, target: float, seen_nm: np.ndarray) -> None:
    order = np.argsort(seen_nm)
    after = int(np.searchsorted(seen_nm[order], target))
    if after < len(order) and seen_nm[order[after]] == target:
        row[order[after]] = 1
    elif 0 < after < len(order):
        low, high = order[after - 1], order[after]
        gap = seen_nm[high] - seen_nm[low]
        if gap <= WIDEST_GAP_NM:
            row[high] = (target - seen_nm[low]) / gap
            row[low] = 1 - row[high]
            return
        near = min(low, high, key=lambda band: abs(seen_nm[band] - target))
        _refuse_far(target, abs(seen_nm[near] - target) > NEAR_NM, seen_nm[low], seen_nm[high])
        row[near] = 1
    else:
        end = order[min(after, len(order) - 1)]
        _refuse_far(target, abs(seen_nm[end] - target) > NEAR_NM, *seen_nm[order[[0, -1]]])
        row[end] = 1


def _refuse_far(target: float, is_far: bool, low: float, high: float) -> None:
    if is_far:
        raise InputError(
            f"the formula needs the value at {target:g} nm; the nearest bands are at {low:g} and "
            f"{high:g} nm",
            "choose an index that the raster's bands see, or a raster with more bands",
        )
