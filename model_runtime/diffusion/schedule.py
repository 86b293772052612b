"""Noise schedules of the diffusion: betas, their products and what follows from them (float64)."""

import hashlib
from dataclasses import dataclass

import numpy as np

from ..errors import PackageError
from ..package.manifest import Schedule

COSINE_OFFSET = 0.008
COSINE_BETA_MAX = 0.999
LEAST_SIGNAL = 1e-12  # float32 still divides by it


def betas(kind: str, steps: int, low: float, high: float) -> np.ndarray:
    """Compute the betas of a ``linear`` (Ho et al. 2020) or ``cosine`` (Nichol 2021) schedule.

    ``low`` and ``high`` are the ends of the linear schedule; the cosine one does not use them.

    Returns: (steps,) float64.
    Raises: PackageError for another kind.
    """
    if kind == "linear":
        return np.linspace(low, high, steps, dtype=np.float64)
    if kind != "cosine":
        raise PackageError(f"schedule '{kind}' is unknown", "use linear or cosine")
    t = np.arange(steps + 1, dtype=np.float64) / steps
    curve = np.cos((t + COSINE_OFFSET) / (1 + COSINE_OFFSET) * np.pi / 2) ** 2
    return np.minimum(1 - curve[1:] / curve[:-1], COSINE_BETA_MAX)


def digest(values: np.ndarray) -> str:
    """Hash the betas (steps,) as little-endian float64, rounded to 12 decimal places.

    Rounding keeps the digest equal where the cosines of two machines differ in the last bit.

    Returns: the SHA-256, 64 hexadecimal digits.
    """
    return hashlib.sha256(np.round(values, 12).astype("<f8").tobytes()).hexdigest()


@dataclass(frozen=True)
class Diffusion:
    """The arrays of a schedule, (steps,) each: ``betas``, ``alpha_bar`` = cumprod(1 - beta)."""

    betas: np.ndarray
    alpha_bar: np.ndarray

    @property
    def steps(self) -> int:
        """The number of training timesteps, T."""
        return len(self.betas)

    def signal(self, t: int) -> float:
        """Compute sqrt(alpha_bar_t), the share of x0 in x_t.

        Returns: 0 to 1; 1 for t = -1, the clean end.
        """
        return float(np.sqrt(self.alpha_bar[t])) if t >= 0 else 1.0

    def noise(self, t: int) -> float:
        """Compute sqrt(1 - alpha_bar_t), the share of noise in x_t.

        Returns: 0 to 1; 0 for t = -1, the clean end.
        """
        return float(np.sqrt(1 - self.alpha_bar[t])) if t >= 0 else 0.0


def diffusion(values: np.ndarray) -> Diffusion:
    """Derive the arrays of a schedule from its betas (steps,).

    Returns: the Diffusion.
    """
    return Diffusion(values, np.cumprod(1 - values))


def of_manifest(schedule: Schedule) -> Diffusion:
    """Build the schedule that a manifest describes.

    Returns: the Diffusion.
    Raises: PackageError where the digest of its betas differs, or a step would divide by zero.
    """
    values = betas(schedule.kind, schedule.steps, schedule.low, schedule.high)
    if digest(values) != schedule.betas_sha256:
        raise PackageError(
            f"the betas of the {schedule.kind} schedule do not have SHA-256 "
            f"{schedule.betas_sha256}",
            "the package was made with another schedule: export it again",
        )
    return check(diffusion(values), f"the {schedule.kind} schedule")


def check(d: Diffusion, name: str) -> Diffusion:
    """Check that no step divides by a signal or noise of zero; ``name`` is for the message.

    Returns: ``d`` itself.
    Raises: PackageError where one does.
    """
    if not (d.betas.min() > 0 and d.betas.max() < 1 and d.signal(d.steps - 1) >= LEAST_SIGNAL):
        raise PackageError(
            f"{name} has betas from {d.betas.min():g} to {d.betas.max():g} and leaves "
            f"{d.signal(d.steps - 1):.1g} of the signal",
            f"betas lie between 0 and 1, and {LEAST_SIGNAL:g} of the signal must be left",
        )
    return d


def x0(kind: str, prediction: np.ndarray, x_t: np.ndarray, d: Diffusion, t: int) -> np.ndarray:
    """Compute x0 from a network's ``prediction`` for x_t, both of one shape.

    ``kind`` is epsilon, x0 or v; Salimans & Ho 2022: v = signal * epsilon - noise * x0.

    Returns: x0 in the same shape.
    """
    if kind == "x0":
        return prediction
    signal, noise = np.float32(d.signal(t)), np.float32(d.noise(t))
    if kind == "epsilon":
        return (x_t - noise * prediction) / signal
    return signal * x_t - noise * prediction


def epsilon(x0: np.ndarray, x_t: np.ndarray, d: Diffusion, t: int) -> np.ndarray:
    """Compute the noise in x_t, given the ``x0`` that it was made of, in the same shape.

    Returns: epsilon in the same shape.
    """
    return (x_t - np.float32(d.signal(t)) * x0) / np.float32(d.noise(t))
