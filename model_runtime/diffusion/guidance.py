"""Image condition mixture guidance (ICMG) and progressive dynamic truncation (PDT) of SCDM."""

from typing import Callable, Optional, Sequence, Tuple

import numpy as np

from ..errors import InputError
from ..package.manifest import Manifest, TruncationThresholds

RELEASED_BOUND = 0.96  # PDT's lower bound in the authors' settings

Predict = Callable[[np.ndarray, int], np.ndarray]


def null_of(condition, kind: str):
    """The condition that guidance guides away from, as the package's ``null_condition`` says.

    ``condition`` (N, bands, rows, cols), normalised, an array or a tensor: training drops it to
    the same. ``zero``, as released, is the normalisation's offset, a grey of one brightness;
    ``brightness`` is the grey of each pixel: the mean of its bands.

    Returns: the null condition, shaped like ``condition``.
    """
    nothing = condition * 0
    return nothing + condition.mean(axis=1, keepdims=True) if kind == "brightness" else nothing


def mix_guidance(conditional: Predict, null: Predict, guidance_scale: float) -> Predict:
    """Build the guided network (ICMG): null + (s + 1)(conditional - null).

    s is ``guidance_scale``. At s = 0 that is the conditional network, and the null one is not run.
    The rule is linear, so it holds for x0 and v predictions as it does for epsilon.

    Returns: a function of (x_t, t) like the two given.
    """
    if guidance_scale == 0:
        return conditional
    return lambda x_t, t: _mixture(conditional(x_t, t), null(x_t, t), guidance_scale)


def mix_guidance_of_pair(both: Predict, guidance_scale: float) -> Predict:
    """As ``mix_guidance``, for a network that answers with and without the condition in one pass.

    ``both`` returns the conditional answer, then the null one.

    Returns: a function of (x_t, t).
    """

    def predict(x_t: np.ndarray, t: int) -> np.ndarray:
        conditional, null = both(x_t, t)
        return _mixture(conditional, null, guidance_scale)[None]

    return predict


def within(interval: Tuple[int, int], guided: Predict, conditional: Predict) -> Predict:
    """Guide at the timesteps of ``interval``, first to last; elsewhere use ``conditional`` alone.

    At very high and very low noise levels guidance does harm or little good (Kynkaanniemi et al.
    2024), and a step without it costs one pass less.

    Returns: a function of (x_t, t).
    """
    first, last = interval
    return lambda x_t, t: (guided if first <= t <= last else conditional)(x_t, t)


def _mixture(conditional: np.ndarray, null: np.ndarray, guidance_scale: float) -> np.ndarray:
    return null + np.float32(guidance_scale + 1) * (conditional - null)


def truncation_quantile(t: int, steps: int, lower_bound: float) -> float:
    """Compute PDT's p_t, which falls linearly from 1 at t = 0 to ``lower_bound`` at t = steps - 1.

    Returns: ``lower_bound`` to 1.
    """
    return 1 - (1 - lower_bound) * t / max(steps - 1, 1)


def truncate_by_thresholds(
    x_t: np.ndarray, t: int, steps: int, lower_bound: float, fitted: TruncationThresholds
) -> np.ndarray:
    """Clamp x_t to +- a threshold that was fitted for timestep t, whatever the tile holds.

    As ``truncate``, with the p_t quantile of held-out chains in place of the sample's own, so that
    tiles and strips are clamped alike; between fitted timesteps and levels it is interpolated.

    Returns: x_t clamped, in the same shape.
    """
    if lower_bound >= 1:
        return x_t
    at_t = [np.interp(t, fitted.timesteps, of_level) for of_level in zip(*fitted.thresholds)]
    quantile = truncation_quantile(t, steps, lower_bound)
    bound = np.float32(max(float(np.interp(quantile, fitted.levels, at_t)), 1.0))
    return np.clip(x_t, -bound, bound)


def require_thresholds(model: Manifest, bounds: Optional[Sequence[float]]) -> None:
    """Refuse to truncate a pixelwise model by its tiles: strips would each have other quantiles.

    ``bounds``: PDT's lower bound of each stage; None: the stages' own.

    Raises: InputError for a bound below 1 of a stage without thresholds.
    """
    for stage, bound in zip(model.stages, bounds or ()):
        if model.pixelwise and bound < 1 and stage.truncation is None:
            raise InputError(
                f"truncation is on, but the model '{model.name}' has no thresholds for it",
                "leave --truncation out, or fit them with training/fit_truncation.py",
            )


def truncate(x_t: np.ndarray, t: int, steps: int, lower_bound: float) -> np.ndarray:
    """Clamp x_t (samples, bands, rows, cols) to +- the p_t quantile of |x_t| of each sample (PDT).

    The quantile is at least 1. A lower bound of 1 switches PDT off: nothing is clamped.

    Returns: x_t clamped, in the same shape.
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
