"""Real cameras: the spectra estimated from 8-bit pictures beside a spectrometer's of that ground.

The picture is taken as users have it (UInt8, radiometry ``auto``) at its own resolution; the
estimate is averaged to the spectrometer's pixels. Beside the methods stands the mean spectrum of
the site's training plots, everywhere: what anyone knows who has been there.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from osgeo import gdal
from quality_bench import Bench, Table, over
from quality_measures import INFRARED_NM, Figures, band_at, mean_angle, ndvi, truth_of
from quality_scenes import scenes

from model_runtime.raster.cube import Cube, read_cube

gdal.UseExceptions()
FIGURES = ("sam_degrees", "ndvi_error", "infrared_error")
SITE_MEAN = "site's mean spectrum"


def camera_pairs(data: Path, split: str = "val") -> List[Tuple[Path, Path]]:
    """(camera picture, spectra) of the plots of ``split`` that a camera saw too."""
    plots = scenes(data, split)
    pairs = [(data / "pairs" / f"{plot.stem}_camera.tif", plot) for plot in plots]
    return [pair for pair in pairs if pair[0].is_file()]


def site_of(name: str) -> str:
    """The site of a plot: its name without the plot's number."""
    return name.rpartition("_")[0]


def write_bytes(camera: Path, output: Path) -> None:
    """Write the camera's picture as a GeoTIFF of 8 bits, red, green and blue."""
    gdal.Translate(str(output), str(camera), outputType=gdal.GDT_Byte, noData="none")
    picture = gdal.Open(str(output), gdal.GA_Update)
    for number, colour in enumerate((gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand), 1):
        picture.GetRasterBand(number).SetColorInterpretation(colour)


def on_grid_of(scene: Path, estimate: Path) -> Cube:
    """The estimate as means over the pixels of ``scene``."""
    cube, grid = read_cube(str(estimate)), gdal.Open(str(scene))
    x0, dx, _, y0, _, dy = grid.GetGeoTransform()
    averaged = gdal.Warp(
        "",
        str(estimate),
        format="MEM",
        outputBounds=(x0, y0 + dy * grid.RasterYSize, x0 + dx * grid.RasterXSize, y0),
        width=grid.RasterXSize,
        height=grid.RasterYSize,
        resampleAlg="average",
        dstNodata=np.nan,
        outputType=gdal.GDT_Float32,
    )
    return replace(cube, values=averaged.ReadAsArray())


def judge(estimate: np.ndarray, truth: np.ndarray, wavelength_nm: np.ndarray) -> Figures:
    """Angle, mean |NDVI error| and how far the infrared's level is off, as a share.

    Both (bands, rows, cols).
    """
    errors = np.abs(ndvi(estimate, wavelength_nm) - ndvi(truth, wavelength_nm))
    infrared = band_at(wavelength_nm, INFRARED_NM)
    both = np.isfinite(estimate[infrared]) & np.isfinite(truth[infrared])
    level = estimate[infrared][both].mean() / truth[infrared][both].mean()
    return {
        "sam_degrees": mean_angle(estimate, truth),
        "ndvi_error": float(np.nanmean(errors)),
        "infrared_level": float(level),
        "infrared_error": float(abs(level - 1)),
    }


def on_cameras(bench: Bench, data: Path) -> Table:
    """Figures of every method on every plot that a camera saw, and of the site's mean spectrum."""
    means: Dict[str, Figures] = {}
    return {
        plot.stem: _on_plot(bench, data, camera, plot, means) for camera, plot in camera_pairs(data)
    }


def _on_plot(bench: Bench, data: Path, camera: Path, plot: Path, means: Dict) -> Dict[str, Figures]:
    rgb = bench.folder / f"{camera.stem}.tif"
    write_bytes(camera, rgb)
    row, reference = {}, read_cube(str(plot))
    for method in bench.methods:
        found = on_grid_of(plot, bench.estimate(method, rgb, "auto").path)
        truth = truth_of(found, reference)
        row[method.name] = judge(found.values, truth, found.wavelength_nm)
    site = site_of(plot.stem)
    if site not in means:
        means[site] = mean_spectrum(site, scenes(data, "train"), found)
    everywhere = np.broadcast_to(means[site][:, None, None], truth.shape)
    return {**row, SITE_MEAN: judge(everywhere, truth, found.wavelength_nm)}


def mean_spectrum(site: str, paths: Sequence[Path], bands: Cube) -> np.ndarray:
    """Mean of all pixels of the site's plots among ``paths``, on the bands of ``bands``."""
    plots = [read_cube(str(path)) for path in paths if site_of(path.stem) == site]
    pixels = [truth_of(bands, plot).reshape(len(bands.values), -1) for plot in plots]
    if not pixels:
        return np.full(len(bands.values), np.nan, np.float32)
    return np.nanmean(np.concatenate(pixels, axis=1), axis=1)


def site_means(per_plot: Table) -> Table:
    """A row for each site, over its plots."""
    sites: Dict[str, List[Dict[str, Figures]]] = {}
    for plot, row in per_plot.items():
        sites.setdefault(site_of(plot), []).append(row)
    return {site: over(rows, names=FIGURES) for site, rows in sites.items()}
