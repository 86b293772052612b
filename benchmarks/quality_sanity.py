"""What can be wrong with an estimate that anyone sees, on pictures without truth.

- *green as water*: the share of strongly green pixels whose NDVI is below WATER_NDVI;
- *phases*: (max - min) / mean of the four 2 x 2 phases' mean infrared among the darkest pixels;
- *crop*: how far the mean infrared of a part differs from the same ground's in the whole picture,
  as a share, with the part cut to a file of its own and given as an extent; the larger of the
  darkest and the brightest ninth of the picture;
- *clamped*: the share of values that are 0.
"""

import sys
from pathlib import Path
from typing import List, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from osgeo import gdal
from quality_bench import Bench, Table
from quality_measures import INFRARED_NM, Figures, band_at, ndvi

from model_runtime.raster.cube import Cube, read_cube
from model_runtime.raster.reader import RasterReader
from model_runtime.tiling import Window

gdal.UseExceptions()
FIGURES = ("green_as_water", "phases", "crop_file", "crop_extent", "clamped")
GREEN_SHARE, GREEN_LEVEL, WATER_NDVI = 0.2, 45, 0.2
DARK_SHARE = 0.15
PARTS, FEWEST_VALID = 3, 0.5  # a picture is cut in 3 x 3; a part of which half is empty says little


def strongly_green(rgb: np.ndarray) -> np.ndarray:
    """Which pixels (rows, cols) of an 8-bit picture (3, rows, cols) are leaves to any eye."""
    red, green, blue = rgb
    return (2 * green - red - blue > GREEN_SHARE * (red + green + blue)) & (green > GREEN_LEVEL)


def green_as_water(rgb: np.ndarray, valid: np.ndarray, estimate: Cube) -> float:
    """The share of strongly green pixels whose NDVI is that of water; NaN without such pixels."""
    index = ndvi(estimate.values, estimate.wavelength_nm)
    green = strongly_green(rgb) & valid & np.isfinite(index)
    return float((index[green] < WATER_NDVI).mean()) if green.any() else float("nan")


def phase_difference(rgb: np.ndarray, valid: np.ndarray, infrared: np.ndarray) -> float:
    """(max - min) / mean of the mean ``infrared`` of the 2 x 2 phases among the darkest pixels."""
    valid = valid & np.isfinite(infrared)
    brightness = rgb.sum(axis=0)
    if not valid.any():
        return float("nan")
    dark = valid & (brightness <= np.quantile(brightness[valid], DARK_SHARE))
    phases = [(slice(row, None, 2), slice(col, None, 2)) for row in (0, 1) for col in (0, 1)]
    means = [infrared[phase][dark[phase]].mean() for phase in phases if dark[phase].any()]
    return float((max(means) - min(means)) / np.mean(means))


def share_of_zeros(estimate: np.ndarray) -> float:
    """The share of the values that exist which are 0."""
    return float((estimate[np.isfinite(estimate)] <= 0).mean())


def level_difference(part: np.ndarray, whole: np.ndarray) -> float:
    """How far the mean of ``part`` is from that of the same pixels of ``whole``, as a share."""
    both = np.isfinite(part) & np.isfinite(whole)
    return float(abs(part[both].mean() / whole[both].mean() - 1))


def parts(rgb: np.ndarray, valid: np.ndarray) -> List[Window]:
    """The darkest and the brightest ninth of a picture; nearly empty ones only if all are."""
    rows, cols = (side // PARTS for side in valid.shape)
    windows = [Window(r * rows, c * cols, rows, cols) for r in range(PARTS) for c in range(PARTS)]
    shares = [_within(valid, window).mean() for window in windows]
    least = min(FEWEST_VALID, max(shares))
    full = [window for window, share in zip(windows, shares) if share >= least]
    full.sort(key=lambda w: _within(rgb.sum(axis=0), w)[_within(valid, w)].mean())
    return [full[0], full[-1]]


def _within(values: np.ndarray, window: Window) -> np.ndarray:
    rows = slice(window.row0, window.row0 + window.rows)
    return values[..., rows, window.col0 : window.col0 + window.cols]


def cut(picture: Path, window: Window, output: Path) -> None:
    """Write ``window`` of the picture as a file of its own, as gdal_translate cuts it."""
    place = [window.col0, window.row0, window.cols, window.rows]
    gdal.Translate(str(output), str(picture), srcWin=place)


def extent_of(picture: RasterReader, window: Window):
    """(xmin, ymin, xmax, ymax) of ``window`` on the ground, or in pixels without georeference."""
    x0, dx, _, y0, _, dy = picture.georeference.geotransform or (0, 1, 0, 0, 0, -1)
    x = sorted(x0 + dx * col for col in (window.col0, window.col0 + window.cols))
    y = sorted(y0 + dy * row for row in (window.row0, window.row0 + window.rows))
    return x[0], y[0], x[1], y[1]


def on_pictures(bench: Bench, pictures: Sequence[Path]) -> Table:
    """Figures of every method on every picture."""
    return {
        path.stem: {method.name: _on_picture(bench, method, path) for method in bench.methods}
        for path in pictures
    }


def _on_picture(bench: Bench, method, path: Path) -> Figures:
    picture = RasterReader(str(path), None)
    rgb, valid = picture.read(picture.whole)
    estimate = read_cube(str(bench.estimate(method, path, "auto").path))
    infrared = _infrared(estimate)
    figures = {
        "green_as_water": green_as_water(rgb, valid, estimate),
        "phases": phase_difference(rgb, valid, infrared),
        "clamped": share_of_zeros(estimate.values),
        "crop_file": 0.0,
        "crop_extent": 0.0,
    }
    for number, window in enumerate(parts(rgb, valid)):
        cropped = bench.folder / f"{path.stem}.part{number}.tif"
        cut(path, window, cropped)
        extent = extent_of(picture, window)
        for name, where in (
            ("crop_file", (cropped, "auto")),
            ("crop_extent", (path, "auto", extent)),
        ):
            part = _infrared(read_cube(str(bench.estimate(method, *where).path)))
            apart = level_difference(part, _within(infrared, window))
            figures[name] = max(figures[name], apart)
    return figures


def _infrared(estimate: Cube) -> np.ndarray:
    return estimate.values[band_at(estimate.wavelength_nm, INFRARED_NM)]
