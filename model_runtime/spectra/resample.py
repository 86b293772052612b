"""Resamples a cube to other bands; what its sensor does not see or its mask hides becomes NaN."""

from typing import TYPE_CHECKING, Optional

import numpy as np

from . import band_response

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# A value stands as long as masked bands held less than this share of its weight.
HIDDEN_SHARE = 0.01
# Bands of multispectral cameras lie apart: their red does not reach halfway to the infrared.
WIDEST_UNKNOWN_NM = 40.0


def resample(
    values: np.ndarray, source_nm: "ArrayLike", target_nm: "ArrayLike", target_fwhm_nm: "ArrayLike"
) -> np.ndarray:
    """Resample ``values`` (source bands, rows, cols) to Gaussian target bands.

    ``source_nm`` (source bands,) may be in any order; source bands without any value are left out
    as if the sensor lacked them. ``target_nm`` and ``target_fwhm_nm`` (target bands,).

    Returns: (target bands, rows, cols) float32; NaN where a target band is beyond the sensor or
        masked values held more than HIDDEN_SHARE of its weight.
    """
    seen = bands_with_values(values)
    return see(values[seen], np.asarray(source_nm)[seen], target_nm, target_fwhm_nm)


def bands_with_values(values: np.ndarray) -> np.ndarray:
    """Find the bands of ``values`` (bands, rows, cols) that hold any value.

    Returns: their numbers, counted from 0.
    """
    return np.flatnonzero(np.isfinite(values).any(axis=(1, 2)))


def see(
    values: np.ndarray, source_nm: "ArrayLike", target_nm: "ArrayLike", target_fwhm_nm: "ArrayLike"
) -> np.ndarray:
    """Resample one part of a raster: as ``resample``, but every source band counts as present.

    Returns: (target bands, rows, cols) float32, NaN as in ``resample``.
    """
    source = np.asarray(source_nm, np.float64)
    target, widths = np.asarray(target_nm), np.asarray(target_fwhm_nm)
    result = np.full((len(target), *values.shape[1:]), np.nan, np.float32)
    if not len(source):
        return result
    order = np.argsort(source, kind="stable")
    targets = band_response.sees_band(source, target, widths)
    weights = np.empty((targets.sum(), len(source)))
    weights[:, order] = band_response.response_matrix(
        source[order], target[targets], widths[targets]
    )
    result[targets] = apply_where_finite(weights, values)
    return result


def apply_where_finite(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Apply ``weights`` (targets, sources) to ``values`` (sources, rows, cols), NaN in some.

    Returns: (targets, rows, cols) float32; NaN where masked values held more than HIDDEN_SHARE.
    """
    finite = np.isfinite(values)
    if finite.all():
        return band_response.apply(weights, values)
    share = band_response.apply(weights, finite.astype(np.float32))
    total = band_response.apply(weights, np.where(finite, values, np.float32(0)))
    return np.where(share > 1 - HIDDEN_SHARE, total / np.maximum(share, HIDDEN_SHARE), np.nan)


def band_widths(wavelength_nm: np.ndarray, fwhm_nm: Optional[np.ndarray]) -> np.ndarray:
    """Take ``fwhm_nm`` if it is known, else the spacing of the bands, up to WIDEST_UNKNOWN_NM.

    Returns: (bands,) in nm.
    """
    if fwhm_nm is not None:
        return np.asarray(fwhm_nm, np.float64)
    wavelength = np.asarray(wavelength_nm, np.float64)
    if len(wavelength) < 2:
        return np.ones(len(wavelength))
    order = np.argsort(wavelength, kind="stable")
    widths = np.empty(len(wavelength))
    widths[order] = np.clip(np.gradient(wavelength[order]), 1e-3, WIDEST_UNKNOWN_NM)
    return widths
