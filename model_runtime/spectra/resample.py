"""A cube at other wavelengths; what its sensor does not see or its mask hides becomes NaN."""

from typing import Optional

import numpy as np

from . import band_response

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
    seen = bands_with_values(values)
    return see(values[seen], np.asarray(source_nm)[seen], target_nm, target_fwhm_nm)


def bands_with_values(values: np.ndarray) -> np.ndarray:
    """The bands (0-based) of ``values`` (bands, rows, cols) that hold any value."""
    return np.flatnonzero(np.isfinite(values).any(axis=(1, 2)))


def see(
    values: np.ndarray, source_nm: np.ndarray, target_nm: np.ndarray, target_fwhm_nm: np.ndarray
) -> np.ndarray:
    """As ``resample``, but every source band counts as there: for one part of a raster."""
    source_nm = np.asarray(source_nm, np.float64)
    result = np.full((len(target_nm), *values.shape[1:]), np.nan, np.float32)
    if not len(source_nm):
        return result
    order = np.argsort(source_nm, kind="stable")
    targets = band_response.sees_band(source_nm, target_nm, target_fwhm_nm)
    wanted_nm, widths_nm = np.asarray(target_nm)[targets], np.asarray(target_fwhm_nm)[targets]
    weights = np.empty((len(wanted_nm), len(source_nm)))
    weights[:, order] = band_response.response_matrix(source_nm[order], wanted_nm, widths_nm)
    result[targets] = _apply_where_finite(weights, values)
    return result


def _apply_where_finite(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    finite = np.isfinite(values)
    if finite.all():
        return band_response.apply(weights, values)
    share = band_response.apply(weights, finite.astype(np.float32))
    total = band_response.apply(weights, np.where(finite, values, np.float32(0)))
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
