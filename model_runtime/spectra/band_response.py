"""Band responses: how the bands of any sensor become a model's, for training and runtime."""

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # loading it takes as long as all of spectra/
    from numpy.typing import ArrayLike

SIGMA_PER_FWHM = 1 / (2 * np.sqrt(2 * np.log(2)))
# A target band counts as seen while the sensor's bands reach within this share of its width.
EDGE_SHARE = 0.5
WIDEST_GAP_NM = 60.0  # between two bands; beyond it a line between them hides the red edge
NEAR_NM = 15.0  # beyond a band, its value still holds as far as this


def response_matrix(
    source_nm: "ArrayLike", target_nm: "ArrayLike", target_fwhm_nm: "ArrayLike"
) -> np.ndarray:
    """Compute the weights of Gaussian target bands over the bands of a sensor.

    ``source_nm`` (sources,): centres of the sensor's bands; ``target_nm`` and ``target_fwhm_nm``
    (targets,): centres and widths of the target bands. A Gaussian is weighted with the spacing of
    the source bands (trapezoid rule). Where the sensor is coarser than the target band, this turns
    into linear interpolation between its bands.

    Returns: (targets, sources); rows sum to 1.
    """
    source = np.asarray(source_nm, np.float64)
    target = np.asarray(target_nm, np.float64)
    spacing = np.gradient(source) if len(source) > 1 else np.ones(1)
    sigma = np.asarray(target_fwhm_nm, np.float64)[:, None] * SIGMA_PER_FWHM
    gauss = np.exp(-0.5 * ((source[None] - target[:, None]) / sigma) ** 2) * spacing[None]
    local = np.array([np.interp(t, source, spacing) for t in target])
    fine = local <= np.asarray(target_fwhm_nm)
    weights = np.where(fine[:, None], gauss, interpolation_matrix(source, target))
    return weights / weights.sum(axis=1, keepdims=True)


def interpolation_matrix(source_nm: "ArrayLike", target_nm: "ArrayLike") -> np.ndarray:
    """Compute the weights of linear interpolation; beyond the last source band that counts alone.

    Returns: (targets, sources); rows sum to 1.
    """
    source, target = np.asarray(source_nm, np.float64), np.asarray(target_nm, np.float64)
    basis = np.eye(len(source))
    return np.stack([np.interp(target, source, row) for row in basis], axis=1)


def sees_band(
    source_nm: "ArrayLike", target_nm: "ArrayLike", target_fwhm_nm: "ArrayLike"
) -> np.ndarray:
    """Find the target bands that a sensor sees: centre within its range, give or take half a width.

    Returns: (targets,) bool.
    """
    margin = EDGE_SHARE * np.asarray(target_fwhm_nm, np.float64)
    target = np.asarray(target_nm, np.float64)
    return (target >= np.min(source_nm) - margin) & (target <= np.max(source_nm) + margin)


def gaps_about(target_nm: "ArrayLike", source_nm: "ArrayLike") -> "tuple[np.ndarray, np.ndarray]":
    """Measure the gap between the two bands of a sensor about each of ``target_nm`` (targets,).

    ``source_nm`` (sources,), at least one, in any order.

    Returns: nm, (targets,): the gap, 0 beyond the sensor's ends; how far off the nearer band lies.
    """
    source, target = np.sort(np.asarray(source_nm, np.float64)), np.asarray(target_nm, np.float64)
    off = np.abs(target[:, None] - source[None]).min(axis=1)
    after = np.searchsorted(source, target)
    between = (after > 0) & (after < len(source))
    high, low = (np.clip(after - step, 0, len(source) - 1) for step in (0, 1))
    return np.where(between, source[high] - source[low], 0.0), off


def falls_in_gap(
    target_nm: "ArrayLike", source_nm: "ArrayLike", near_nm: "ArrayLike" = NEAR_NM
) -> np.ndarray:
    """Find the targets between two bands of a sensor that lie too far apart for a line.

    Within ``near_nm`` of either band its own value still holds; other arguments as ``gaps_about``.

    Returns: (targets,) bool.
    """
    gap, off = gaps_about(target_nm, source_nm)
    return (gap > WIDEST_GAP_NM) & (off > near_nm)


def response_share(
    source_nm: "ArrayLike", target_nm: "ArrayLike", target_fwhm_nm: "ArrayLike"
) -> np.ndarray:
    """Compute the share of each Gaussian band's response that a sensor's range covers.

    The range is from the first to the last of ``source_nm`` (sources,).

    Returns: (targets,) from 0 to 1.
    """
    sigma = np.asarray(target_fwhm_nm, np.float64) * SIGMA_PER_FWHM
    ends = [(end - np.asarray(target_nm)) / sigma for end in (np.min(source_nm), np.max(source_nm))]
    low, high = (np.array([math.erf(x / math.sqrt(2)) for x in np.atleast_1d(end)]) for end in ends)
    return 0.5 * (high - low)


def apply(weights: np.ndarray, cube: np.ndarray) -> np.ndarray:
    """Apply ``weights`` (targets, sources) to ``cube`` (sources, rows, cols).

    Returns: (targets, rows, cols) float32.
    """
    return np.tensordot(weights.astype(np.float32), cube, axes=1)
