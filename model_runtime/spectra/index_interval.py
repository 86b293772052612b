"""How far an index may be off: from draws, or at most, from the spread of its bands."""

from typing import Iterable

import numpy as np

from ..contract import INTERVAL_SPREADS
from .index_formula import Formula

STEP = 0.05  # of a spread: small, for the slope at the value itself
OF_FEW_DRAWS = {2: 6.314, 3: 2.920, 4: 2.353}  # Student's t of one, two and three degrees


def deviations(draws: int) -> float:
    """Look up how many standard deviations of ``draws`` hold 90 %: Student's t.

    The deviation of few draws is itself uncertain, and more often too small than too large. Beyond
    the table: Abramowitz & Stegun 1964, 26.7.5, whose error is below 0.002.

    Returns: 1.645 of many draws, 2.353 of four.
    """
    if draws in OF_FEW_DRAWS:
        return OF_FEW_DRAWS[draws]
    z, degrees = INTERVAL_SPREADS, max(draws - 1, 1)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3


def of_draws(middle: np.ndarray, drawn: Iterable[np.ndarray]) -> np.ndarray:
    """Work out the standard deviation of what draws give; ``drawn``: arrays like ``middle``.

    Returns: float32 in the same shape; NaN where fewer than two draws have a value.
    """
    count, sums, squares = (np.zeros(middle.shape, np.float64) for _ in range(3))
    for values in drawn:
        apart = np.where(np.isfinite(values), values - np.nan_to_num(middle), 0)
        count += np.isfinite(values)
        sums += apart
        squares += apart.astype(np.float64) ** 2
    with np.errstate(all="ignore"):
        variance = (squares - sums**2 / count) / (count - 1)
    return np.where(count > 1, np.sqrt(np.maximum(variance, 0)), np.nan).astype(np.float32)


def of_spread(formula: Formula, seen: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Work out the standard deviation if the errors of all bands went the worst way together.

    ``seen`` and ``spread`` (wavelengths of the formula, ...): to first order, each band's slope
    times its spread.

    Returns: float32 (...).
    """
    total = np.zeros(seen.shape[1:], np.float32)
    for number in range(len(seen)):
        step = np.zeros_like(seen)
        step[number] = STEP * spread[number]
        apart = formula.evaluate(seen + step) - formula.evaluate(seen - step)
        total += np.abs(apart) / (2 * STEP)
    return total


def beside(
    middle: np.ndarray, deviation: np.ndarray, times: float = INTERVAL_SPREADS
) -> np.ndarray:
    """Lay the ends of the 90 % interval beside each index of ``middle`` (indices, rows, cols).

    They lie ``times`` its ``deviation`` off.

    Returns: (3 x indices, rows, cols): value, low and high of each.
    """
    half = np.float32(times) * deviation
    stacked = np.stack([middle, middle - half, middle + half], 1)
    return stacked.reshape(-1, *middle.shape[1:])
