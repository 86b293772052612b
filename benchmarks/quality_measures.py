"""What the quality benchmark measures of one estimate, and how figures of scenes are put together.

Definitions are the same for every method and table: PSNR with peak 1 over all values of a scene,
the spectral angle per pixel over the bands that the sensor has, dark pixels left out. The stated
90 % interval of a value is mean ± INTERVAL_SPREADS x spread, of the spread raster that users
get, calibrated where the package says how.
"""

import sys
from pathlib import Path
from typing import Callable, Dict, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from model_runtime.contract import INTERVAL_SPREADS
from model_runtime.raster.cube import Cube, read_cube
from model_runtime.spectra.evaluation import compare
from model_runtime.spectra.metrics import spectral_angles
from model_runtime.spectra.resample import band_widths, resample

MEASURES = ("rmse", "psnr", "sam_degrees", "mrae", "ssim")
SUMMED = (*MEASURES, "coverage")
RED_NM, INFRARED_NM = 670.0, 840.0
DARKEST = 0.02  # mean reflectance; the angle of a darker pixel is that of its noise
Figures = Dict[str, float]


def figures(estimate: Path, spread: Optional[Path], reference: Path) -> Figures:
    """MEASURES as ``evaluate`` says them, ``inside`` of ``values`` and their share ``coverage``.

    NaN where a measure does not exist: without a spread there is no interval.
    """
    cube, truth = read_cube(str(estimate)), read_cube(str(reference))
    overall = compare(cube, truth).scores.overall
    seen = truth_of(cube, truth)
    inside, values = (0, 0)
    if spread:
        inside, values = count_covered(cube.values, read_cube(str(spread)).values, seen)
    return {
        **{name: overall[name] for name in MEASURES},
        "sam_degrees": mean_angle(cube.values, seen),
        "inside": inside,
        "values": values,
        "coverage": inside / values if values else float("nan"),
    }


def truth_of(estimate: Cube, reference: Cube) -> np.ndarray:
    """``reference`` on the bands of ``estimate`` (bands, rows, cols), NaN where it has none."""
    return put_on_bands(estimate, reference.values, reference.wavelength_nm)


def put_on_bands(estimate: Cube, values: np.ndarray, wavelength_nm: np.ndarray) -> np.ndarray:
    """``values`` (bands, rows, cols) at ``wavelength_nm`` on the bands of ``estimate``."""
    widths = band_widths(estimate.wavelength_nm, estimate.fwhm_nm)
    return resample(values, wavelength_nm, estimate.wavelength_nm, widths)


def mean_angle(estimate: np.ndarray, truth: np.ndarray, darkest: float = DARKEST) -> float:
    """Mean spectral angle in degrees over the pixels that are not darker than ``darkest``.

    Both (bands, rows, cols); NaN where there is no such pixel.
    """
    angles = spectral_angles(estimate, truth)
    known = np.isfinite(truth)
    level = np.where(known, truth, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    counts = np.isfinite(angles) & (level >= darkest)
    return float(angles[counts].mean()) if counts.any() else float("nan")


def band_at(wavelength_nm: np.ndarray, nm: float) -> int:
    """The band (from 0) that is nearest to ``nm``."""
    return int(np.abs(np.asarray(wavelength_nm) - nm).argmin())


def ndvi(values: np.ndarray, wavelength_nm: np.ndarray) -> np.ndarray:
    """Vegetation index (rows, cols) of ``values`` (bands, rows, cols); NaN without light."""
    red, infrared = (values[band_at(wavelength_nm, nm)] for nm in (RED_NM, INFRARED_NM))
    total = infrared + red
    return np.where(total > 0, (infrared - red) / np.where(total > 0, total, 1), np.nan)


def count_covered(mean: np.ndarray, spread: np.ndarray, truth: np.ndarray) -> Tuple[int, int]:
    """(values that lie in their stated interval, values that exist), over pixels and bands."""
    exists = np.isfinite(mean) & np.isfinite(spread) & np.isfinite(truth)
    inside = np.abs(truth - mean) <= INTERVAL_SPREADS * spread
    return int((inside & exists).sum()), int(exists.sum())


def summary(
    rows: Sequence[Figures], how: Callable = np.mean, names: Sequence[str] = SUMMED
) -> Figures:
    """``how`` over the figures of several scenes; those that are NaN do not count."""
    return {name: _of_known([row[name] for row in rows], how) for name in names}


def _of_known(values: Sequence[float], how: Callable) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(how(known)) if known else float("nan")


def coverage_of_all(rows: Sequence[Figures]) -> float:
    """The share of all values of several scenes that lie in their interval; NaN without one."""
    values = sum(row["values"] for row in rows)
    return sum(row["inside"] for row in rows) / values if values else float("nan")
