"""A cube at other wavelengths; what its sensor does not see or its mask hides becomes NaN."""

from typing import Optional

import numpy as np

from . import spectral

# A value stands as long as masked bands held less than this share of its weight.
HIDDEN_SHARE = 0.01


def resample(
    values: np.ndarray, source_nm: np.ndarray, target_nm: np.ndarray, target_fwhm_nm: np.ndarray
) -> np.ndarray:
    """``values`` (source bands, rows, cols) seen by Gaussian target bands.

    Returns float32 (target bands, rows, cols), NaN where a target band is beyond the sensor or
    masked values held more than HIDDEN_SHARE of its weight. Source bands may be in any order;
    those without any value are left out as if the sensor lacked them.
    """
    source_nm = np.asarray(source_nm, np.float64)
    seen = [i for i in np.argsort(source_nm, kind="stable") if np.isfinite(values[i]).any()]
    result = np.full((len(target_nm),) + values.shape[1:], np.nan, np.float32)
    if not seen:
        return result
    targets = spectral.covered(source_nm[seen], target_nm, target_fwhm_nm)
    wanted_nm, widths_nm = np.asarray(target_nm)[targets], np.asarray(target_fwhm_nm)[targets]
    weights = spectral.response_matrix(source_nm[seen], wanted_nm, widths_nm)
    result[targets] = _apply_where_finite(weights, values[seen])
    return result


def _apply_where_finite(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    finite = np.isfinite(values)
    if finite.all():
        return spectral.apply(weights, values)
    share = spectral.apply(weights, finite.astype(np.float32))
    total = spectral.apply(weights, np.where(finite, values, np.float32(0)))
    return np.where(share > 1 - HIDDEN_SHARE, total / np.maximum(share, HIDDEN_SHARE), np.nan)


def band_widths(wavelength_nm: np.ndarray, fwhm_nm: Optional[np.ndarray]) -> np.ndarray:
    """``fwhm_nm`` if known, else the spacing of the bands (bands,), in nm."""
    if fwhm_nm is not None:
        return np.asarray(fwhm_nm, np.float64)
    wavelength = np.asarray(wavelength_nm, np.float64)
    if len(wavelength) < 2:
        return np.ones(len(wavelength))
    order = np.argsort(wavelength, kind="stable")
    widths = np.empty(len(wavelength))
    widths[order] = np.maximum(np.gradient(wavelength[order]), 1e-3)
    return widths
