"""Measures of an estimated cube against a reference, per band and overall; pure NumPy.

Cubes are (bands, pixels) or (bands, rows, cols), of the same shape. A value counts where both cubes
are finite and, if ``valid`` (bool, broadcast to the cube) is given, where that is True. A measure
of nothing is NaN. Sums are made in float64, one band at a time, so no second cube is held. Every
function raises InputError for cubes of different shapes.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Callable, Dict, Iterator, Optional, Tuple

import numpy as np

from ..errors import InputError

SSIM_SIDE, SSIM_SIGMA = 11, 1.5  # Wang et al., IEEE TIP 13(4), 2004
SSIM_K1, SSIM_K2 = 0.01, 0.03
SPREAD_PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class Constants:
    """What the measures depend on besides the cubes; reported with every figure.

    ``peak``: signal peak of PSNR; ``mrae_epsilon``: least reference that MRAE divides by;
    ``ssim_range``: L of SSIM; ``ergas_ratio``: pixel size of the fine raster divided by that of the
    coarse one, 1 where only the spectrum is estimated.
    """

    peak: float = 1.0
    mrae_epsilon: float = 1e-3
    ssim_range: float = 1.0
    ergas_ratio: float = 1.0


DEFAULTS = Constants()


@dataclass(frozen=True)
class Scores:
    """All measures of one cube.

    ``overall``: one number per measure; ``per_band``: (bands,) per measure; ``spread``: percentiles
    (SPREAD_PERCENTILES) over the pixels; ``counts``: how many values each rests on; ``angles``
    (rows, cols): the spectral angle of each pixel, degrees.
    """

    overall: Dict[str, float]
    per_band: Dict[str, np.ndarray]
    spread: Dict[str, Dict[str, float]]
    counts: Dict[str, int]
    angles: np.ndarray
    constants: Constants = DEFAULTS


def score(
    estimate: np.ndarray,
    reference: np.ndarray,
    valid: Optional[np.ndarray] = None,
    constants: Constants = DEFAULTS,
) -> Scores:
    """Compute every measure of ``estimate`` against ``reference``, both (bands, rows, cols).

    Returns: the Scores.
    Raises: InputError for cubes of different shapes.
    """
    pair = (estimate, reference, valid)
    mse = _mean_square(*pair)
    per_band = {
        "rmse": np.sqrt(mse),
        "psnr": _decibel(mse, constants.peak),
        "mrae": mrae_per_band(*pair, epsilon=constants.mrae_epsilon),
        "ssim": ssim_per_band(*pair, data_range=constants.ssim_range),
        "cross_correlation": cross_correlation_per_band(*pair),
    }
    angles = spectral_angles(*pair)
    return Scores(
        overall=_overall(pair, per_band, angles, constants),
        per_band=per_band,
        spread={
            "sam_degrees": _percentiles(angles),
            "rmse": _percentiles(pixel_rmse(*pair)),
        },
        counts=_counts(pair, angles),
        angles=angles,
        constants=constants,
    )


def _overall(pair, per_band, angles, constants: Constants) -> Dict[str, float]:
    estimate, reference, valid = pair
    return {
        "rmse": rmse(*pair),
        "psnr": psnr(estimate, reference, valid, peak=constants.peak),
        "sam_degrees": _mean(angles),
        "mrae": mrae(estimate, reference, valid, epsilon=constants.mrae_epsilon),
        "ssim": _mean(per_band["ssim"]),
        "ergas": ergas(estimate, reference, valid, ratio=constants.ergas_ratio),
        "cross_correlation": _mean(per_band["cross_correlation"]),
    }


def _counts(pair, angles: np.ndarray) -> Dict[str, int]:
    sizes = [mask.sum() for _, _, mask in _bands(*pair)]
    return {
        "bands": int(np.count_nonzero(sizes)),
        "pixels": int(np.prod(pair[0].shape[1:])),
        "pixels_with_spectral_angle": int(np.isfinite(angles).sum()),
        "values": int(np.sum(sizes)),
    }


def common_means(estimate, reference, valid=None) -> Tuple[np.ndarray, np.ndarray]:
    """Average each band over the values that count in both cubes.

    Returns: the means of ``estimate`` and of ``reference``, (bands,) each.
    """
    sums = [(e.sum(), r.sum(), mask.sum()) for e, r, mask in _bands(estimate, reference, valid)]
    of_estimate, of_reference, count = np.array(sums, np.float64).reshape(-1, 3).T
    return _divide(of_estimate, count), _divide(of_reference, count)


def rmse(estimate, reference, valid=None) -> float:
    """Compute the root mean square error over all values that count.

    Returns: the error in the cubes' unit.
    """
    return float(np.sqrt(_pool(_square_sums(estimate, reference, valid))))


def rmse_per_band(estimate, reference, valid=None) -> np.ndarray:
    """Compute the root mean square error of each band.

    Returns: (bands,) in the cubes' unit.
    """
    return np.sqrt(_mean_square(estimate, reference, valid))


def pixel_rmse(estimate, reference, valid=None) -> np.ndarray:
    """Compute the root mean square error of each pixel over its bands.

    Returns: (rows, cols) or (pixels,) in the cubes' unit; NaN where no band counts.
    """
    total, count = _pixel_sums(estimate, reference, valid, lambda e, r, mask: ((e - r) ** 2, mask))
    return np.sqrt(_divide(total, count))


def psnr(estimate, reference, valid=None, peak: float = 1.0) -> float:
    """Compute the peak signal-to-noise ratio, 10 log10(peak^2 / MSE), over all values that count.

    Returns: dB; inf for equal cubes.
    """
    return float(_decibel(_pool(_square_sums(estimate, reference, valid)), peak))


def sam_degrees(estimate, reference, valid=None) -> float:
    """Average the spectral angle over the pixels (Kruse et al., RSE 44, 1993).

    Returns: degrees.
    """
    return _mean(spectral_angles(estimate, reference, valid))


def spectral_angles(estimate, reference, valid=None) -> np.ndarray:
    """Compute the spectral angle of each pixel over the bands that count there.

    The angle is 2 atan2(|u - v|, |u + v|) of the unit spectra: exact for small angles, where the
    arc cosine loses half the digits (Kahan).

    Returns: (rows, cols) or (pixels,) in degrees; NaN where fewer than two bands count or a
        spectrum is zero.
    """
    pair = (estimate, reference, valid)
    *squares, count = _pixel_sums(*pair, lambda e, r, mask: (e * e, r * r, mask))
    exists = (count >= 2) & (squares[0] > 0) & (squares[1] > 0)
    u, v = (np.sqrt(np.where(exists, square, 1)) for square in squares)
    near, far = _pixel_sums(*pair, lambda e, r, _: ((e / u - r / v) ** 2, (e / u + r / v) ** 2))
    return np.where(exists, 2 * np.degrees(np.arctan2(np.sqrt(near), np.sqrt(far))), np.nan)


def _pixel_sums(estimate, reference, valid, terms: Callable) -> np.ndarray:
    """Sum over the bands what ``terms`` makes of (e, r, mask): (terms, rows, cols)."""
    bands = _bands(estimate, reference, valid)
    return reduce(np.add, (np.stack(terms(*band)).astype(np.float64) for band in bands))


def mrae(estimate, reference, valid=None, epsilon: float = 1e-3) -> float:
    """Average |estimate - reference| / max(|reference|, epsilon) over all values that count.

    Returns: the mean relative absolute error, a share.
    """
    return float(_pool(_relative_sums(estimate, reference, valid, epsilon)))


def mrae_per_band(estimate, reference, valid=None, epsilon: float = 1e-3) -> np.ndarray:
    """Compute the mean relative absolute error of each band; ``epsilon`` as in ``mrae``.

    Returns: (bands,), shares.
    """
    return _divide(*_relative_sums(estimate, reference, valid, epsilon))


def ergas(estimate, reference, valid=None, ratio: float = 1.0) -> float:
    """Compute ERGAS, 100 ratio sqrt(mean over bands of (RMSE / mean reference)^2) (Wald, 2000).

    Returns: the error, without a unit.
    """
    errors = rmse_per_band(estimate, reference, valid)
    _, means = common_means(estimate, reference, valid)
    return float(100 * ratio * np.sqrt(_mean(_divide(errors, means) ** 2)))


def cross_correlation(estimate, reference, valid=None) -> float:
    """Average Pearson's correlation over the bands.

    Returns: -1 to 1.
    """
    return _mean(cross_correlation_per_band(estimate, reference, valid))


def cross_correlation_per_band(estimate, reference, valid=None) -> np.ndarray:
    """Compute Pearson's correlation over the pixels for each band.

    Returns: (bands,), -1 to 1; NaN where a band is constant.
    """
    pairs = ((e[mask], r[mask]) for e, r, mask in _bands(estimate, reference, valid))
    return np.array([_pearson(e, r) for e, r in pairs])


def _pearson(estimate: np.ndarray, reference: np.ndarray) -> float:
    if estimate.size < 2 or np.ptp(estimate) == 0 or np.ptp(reference) == 0:
        return float("nan")
    e, r = estimate - estimate.mean(), reference - reference.mean()
    return float((e @ r) / np.sqrt((e @ e) * (r @ r)))


def ssim(estimate, reference, valid=None, data_range: float = 1.0) -> float:
    """Average the structural similarity over the bands; cubes are (bands, rows, cols).

    Returns: at most 1.
    Raises: InputError for cubes without rows and columns.
    """
    return _mean(ssim_per_band(estimate, reference, valid, data_range))


def ssim_per_band(estimate, reference, valid=None, data_range: float = 1.0) -> np.ndarray:
    """Compute the structural similarity of each band (Wang et al., 2004).

    The window is an 11 x 11 Gaussian, sigma 1.5.

    Only windows that lie wholly inside the raster and contain no value that does not count are
    averaged: nothing is padded or filled. ``data_range`` is L.

    Returns: (bands,), at most 1; NaN where there is no such window.
    Raises: InputError for cubes without rows and columns.
    """
    if estimate.ndim != 3:
        raise InputError(f"SSIM needs (bands, rows, cols), not {estimate.shape}", "keep the rows")
    bands = _bands(estimate, reference, valid)
    return np.array([_ssim(e, r, mask, data_range) for e, r, mask in bands])


def _ssim(e: np.ndarray, r: np.ndarray, mask: np.ndarray, data_range: float) -> float:
    if min(e.shape) < SSIM_SIDE:
        return float("nan")
    whole = _windows(np.where(mask, 0.0, 1.0), np.ones(SSIM_SIDE)) < 0.5
    kernel = _gaussian()
    mean_e, mean_r = _windows(e, kernel), _windows(r, kernel)
    var_e = _windows(e * e, kernel) - mean_e**2
    var_r = _windows(r * r, kernel) - mean_r**2
    both = _windows(e * r, kernel) - mean_e * mean_r
    c1, c2 = (SSIM_K1 * data_range) ** 2, (SSIM_K2 * data_range) ** 2
    above = (2 * mean_e * mean_r + c1) * (2 * both + c2)
    below = (mean_e**2 + mean_r**2 + c1) * (var_e + var_r + c2)
    return _mean((above / below)[whole])


def _gaussian() -> np.ndarray:
    offset = np.arange(SSIM_SIDE) - SSIM_SIDE // 2
    kernel = np.exp(-0.5 * (offset / SSIM_SIGMA) ** 2)
    return kernel / kernel.sum()


def _windows(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Filter ``image`` (rows, cols) with the separable ``kernel``, whole windows only."""
    rows, cols = (side - len(kernel) + 1 for side in image.shape)
    image = sum(image[i : i + rows] * k for i, k in enumerate(kernel))
    return sum(image[:, i : i + cols] * k for i, k in enumerate(kernel))


def _bands(estimate, reference, valid) -> Iterator[Tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield each band as (estimate, reference, mask), float64, 0 where it does not count."""
    if estimate.shape != reference.shape:
        raise InputError(
            f"the cubes have shapes {estimate.shape} and {reference.shape}",
            "bring both to the same bands and pixels",
        )
    masks = np.broadcast_to(True if valid is None else valid, estimate.shape)
    for e, r, mask in zip(estimate, reference, masks):
        e, r = np.asarray(e, np.float64), np.asarray(r, np.float64)
        mask = mask & np.isfinite(e) & np.isfinite(r)
        yield np.where(mask, e, 0), np.where(mask, r, 0), mask


def _square_sums(estimate, reference, valid) -> Tuple[np.ndarray, np.ndarray]:
    return _sums(((e - r) ** 2, mask) for e, r, mask in _bands(estimate, reference, valid))


def _relative_sums(estimate, reference, valid, epsilon) -> Tuple[np.ndarray, np.ndarray]:
    return _sums(
        (np.abs(e - r) / np.maximum(np.abs(r), epsilon), mask)
        for e, r, mask in _bands(estimate, reference, valid)
    )


def _sums(terms) -> Tuple[np.ndarray, np.ndarray]:
    """Sum what counts in each band, and count it; both (bands,)."""
    pairs = [(term[mask].sum(), mask.sum()) for term, mask in terms]
    total, count = np.array(pairs, np.float64).reshape(-1, 2).T
    return total, count


def _mean_square(estimate, reference, valid) -> np.ndarray:
    return _divide(*_square_sums(estimate, reference, valid))


def _pool(sums: Tuple[np.ndarray, np.ndarray]) -> float:
    total, count = sums
    return float(_divide(total.sum(), count.sum()))


def _divide(above, below) -> np.ndarray:
    """Divide ``above`` by ``below``, NaN where ``below`` is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(below) != 0, np.divide(above, below), np.nan)


def _decibel(mean_square, peak: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return 10 * np.log10(peak**2 / np.asarray(mean_square, np.float64))


def _mean(values: np.ndarray) -> float:
    """Average the finite values; NaN if there are none."""
    finite = np.asarray(values)[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")


def _percentiles(values: np.ndarray) -> Dict[str, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return {f"p{p}": float("nan") for p in SPREAD_PERCENTILES}
    levels = np.percentile(finite, SPREAD_PERCENTILES)
    return {f"p{p}": float(level) for p, level in zip(SPREAD_PERCENTILES, levels)}
