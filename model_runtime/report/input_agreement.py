"""Checks an estimate against its own input: simulated input bands against the real ones."""

from dataclasses import dataclass
from typing import List, Sequence

import numpy as np

from ..package.manifest import InputBand
from ..spectra import metrics
from ..spectra.resample import resample


@dataclass(frozen=True)
class BandAgreement:
    """One input band: errors of the simulated against the real one, in the model's unit."""

    name: str
    rmse: float
    bias: float
    correlation: float


@dataclass(frozen=True)
class Consistency:
    """Agreement per band, and each pixel's.

    ``error`` (rows, cols) is its RMSE over the input bands, ``band_error`` (bands, rows, cols)
    how far each band is off, NaN where masked.
    """

    bands: List[BandAgreement]
    error: np.ndarray
    band_error: np.ndarray


def check(
    rgb: np.ndarray,
    cube: np.ndarray,
    wavelength_nm: Sequence[float],
    input_bands: Sequence[InputBand],
) -> Consistency:
    """Compare ``cube`` (bands, rows, cols), seen through ``input_bands``, with ``rgb``.

    ``wavelength_nm`` (bands,); ``rgb`` (input bands, rows, cols).

    Returns: the agreement per band and per pixel.
    """
    centres = [band.wavelength_nm for band in input_bands]
    widths = [band.fwhm_nm for band in input_bands]
    simulated = resample(cube, wavelength_nm, centres, widths)
    bands = [
        _agreement(band.name, one[None], real[None])
        for band, one, real in zip(input_bands, simulated, rgb)
    ]
    return Consistency(bands, metrics.pixel_rmse(simulated, rgb), np.abs(simulated - rgb))


def _agreement(name: str, simulated: np.ndarray, real: np.ndarray) -> BandAgreement:
    difference = (simulated - real).astype(np.float64)
    known = np.isfinite(difference)
    return BandAgreement(
        name,
        metrics.rmse(simulated, real),
        float(difference[known].mean()) if known.any() else float("nan"),
        metrics.cross_correlation(simulated, real),
    )
