"""What an everyday camera makes of a picture: white balance, saturation, haze, gamma, 8 bits.

They are small: radiometry (``match``) brings a picture near the training scenes' levels first, and
what is left to meet is what that gets wrong where colours or contrast are unusual.
"""

from dataclasses import dataclass

import numpy as np

HAZE_POWER = 2.0  # scattered light falls with the wavelength: molecules 4, hazy air 1
HAZE_NM = 550.0
DARKEST = 1e-4  # reflectance; gamma is not defined below zero


@dataclass(frozen=True)
class Drawn:
    """One camera's: ``gain`` (bands,), ``haze`` (bands,) in the picture's unit, ``gamma``.

    ``saturation``: how many times as far as before colours lie from grey. ``step``: between two
    values that it can store, in the picture's unit; 0: it stores any.
    """

    gain: np.ndarray
    haze: np.ndarray
    gamma: float
    saturation: float = 1.0
    step: float = 0.0


def draw(rng: np.random.Generator, wavelength_nm: np.ndarray, settings) -> Drawn:
    """A camera by the sigmas of ``settings`` (training.config.Data)."""
    level = rng.normal(0, settings.camera_level_sigma)
    gain = np.exp(level + rng.normal(0, settings.white_balance_sigma, len(wavelength_nm)))
    curve = (HAZE_NM / wavelength_nm) ** HAZE_POWER
    haze = rng.normal(0, settings.haze_sigma) * curve
    gamma, saturation = np.exp(rng.normal(0, [settings.gamma_sigma, settings.saturation_sigma]))
    step = settings.camera_step * rng.random() ** 2
    return Drawn(gain, haze, float(gamma), float(saturation), step)


def simulate_camera(rgb: np.ndarray, camera: Drawn) -> np.ndarray:
    """``rgb`` (bands, rows, cols) as the camera shows it; gamma turns about the mean level."""
    seen = rgb * camera.gain[:, None, None] + camera.haze[:, None, None]
    grey = seen.mean(0)
    seen = np.maximum(grey + np.float32(camera.saturation) * (seen - grey), DARKEST)
    level = seen.mean()
    seen = level * (seen / level) ** camera.gamma
    if camera.step > 0:
        seen = np.round(seen / camera.step) * camera.step
    return seen.astype(np.float32)
