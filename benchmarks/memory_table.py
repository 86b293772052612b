"""Peak memory of ``upsample`` by the raster's size: rises with the tile, not with the raster.

    python benchmarks/memory_table.py [--sides 1024 4096 16384] [--valid 1024] [OPTION ...]

Each raster is a VRT of SIDE x SIDE pixels with values in VALID x VALID of them, spread over it as
the four corners and the middle, and nodata elsewhere; OPTIONs go to ``upsample`` (--quality fast).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Sequence, Tuple

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
ROOT = Path(__file__).resolve().parents[1]
MIB = 2**20


def sparse_raster(folder: Path, side: int, valid: int) -> Path:
    """A VRT of ``side`` with five squares that hold ``valid`` squared pixels together."""
    edge = int(valid / 5**0.5) if side > valid else 0
    places = [(0, 0, side)]
    if edge:
        far, middle = side - edge, (side - edge) // 2
        corners = [(0, 0), (0, far), (far, 0), (far, far), (middle, middle)]
        places = [(row, col, edge) for row, col in corners]
    files = [_patch(folder, i, place) for i, place in enumerate(places)]
    path = folder / f"{side}.vrt"
    bounds = (0, -side, side, 0)
    gdal.BuildVRT(str(path), files, outputBounds=bounds, srcNodata=0, VRTNodata=0)
    return path


def _patch(folder: Path, number: int, place: Tuple[int, int, int]) -> str:
    row, col, edge = place
    values = np.random.default_rng(number).integers(5, 250, (3, edge, edge)).astype(np.uint8)
    path = str(folder / f"patch{number}_{edge}.tif")
    made = gdal.GetDriverByName("GTiff").Create(path, edge, edge, 3, options=["TILED=YES"])
    made.SetGeoTransform((col, 1, 0, -row, 0, -1))
    made.WriteArray(values)
    return path


def peak(words: Sequence[str]) -> Tuple[int, float]:
    """(bytes, seconds) that ``python -m model_runtime`` took at most."""
    since = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "model_runtime", *words], cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"status {status}")
    return usage.ru_maxrss * 1024, time.monotonic() - since


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="+", default=[1024, 4096, 16384])
    parser.add_argument("--valid", type=int, default=1024)
    args, options = parser.parse_known_args()
    first = None
    print("| side | peak MiB | of the first | seconds |\n|---:|---:|---:|---:|")
    for side in args.sides:
        with tempfile.TemporaryDirectory() as folder:
            source = sparse_raster(Path(folder), side, args.valid)
            words = ["upsample", str(source), str(Path(folder) / "o.tif"), "--quality", "fast"]
            bytes_, seconds = peak([*words, *options])
        first = first or bytes_
        print(f"| {side} | {bytes_ / MIB:.0f} | {bytes_ / first:.3f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
