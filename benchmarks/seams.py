"""Does the tiling show? One real picture at several tile sizes and shifted origins.

    python benchmarks/seams.py RGB [--tiles 512 256 128 64] [--side 512] [OPTION ...]

prints the mean spectral angle between each result and the first one's, the largest difference of a
value, and the mean absolute step across that tiling's borders over the mean step elsewhere, with
that of the first result at the same places: where both agree, the picture has the step, not the
border. OPTIONs go to ``upsample``.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List, Tuple

import numpy as np
from osgeo import gdal

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from model_runtime import tiling  # noqa: E402
from model_runtime.package import embedded, manifest  # noqa: E402
from model_runtime.pipeline import options  # noqa: E402
from model_runtime.spectra import metrics  # noqa: E402

gdal.UseExceptions()


def cut(source: str, folder: Path, offset: int, side: int) -> Path:
    """The picture's square of ``side`` from (offset, offset), a raster of its own."""
    path = folder / f"{offset}_{side}.tif"
    gdal.Translate(str(path), source, srcWin=[offset, offset, side, side])
    return path


def estimate(source: Path, folder: Path, tile: int, options: List[str]) -> np.ndarray:
    """Float32 (bands, rows, cols) that ``upsample`` makes in tiles of ``tile``."""
    output = folder / f"{source.stem}_{tile}.o.tif"
    words = ["upsample", str(source), str(output), "--tile", str(tile), "--dtype", "float32"]
    command = [sys.executable, "-m", "model_runtime", *words, "--no-overviews", *options]
    subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    return gdal.Open(str(output)).ReadAsArray()


def borders(side: int, tile: int, model: manifest.Manifest) -> Tuple[np.ndarray, np.ndarray]:
    """Whether a tile ends between row (column) i and i + 1, for all i."""
    window = tiling.Window(0, 0, side, side)
    layout = options.layout_of(tile, None, model.tile, window, window)
    marks = []
    for spans in layout.spans():
        mark = np.zeros(side - 1, bool)
        mark[[span.keep1 - 1 for span in spans[:-1]]] = True
        marks.append(mark)
    return marks[0], marks[1]


def border_ratio(cube: np.ndarray, down: np.ndarray, across: np.ndarray) -> float:
    """Mean absolute step across the borders over the mean step everywhere else."""
    steps_down, steps_across = np.abs(np.diff(cube, axis=1)), np.abs(np.diff(cube, axis=2))
    at = [steps_down[:, down].ravel(), steps_across[:, :, across].ravel()]
    off = [steps_down[:, ~down].ravel(), steps_across[:, :, ~across].ravel()]
    return float(np.concatenate(at).mean() / np.concatenate(off).mean())


def shift(source: Path, offset: int) -> List[str]:
    """The option for the part of the raster from (offset, offset) on: other tile origins."""
    dataset = gdal.Open(str(source))
    x0, dx, _, y0, _, dy = dataset.GetGeoTransform()
    x1, y1 = x0 + dataset.RasterXSize * dx, y0 + dataset.RasterYSize * dy
    return [f"--extent={x0 + offset * dx},{y1},{x1},{y0 + offset * dy}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rgb")
    parser.add_argument("--tiles", type=int, nargs="+", default=[512, 256, 128, 64])
    parser.add_argument("--shifts", type=int, nargs="+", default=[37, 100])
    parser.add_argument("--side", type=int, default=512)
    args, options = parser.parse_known_args()
    model = manifest.read(embedded.package_folder(None))
    print("| tiling | SAM, degrees | largest difference | step at borders / elsewhere | first's |")
    print("|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        source = cut(args.rgb, Path(name), 0, args.side)
        first = estimate(source, Path(name), args.tiles[0], options)
        for tile in args.tiles:
            cube = estimate(source, Path(name), tile, [*options, "--overwrite"])
            marks = borders(args.side, tile, model)
            print(_row(f"{tile}", cube, first, marks), flush=True)
        tile = args.tiles[min(1, len(args.tiles) - 1)]
        for offset in args.shifts:
            more = [*options, *shift(source, offset), "--overwrite"]
            cube = estimate(source, Path(name), tile, more)
            part = first[:, offset:, offset:]
            marks = borders(args.side - offset, tile, model)
            print(_row(f"{tile} from {offset}", cube, part, marks), flush=True)


def _row(what: str, cube: np.ndarray, first: np.ndarray, marks) -> str:
    """``first's``: the step in the first result at the same places, where it has no border."""
    angle = metrics.sam_degrees(cube, first)
    ratios = [border_ratio(values, *marks) for values in (cube, first)]
    largest = np.nanmax(np.abs(cube - first))
    return f"| {what} | {angle:.1e} | {largest:.1e} | {ratios[0]:.3f} | {ratios[1]:.3f} |"


if __name__ == "__main__":
    main()
