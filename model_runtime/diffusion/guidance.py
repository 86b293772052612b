"""Image condition mixture guidance (ICMG) and progressive dynamic truncation (PDT) of SCDM."""

from typing import Callable, Tuple

import numpy as np

Predict = Callable[[np.ndarray, int], np.ndarray]


def mix_guidance(conditional: Predict, null: Predict, guidance_scale: float) -> Predict:
    """The guided network: null + (s + 1)(conditional - null), s the ``guidance_scale``.

    At s = 0 that is the conditional network, and the null one is not run. The rule is linear, so
    it holds for x0 and v predictions as for epsilon.
    """
    if guidance_scale == 0:
        return conditional
    return lambda x_t, t: _mixture(conditional(x_t, t), null(x_t, t), guidance_scale)


def mix_guidance_of_pair(both: Predict, guidance_scale: float) -> Predict:
    """``mixed`` of a network that answers for the condition and for none at once, in this order."""

    def guided(x_t: np.ndarray, t: int) -> np.ndarray:
        conditional, null = both(x_t, t)
        return _mixture(conditional, null, guidance_scale)[None]

    return guided


def within(interval: Tuple[int, int], guided: Predict, conditional: Predict) -> Predict:
    """``guided`` at the timesteps of ``interval``, from its first to its last, else unguided.

    Where there is next to nothing but noise, or next to none, guidance does little good or harm
    (Kynkaanniemi et al. 2024), and a step without it costs one pass less.
    """
    first, last = interval
    return lambda x_t, t: (guided if first <= t <= last else conditional)(x_t, t)


def _mixture(conditional: np.ndarray, null: np.ndarray, guidance_scale: float) -> np.ndarray:
    return null + np.float32(guidance_scale + 1) * (conditional - null)


def truncation_quantile(t: int, steps: int, lower_bound: float) -> float:
    """PDT's p_t: 1 at t = 0, falling linearly to ``lower_bound`` at t = steps - 1."""
    return 1 - (1 - lower_bound) * t / max(steps - 1, 1)


def truncate(x_t: np.ndarray, t: int, steps: int, lower_bound: float) -> np.ndarray:
    """x_t (samples, bands, rows, cols) clamped to the p_t quantile of |x_t| of each sample.

    The quantile is taken as at least 1. A lower bound of 1 switches PDT off: it clamps nothing.
    """
    if lower_bound >= 1:
        return x_t
    quantile = truncation_quantile(t, steps, lower_bound)
    magnitude = np.abs(x_t).reshape(len(x_t), -1)
    # An array of quantiles stays float64: NumPy 2 would round a plain number to float32, which
    # blurs the place among more than 2^24 values.
    bound = np.quantile(magnitude, np.array([quantile]), axis=1)[0]
    bound = np.maximum(bound, 1).astype(np.float32)
    bound = bound[:, None, None, None]
    return np.clip(x_t, -bound, bound)
