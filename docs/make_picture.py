"""Makes README's picture: an input, its estimate in two colourings, and spectra of a few pixels.

    python docs/make_picture.py RGB ESTIMATE PICTURE.png [--spread SPREAD]

ESTIMATE is what ``upsample`` made of RGB. Each spectrum is of one pixel: the one nearest to the
mean of its k-means class.
"""

import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot

from model_runtime.raster.cube import Cube, read_cube, read_preview
from model_runtime.raster.reader import RasterReader
from model_runtime.report import images, kmeans

SIDE = 512  # pixels a preview has at most
SPECTRA = 4


def class_pixels(cube: np.ndarray) -> List[Tuple[int, int]]:
    """(row, col) of the pixel nearest to the mean of each class of ``cube``."""
    found, labels = kmeans.cluster_spectra(cube, SPECTRA)
    places = []
    for k, one in enumerate(found):
        apart = ((cube - one.mean[:, None, None]) ** 2).sum(axis=0)
        apart[labels != k] = np.inf
        places.append(np.unravel_index(int(apart.argmin()), apart.shape))
    return places


def draw(rgb: np.ndarray, cube, spread: Optional[np.ndarray], picture: Path) -> None:
    """Three pictures in a row with the pixels marked, and below them their spectra."""
    nm = cube.wavelength_nm
    panels = {
        "Input": images.composite(rgb, together=True),
        "Estimate, natural colour": images.natural(cube.values, nm),
        "Estimate, colour infrared": images.infrared(cube.values, nm),
    }
    places = class_pixels(cube.values)
    figure = pyplot.figure(figsize=(11, 7.2), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.05, 1])
    for axes, (title, rgba) in zip(top.subplots(1, 3), panels.items()):
        axes.imshow(rgba.transpose(1, 2, 0), interpolation="nearest")
        axes.set_title(title, fontsize=11)
        axes.set_axis_off()
        _mark(axes, places)
    _spectra(bottom.subplots(), cube, spread, places)
    figure.savefig(picture, dpi=110, facecolor="white")


def _mark(axes, places: Sequence[Tuple[int, int]]) -> None:
    for colour, (row, col) in zip(images.CLASS_COLOURS, places):
        axes.plot(col, row, "o", ms=9, mfc=colour, mec="white", mew=1.8)


def _spectra(axes, cube, spread: Optional[np.ndarray], places) -> None:
    for colour, (row, col) in zip(images.CLASS_COLOURS, places):
        values = cube.values[:, row, col]
        axes.plot(cube.wavelength_nm, values, color=colour, lw=2)
        if spread is not None:
            half = spread[:, row, col]
            # As in the panel: no surface reflects less than 0.
            low = np.maximum(values - half, np.minimum(values, 0))
            axes.fill_between(cube.wavelength_nm, low, values + half, color=colour, alpha=0.2, lw=0)
    axes.set(xlabel="Wavelength (nm)", ylabel=(cube.units or "value").capitalize())
    axes.margins(x=0)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("rgb", "estimate", "picture"):
        parser.add_argument(name, metavar=name.upper())
    parser.add_argument("--spread", metavar="SPREAD", help="raster made by upsample --spread")
    args = parser.parse_args(argv)
    source = RasterReader(args.rgb, None)
    rgb, valid = source.preview(source.whole, SIDE)
    cube = read_cube(args.estimate)
    small = Cube(read_preview(args.estimate, SIDE), cube.wavelength_nm, cube.fwhm_nm, cube.units)
    spread = read_preview(args.spread, SIDE) if args.spread else None
    draw(np.where(valid, rgb, np.nan), small, spread, Path(args.picture))


if __name__ == "__main__":
    main()
