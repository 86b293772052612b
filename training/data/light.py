"""The light on a patch: brightness, a smooth tilt over the wavelengths, and shade."""

from typing import Tuple

import numpy as np

from . import fields

HAZE_SHARE, HAZE_SIGMA = 0.6, 0.015  # of composed patches; reflectance at SKY_NM
SKY_NM = 550.0
DEEPEST, LIGHTEST = 0.08, 0.7  # of the full light at SKY_NM, in shade
SKY_POWERS = 0.0, 2.5  # light of the sky falls with the wavelength to a power


def illumination(
    rng: np.random.Generator,
    gain_sigma: float,
    tilt_sigma: float,
    input_nm: np.ndarray,
    output_nm: np.ndarray,
) -> Tuple[np.ndarray, np.ndarray]:
    """Gains (bands, 1, 1) of the input and output bands: brightness and a smooth tilt.

    The tilt is a parabola over the wavelengths: haze, a low sun, another calibration.
    """
    level, *tilt = rng.normal(0, [gain_sigma, tilt_sigma, tilt_sigma])
    low, high = output_nm[[0, -1]]

    def gain(wavelength_nm: np.ndarray) -> np.ndarray:
        place = 2 * (wavelength_nm - low) / max(high - low, 1) - 1
        curve = level + tilt[0] * place + tilt[1] * (2 * place**2 - 1)
        return np.exp(curve).astype(np.float32)[:, None, None]

    return gain(input_nm), gain(output_nm)


def residual_haze(
    rng: np.random.Generator, input_nm: np.ndarray, output_nm: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """What correction for the atmosphere leaves in input and output bands (bands, 1, 1), to add.

    Libraries are measured near the ground; scenes are bluer, meadows of them above all.
    """
    depth = abs(rng.normal(0, HAZE_SIGMA)) if rng.random() < HAZE_SHARE else 0.0
    power = rng.uniform(*SKY_POWERS)

    def left(wavelength_nm: np.ndarray) -> np.ndarray:
        return (depth * (SKY_NM / wavelength_nm) ** power).astype(np.float32)[:, None, None]

    return left(input_nm), left(output_nm)


def shade(
    rng: np.random.Generator, side: int, input_nm: np.ndarray, output_nm: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """What shade over part of a patch leaves of the input and output bands (bands, side, side).

    Shaded ground is lit by the sky alone: less light, and less of it the longer the wavelength.
    """
    depth = rng.uniform(DEEPEST, LIGHTEST)
    power = rng.uniform(*SKY_POWERS)
    mask = fields.soft_mask(rng, side, rng.uniform(2, side), rng.uniform(0, 0.5))

    def left(wavelength_nm: np.ndarray) -> np.ndarray:
        shaded = np.minimum(depth * (SKY_NM / wavelength_nm) ** power, 1)
        return (1 - mask[None] * (1 - shaded[:, None, None])).astype(np.float32)

    return left(input_nm), left(output_nm)
