"""Compares an estimated cube with a reference of the same pixels."""

import math
from dataclasses import asdict, dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np

from ..errors import InputError
from . import metrics
from .band_response import falls_in_gap, gaps_about
from .radiometry import INTEGER_SCALE
from .resample import band_widths, bands_with_values, resample

GRID_TOLERANCE_PIXELS = 0.5
SAME_BAND_NM = 1e-3  # what headers round away
COARSER = 2.5  # times the width of the estimate's band: a reference of such steps hides its shape

SAMPLED_SIDE = 256  # pixels that are looked at for whole numbers, down and along
SCALE_FACTOR = 5  # medians of the two, so scaled, lie nearer than that
UNIT_RATIO = 20  # medians further apart than this are hardly in the same unit


@dataclass(frozen=True)
class Evaluation:
    """Scores on the estimate's ``wavelength_nm`` (bands,) and what should be known beside them.

    ``mean_estimate`` and ``mean_reference`` (bands,) are over the values that both have.
    """

    scores: metrics.Scores
    wavelength_nm: np.ndarray
    mean_estimate: np.ndarray
    mean_reference: np.ndarray
    warnings: List[str]

    @property
    def left_out_nm(self) -> List[float]:
        """Wavelengths of bands without one common value: the reference lacks them."""
        unseen = np.isnan(self.scores.per_band["rmse"])
        return [float(value) for value in np.asarray(self.wavelength_nm)[unseen]]


def compare(estimate, reference, constants: metrics.Constants = metrics.DEFAULTS) -> Evaluation:
    """Score a Cube against a reference Cube that is resampled to the estimate's bands.

    Returns: the Evaluation.
    Raises: InputError when the two do not hold the same pixels or share no wavelength.
    """
    warnings = check_grid(estimate, reference)
    factors, said = unit_factors(estimate, reference)
    warnings += said
    wavelength_nm = np.asarray(estimate.wavelength_nm, np.float64)
    values = _times(estimate.values, factors[0])
    on_bands, coarse = _on_bands_of(estimate, reference)
    truth, warnings = _times(on_bands, factors[1]), warnings + coarse
    scores = metrics.score(values, truth, constants=constants)
    if not scores.counts["values"]:
        raise InputError(
            "estimate and reference have no valid value in common",
            "choose rasters whose wavelengths and valid pixels overlap",
        )
    warnings += _unit_warnings(values, truth, constants.peak)
    means = metrics.common_means(values, truth)
    evaluation = Evaluation(scores, wavelength_nm, *means, warnings)
    if evaluation.left_out_nm:
        warnings.append(f"the reference does not see {_ranges(evaluation)}: left out")
    return evaluation


def _times(values: np.ndarray, factor: float) -> np.ndarray:
    return values if factor == 1 else values * np.float32(factor)


def _on_bands_of(estimate, reference) -> Tuple[np.ndarray, List[str]]:
    """The reference's values on the estimate's bands; as they are where the bands are the same.

    NaN in gaps between the reference's bands. And warnings.
    """
    same = _same_bands(estimate.wavelength_nm, reference.wavelength_nm)
    if same is not None:
        in_order = np.array_equal(same, np.arange(len(reference.values)))
        return reference.values if in_order else reference.values[same], []
    wanted_nm, seen_nm = np.asarray(estimate.wavelength_nm), np.asarray(reference.wavelength_nm)
    widths = band_widths(wanted_nm, estimate.fwhm_nm)
    values = resample(reference.values, seen_nm, wanted_nm, widths)
    usable = bands_with_values(reference.values)
    if not len(usable):
        return values, []
    apart, _ = gaps_about(wanted_nm, seen_nm[usable])
    in_gap = falls_in_gap(wanted_nm, seen_nm[usable])
    values[in_gap] = np.nan
    return values, _say_coarse(apart[~in_gap], widths[~in_gap])


def _say_coarse(apart: np.ndarray, widths: np.ndarray) -> List[str]:
    """A warning where the reference is too coarse for the estimate's bands."""
    coarse = apart > COARSER * widths
    if not coarse.any():
        return []
    return [
        f"at {coarse.sum()} of the estimate's bands the reference's own lie up to "
        f"{apart[coarse].max():.3g} nm apart: its values there are of a line between them, whose "
        "errors count as the estimate's. To judge by a multispectral reference, bring the estimate "
        "to its bands first (simulate-sensor)"
    ]


def _same_bands(wanted_nm: np.ndarray, have_nm: np.ndarray) -> Optional[np.ndarray]:
    """Which of the bands at ``have_nm`` are those at ``wanted_nm``; None where one has no equal."""
    wanted, have = np.asarray(wanted_nm, np.float64), np.asarray(have_nm, np.float64)
    apart = np.abs(wanted[:, None] - have[None])
    nearest = apart.argmin(axis=1)
    alike = apart[np.arange(len(wanted)), nearest] <= SAME_BAND_NM
    return nearest if alike.all() and len(set(nearest.tolist())) == len(wanted) else None


def check_grid(estimate, reference) -> List[str]:
    """Compare the two grids.

    Returns: warnings.
    Raises: InputError when their pixels are not the same.
    """
    sizes = [cube.values.shape[1:] for cube in (estimate, reference)]
    if sizes[0] != sizes[1]:
        (rows, cols), (other_rows, other_cols) = sizes
        raise InputError(
            f"the estimate has {rows} x {cols} pixels (rows x columns), the reference "
            f"{other_rows} x {other_cols}",
            "cut or warp the reference to the estimate's grid (gdalwarp -te ... -ts ...)",
        )
    if not (estimate.geotransform and reference.geotransform):
        if estimate.geotransform or reference.geotransform:
            return ["only one of the two is georeferenced: compared pixel by pixel"]
        return []
    return _check_place(estimate, reference, sizes[0])


def _check_place(estimate, reference, shape: Tuple[int, int]) -> List[str]:
    shift = grid_shift_pixels(estimate.geotransform, reference.geotransform, shape)
    if shift > GRID_TOLERANCE_PIXELS:
        raise InputError(
            f"the two rasters lie up to {shift:.4g} pixels apart",
            "warp the reference to the estimate's grid (gdalwarp -t_srs ... -te ... -ts ...)",
        )
    warnings = []
    if shift > 0.01:
        warnings.append(f"the two grids are shifted by up to {shift:.2f} pixels")
    if estimate.crs_wkt != reference.crs_wkt:
        warnings.append("the coordinate reference systems are written differently: same pixels?")
    return warnings


def grid_shift_pixels(geotransform, other, shape: Tuple[int, int]) -> float:
    """Measure the largest distance between the same corners of two grids.

    Returns: pixels of the first grid.
    """
    a, b = np.asarray(geotransform, np.float64), np.asarray(other, np.float64)
    rows, cols = shape
    corners = np.array([[1, 0, 0], [1, cols, 0], [1, 0, rows], [1, cols, rows]], np.float64)
    apart = corners @ (b - a).reshape(2, 3).T  # (corners, x and y)
    return float(np.linalg.norm(apart @ np.linalg.inv(a.reshape(2, 3)[:, 1:]).T, axis=1).max())


def unit_factors(estimate, reference) -> Tuple[Tuple[float, float], List[str]]:
    """Find what brings the values of two Cubes to one unit.

    Whole numbers without a band scale beside reflectance are reflectance x 10,000, as ``upsample``
    reads them.

    Returns: a factor for each, and a warning where one is not 1.
    """
    cubes = (estimate, reference)
    medians = [abs(_median(cube.values)) for cube in cubes]
    large = int(medians[1] > medians[0])
    scaled = medians[large] * INTEGER_SCALE
    near = scaled / SCALE_FACTOR <= medians[1 - large] <= scaled * SCALE_FACTOR
    if not (scaled and near and _whole(cubes[large].values)):
        return (1.0, 1.0), []
    name = ("estimate", "reference")[large]
    said = (
        f"the {name} holds whole numbers without a band scale: taken as reflectance x 10,000. To "
        "make sure, set the scale: gdal_edit.py -scale 0.0001"
    )
    return ((1.0, INTEGER_SCALE) if large else (INTEGER_SCALE, 1.0)), [said]


def _median(values: np.ndarray) -> float:
    """Of what is known in ``values``; 0 where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else 0.0


def _whole(values: np.ndarray) -> bool:
    """Whether a sample of ``values`` (bands, rows, cols) are whole numbers."""
    rows, cols = (max(1, side // SAMPLED_SIDE) for side in values.shape[1:])
    known = values[:, ::rows, ::cols]
    known = known[np.isfinite(known)]
    return bool((known == np.round(known)).all())


def _unit_warnings(estimate: np.ndarray, truth: np.ndarray, peak: float) -> List[str]:
    medians = [_median(values) for values in (estimate, truth)]
    low, high = sorted(abs(median) for median in medians)
    if low > peak:
        return [
            f"the medians, {medians[0]:.4g} and {medians[1]:.4g}, lie above the peak of {peak:g}: "
            "PSNR, SSIM and MRAE mean nothing then. Give both rasters the band scale of "
            "reflectance (gdal_edit.py -scale), or --peak, --ssim-range and --mrae-epsilon"
        ]
    if high <= UNIT_RATIO * low:
        return []
    return [
        f"the estimate's median is {medians[0]:.4g}, the reference's {medians[1]:.4g}: are both in "
        "the same unit? A band scale (gdal_edit.py -scale) brings numbers to reflectance"
    ]


def _ranges(evaluation: Evaluation) -> str:
    left = evaluation.left_out_nm
    return f"{len(left)} of {len(evaluation.wavelength_nm)} bands ({min(left):g}-{max(left):g} nm)"


def as_json(evaluation: Evaluation) -> Dict:
    """Convert to plain data for JSON: null where a number does not exist or is infinite.

    Returns: a dictionary.
    """
    scores = evaluation.scores
    bands = [
        {"wavelength_nm": float(nm), **{k: _plain(v[i]) for k, v in scores.per_band.items()}}
        for i, nm in enumerate(evaluation.wavelength_nm)
    ]
    return {
        "overall": {name: _plain(value) for name, value in scores.overall.items()},
        "spread": {
            name: {level: _plain(v) for level, v in levels.items()}
            for name, levels in scores.spread.items()
        },
        "counts": scores.counts,
        "constants": asdict(scores.constants),
        "left_out_nm": evaluation.left_out_nm,
        "warnings": evaluation.warnings,
        "per_band": bands,
    }


def _plain(value) -> object:
    return float(value) if math.isfinite(value) else None


TITLES = {
    "rmse": "RMSE",
    "psnr": "PSNR (dB)",
    "sam_degrees": "SAM (degrees)",
    "mrae": "MRAE",
    "ssim": "SSIM",
    "ergas": "ERGAS",
    "cross_correlation": "Cross-correlation",
}


def as_text(evaluation: Evaluation) -> str:
    """Write the same as a table for a terminal.

    Returns: lines of text.
    """
    scores, columns = evaluation.scores, list(evaluation.scores.per_band)
    lines = [f"{TITLES[name]:18s} {cell(value):>10s}" for name, value in scores.overall.items()]
    lines += ["", constants_text(scores), ""]
    lines.append(f"{'nm':>8s}" + "".join(f"{TITLES[name]:>18s}" for name in columns))
    for i, nm in enumerate(evaluation.wavelength_nm):
        values = (scores.per_band[name][i] for name in columns)
        lines.append(f"{nm:8.1f}" + "".join(f"{cell(value):>18s}" for value in values))
    return "\n".join(lines)


def cell(value: float) -> str:
    """Write a figure for a table.

    Returns: text; "-" where there is no figure.
    """
    return "-" if math.isnan(value) else f"{value:.4f}"


def constants_text(scores: metrics.Scores) -> str:
    """Write what the figures depend on.

    Returns: one sentence.
    """
    c, n = scores.constants, scores.counts
    return (
        f"{n['pixels_with_spectral_angle']} of {n['pixels']} pixels, {n['bands']} bands; PSNR peak "
        f"{c.peak:g}, MRAE epsilon {c.mrae_epsilon:g}, SSIM {metrics.SSIM_SIDE}x{metrics.SSIM_SIDE}"
        f" Gaussian L {c.ssim_range:g}, ERGAS ratio {c.ergas_ratio:g}"
    )
