"""What an everyday camera makes of a picture: white balance, haze or black level, gamma.

They are small: radiometry (``match``) brings a picture near the training scenes' levels first, and
what is left to meet is what that gets wrong where colours or contrast are unusual.
"""

from dataclasses import dataclass

import numpy as np

HAZE_POWER = 2.0  # scattered light falls with the wavelength: molecules 4, hazy air 1
HAZE_NM = 550.0
DARKEST = 1e-4  # reflectance; gamma is no curve below zero


@dataclass(frozen=True)
class Drawn:
    """One camera's: ``gain`` (bands,), ``haze`` (bands,) in the picture's unit, ``gamma``."""

    gain: np.ndarray
    haze: np.ndarray
    gamma: float


def draw(rng: np.random.Generator, wavelength_nm: np.ndarray, settings) -> Drawn:
    """A camera by the sigmas of ``settings`` (training.config.Data)."""
    level = rng.normal(0, settings.camera_level_sigma)
    gain = np.exp(level + rng.normal(0, settings.white_balance_sigma, len(wavelength_nm)))
    curve = (HAZE_NM / wavelength_nm) ** HAZE_POWER
    haze = rng.normal(0, settings.haze_sigma) * curve
    return Drawn(gain, haze, float(np.exp(rng.normal(0, settings.gamma_sigma))))


def simulate_camera(rgb: np.ndarray, camera: Drawn) -> np.ndarray:
    """``rgb`` (bands, rows, cols) as the camera shows it; gamma turns about the mean level."""
    seen = rgb * camera.gain[:, None, None] + camera.haze[:, None, None]
    seen = np.maximum(seen, DARKEST)
    level = seen.mean()
    return (level * (seen / level) ** camera.gamma).astype(np.float32)
