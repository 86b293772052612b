"""The card's pictures of pictures without truth: what the model makes of each, to be judged by eye.

    python docs/make_model_pictures.py OUT.png PICTURE.tif ... [--model DIR] [--quality WAY]

A row for each picture: the input, the estimate in natural colour and in colour infrared, its NDVI
(840 and 670 nm), and the stated spread of 840 nm as a share of the estimate.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot

from model_runtime.package import embedded
from model_runtime.raster import cube
from model_runtime.raster.reader import RasterReader
from model_runtime.report import images

ROOT = Path(__file__).resolve().parents[1]
SIDE = 500  # pixels a picture is shown with at most
NEAR_INFRARED_NM, RED_NM = 840, 670
# Title and ends of the colour map of what is shown as a map.
MAPS = {"NDVI": ("RdYlGn", -0.2, 1.0), "Spread / estimate at 840 nm": ("viridis", 0.0, 1.0)}


def panels(picture: Path, model: Path, quality: str) -> Dict[str, np.ndarray]:
    """Titles, and what is shown below them: RGBA (4, rows, cols) or a map (rows, cols)."""
    with tempfile.TemporaryDirectory() as folder:
        made, spread = f"{folder}/made.tif", f"{folder}/spread.tif"
        words = ["upsample", str(picture), made, "--model", str(model), "--quality", quality]
        command = [sys.executable, "-m", "model_runtime", *words, "--spread", spread]
        subprocess.run(command, cwd=ROOT, check=True)
        source = RasterReader(str(picture), None)
        rgb, valid = source.preview(source.whole, SIDE)
        nm = cube.read_cube(made).wavelength_nm
        values, apart = cube.read_preview(made, SIDE), cube.read_preview(spread, SIDE)
    infrared, red = images.nearest_bands(nm, (NEAR_INFRARED_NM, RED_NM))
    with np.errstate(invalid="ignore", divide="ignore"):
        ndvi = (values[infrared] - values[red]) / (values[infrared] + values[red])
        relative = apart[infrared] / values[infrared]
    return {
        f"{picture.stem}": images.composite(np.where(valid, rgb, np.nan), together=True),
        "Natural colour": images.natural(values, nm),
        "Colour infrared": images.infrared(values, nm),
        **dict(zip(MAPS, (ndvi, relative))),
    }


def draw(rows: Sequence[Dict[str, np.ndarray]], out: Path) -> None:
    """All rows as one picture."""
    size = 3.1 * len(rows[0]), 3.0 * len(rows)
    figure, grid = pyplot.subplots(
        len(rows), len(rows[0]), figsize=size, squeeze=False, layout="constrained"
    )
    for axes_row, row in zip(grid, rows):
        for axes, (title, shown) in zip(axes_row, row.items()):
            if title in MAPS:
                colours, low, high = MAPS[title]
                drawn = axes.imshow(shown, cmap=colours, vmin=low, vmax=high)
                figure.colorbar(drawn, ax=axes, shrink=0.7)
            else:
                axes.imshow(shown.transpose(1, 2, 0), interpolation="nearest")
            axes.set_title(title, fontsize=9)
            axes.set_axis_off()
    figure.savefig(out, dpi=75, facecolor="white")


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Estimate, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--model", type=Path, default=embedded.EMBEDDED)
    parser.add_argument("--quality", default="balanced")
    args = parser.parse_args(argv)
    draw([panels(p.resolve(), args.model, args.quality) for p in args.pictures], args.out)


if __name__ == "__main__":
    main()
