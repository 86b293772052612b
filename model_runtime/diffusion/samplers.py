"""Samplers of a diffusion model: loops over timesteps around a network given as a function."""

from typing import Callable, Dict, Iterator, Sequence, Tuple

import numpy as np

from .schedule import Diffusion, epsilon

# (x_t, t) -> x0, shaped like x_t (samples, bands, rows, cols)
Denoise = Callable[[np.ndarray, int], np.ndarray]
# t -> standard normal noise shaped like x_t
Noise = Callable[[int], np.ndarray]
# (x_t, t) -> x_t, applied before each step (PDT)
Truncate = Callable[[np.ndarray, int], np.ndarray]


def timesteps(train_steps: int, steps: int) -> np.ndarray:
    """Choose ``steps`` timesteps from T - 1 down, evenly spaced; all of them where steps = T.

    The first is always T - 1: sampling starts from pure noise (Lin et al. 2024, "trailing").

    Returns: (steps,) whole numbers, falling.
    """
    return np.round(np.linspace(train_steps, 0, steps + 1)[:-1]).astype(int) - 1


def _pairs(order: Sequence[int]) -> Iterator[Tuple[int, int]]:
    return zip(map(int, order), [*map(int, order[1:]), -1])


def ddpm(
    x: np.ndarray,
    denoise: Denoise,
    d: Diffusion,
    order: Sequence[int],
    noise: Noise,
    truncate: Truncate,
) -> np.ndarray:
    """Sample by DDPM (Ho et al. 2020, eq. 7 and 11) with sigma^2 = beta, respaced to ``order``.

    ``x`` (samples, bands, rows, cols): noise at the first timestep; ``denoise`` estimates x0 of
    (x_t, t); ``order``: the timesteps, falling; ``truncate`` is applied before each step.

    ``noise`` draws standard normal noise for a timestep. The mean is taken from x0, which stays
    exact where alpha_bar is almost zero.

    Returns: x0 (samples, bands, rows, cols).
    """
    for t, previous in _pairs(order):
        x = truncate(x, t)
        x0 = denoise(x, t)
        if previous < 0:
            return x0
        x = ddpm_mean(x, x0, d, t, previous)
        x += np.float32(np.sqrt(_step_beta(d, t, previous))) * noise(t)
    return x


def _step_beta(d: Diffusion, t: int, previous: int) -> float:
    return 1 - (d.signal(t) / d.signal(previous)) ** 2


def ddpm_mean(x_t: np.ndarray, x0: np.ndarray, d: Diffusion, t: int, previous: int) -> np.ndarray:
    """Compute the mean of x_previous given x_t and x0, of one shape (Ho et al. 2020, eq. 7).

    Returns: the mean in the same shape.
    """
    beta, variance = _step_beta(d, t, previous), d.noise(t) ** 2
    of_x0 = d.signal(previous) * beta / variance
    of_x_t = np.sqrt(1 - beta) * d.noise(previous) ** 2 / variance
    mean = np.float32(of_x0) * x0
    mean += np.float32(of_x_t) * x_t
    return mean


def ddim(
    x: np.ndarray,
    denoise: Denoise,
    d: Diffusion,
    order: Sequence[int],
    noise: Noise,
    truncate: Truncate,
) -> np.ndarray:
    """Sample by deterministic DDIM (Song et al. 2021, eq. 12 with eta = 0); ``noise`` is not used.

    ``x`` (samples, bands, rows, cols): noise at the first timestep; ``denoise`` estimates x0 of
    (x_t, t); ``order``: the timesteps, falling; ``truncate`` is applied before each step.

    Returns: x0 (samples, bands, rows, cols).
    """
    for t, previous in _pairs(order):
        x = truncate(x, t)
        x0 = denoise(x, t)
        if previous < 0:
            return x0
        noise_seen = np.float32(d.noise(previous)) * epsilon(x0, x, d, t)
        x = np.float32(d.signal(previous)) * x0 + noise_seen
    return x


def dpm_solver_pp(
    x: np.ndarray,
    denoise: Denoise,
    d: Diffusion,
    order: Sequence[int],
    noise: Noise,
    truncate: Truncate,
) -> np.ndarray:
    """Sample by DPM-Solver++(2M) (Lu et al. 2022, algorithm 2): second order, multistep,
    deterministic.

    ``x`` (samples, bands, rows, cols): noise at the first timestep; ``denoise`` estimates x0 of
    (x_t, t); ``order``: the timesteps, falling; ``truncate`` is applied before each step.

    ``noise`` is not used. The first step and the last, to the clean end, are of first order.

    Returns: x0 (samples, bands, rows, cols).
    """
    last_x0, last_h = None, 0.0
    for t, previous in _pairs(order):
        x = truncate(x, t)
        x0 = denoise(x, t)
        if previous < 0:
            return x0
        h = _half_log_snr(d, previous) - _half_log_snr(d, t)
        slope = x0 if last_x0 is None else x0 + np.float32(h / (2 * last_h)) * (x0 - last_x0)
        ratio = d.noise(previous) / d.noise(t)
        x = np.float32(ratio) * x - np.float32(d.signal(previous) * np.expm1(-h)) * slope
        last_x0, last_h = x0, h
    return x


def _half_log_snr(d: Diffusion, t: int) -> float:
    return float(np.log(d.signal(t)) - np.log(d.noise(t)))


SAMPLER_FUNCTIONS: Dict[str, Callable[..., np.ndarray]] = {
    "ddpm": ddpm,
    "ddim": ddim,
    "dpm-solver++": dpm_solver_pp,
}
