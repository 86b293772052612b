"""What the quality benchmark measures of one estimate, and how figures of scenes are put together.

The stated 90 % interval of a value is mean ± INTERVAL x spread, of the spread raster that users
get, calibrated where the package says how.
"""

import sys
from pathlib import Path
from typing import Callable, Dict, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from model_runtime.diffusion.spread_calibration import INTERVAL
from model_runtime.raster.dataset import Cube, read_cube
from model_runtime.spectra.evaluation import compare
from model_runtime.spectra.resample import band_widths, resample

MEASURES = ("rmse", "psnr", "sam_degrees", "mrae", "ssim")
Figures = Dict[str, float]


def figures(estimate: Path, spread: Optional[Path], reference: Path) -> Figures:
    """MEASURES as ``evaluate`` says them, ``inside`` of ``values`` and their share ``coverage``.

    NaN where a measure does not exist: without a spread there is no interval.
    """
    cube, truth = read_cube(str(estimate)), read_cube(str(reference))
    overall = compare(cube, truth).scores.overall
    inside, values = _inside(cube, read_cube(str(spread)), truth) if spread else (0, 0)
    return {
        **{name: overall[name] for name in MEASURES},
        "inside": inside,
        "values": values,
        "coverage": inside / values if values else float("nan"),
    }


def _inside(cube: Cube, spread: Cube, truth: Cube) -> Tuple[int, int]:
    widths = band_widths(cube.wavelength_nm, cube.fwhm_nm)
    seen = resample(truth.values, truth.wavelength_nm, cube.wavelength_nm, widths)
    return covered(cube.values, spread.values, seen)


def covered(mean: np.ndarray, spread: np.ndarray, truth: np.ndarray) -> Tuple[int, int]:
    """(values that lie in their stated interval, values that exist), over pixels and bands."""
    exists = np.isfinite(mean) & np.isfinite(spread) & np.isfinite(truth)
    inside = np.abs(truth - mean) <= INTERVAL * spread
    return int((inside & exists).sum()), int(exists.sum())


def summary(rows: Sequence[Figures], how: Callable = np.mean) -> Figures:
    """``how`` over the figures of several scenes; those that are NaN do not count."""
    names = (*MEASURES, "coverage")
    return {name: _of_known([row[name] for row in rows], how) for name in names}


def _of_known(values: Sequence[float], how: Callable) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(how(known)) if known else float("nan")


def pooled_coverage(rows: Sequence[Figures]) -> float:
    """The share of all values of several scenes that lie in their interval; NaN without one."""
    values = sum(row["values"] for row in rows)
    return sum(row["inside"] for row in rows) / values if values else float("nan")
