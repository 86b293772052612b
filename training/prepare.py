"""Cut a large hyperspectral raster into training, validation and test scenes.

    python training/prepare.py CUBE FOLDER --bands 1-48 --block 512 --gap 16

FOLDER gets train/, val/ and test/ with GeoTIFFs (Float32, georeferenced, wavelengths in the
metadata) and blocks.json, the list of them.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

from model_runtime.errors import InputError
from model_runtime.raster.cube import Cube, cube_shape, read_cube, write_cube
from model_runtime.tiling import Window
from training import cli
from training.data.region_split import SPLITS, Region, plan
from training.package.new_folder import new_folder

LIST_NAME = "blocks.json"


@dataclass(frozen=True)
class Cut:
    """How to cut: 1-based ``bands``, a region's ``side`` and ``gap`` in pixels, shares, seed.

    ``grid_nm`` (first, last): the bands' centres, evenly spaced, where the raster does not say.
    """

    bands: Tuple[int, ...]
    side: int
    gap: int
    shares: Tuple[float, ...]
    seed: int
    grid_nm: Optional[Tuple[float, float]] = None


def prepare(source: Path, folder: Path, cut: Cut) -> Dict[str, int]:
    """Write the regions of ``source`` into the new ``folder``; returns the number of each split.

    Regions without a valid pixel are left out. Raises InputError or StorageError, and leaves
    nothing then.
    """
    _, rows, cols = cube_shape(str(source))
    regions = plan(rows, cols, cut.side, cut.gap, cut.shares, cut.seed)
    with new_folder(folder) as part:
        for split in SPLITS:
            (part / split).mkdir()
        written = [entry for region in regions for entry in _write(source, part, region, cut)]
        listed = {"source": Path(source).name, **asdict(cut), "blocks": written}
        (part / LIST_NAME).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    return {split: sum(entry["split"] == split for entry in written) for split in SPLITS}


def _write(source: Path, folder: Path, region: Region, cut: Cut) -> List[Dict]:
    """The list's entry of a region that was written; none where no pixel of it is valid."""
    window = region.window
    cube = read_cube(str(source), cut.bands, window, need_wavelengths=cut.grid_nm is None)
    if not np.isfinite(cube.values).any():
        return []
    name = f"{region.split}/{Path(source).stem}_{window.row0}_{window.col0}.tif"
    write_cube(str(folder / name), _describe(cube, cut.grid_nm), "float32", {})
    return [{"file": name, "split": region.split, **asdict(window)}]


def _describe(cube: Cube, grid_nm: Optional[Tuple[float, float]]) -> Cube:
    """The cube with wavelengths and widths; bands of unknown width touch their neighbours."""
    centres = cube.wavelength_nm if grid_nm is None else np.linspace(*grid_nm, len(cube.values))
    widths = cube.fwhm_nm
    if widths is None or grid_nm is not None:
        widths = np.abs(np.gradient(centres))
    return replace(cube, wavelength_nm=centres, fwhm_nm=widths)


def bands_by_number(text: str) -> Tuple[int, ...]:
    """``1-48,50`` as (1, ..., 48, 50); raises InputError for anything else."""
    numbers: List[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or not (last or first).isdigit() or int(last or first) < int(first):
            said = f"--bands {text}: '{part}' is not a band or range"
            raise InputError(said, "write 1-48 or 1,2,5")
        numbers += range(int(first), int(last or first) + 1)
    return tuple(numbers)


def bands_by_wavelength(source: Path, wanted_nm: Sequence[float]) -> Tuple[int, ...]:
    """The 1-based band nearest each wavelength; raises InputError where none is near."""
    one_pixel = Window(0, 0, 1, 1)
    centres = read_cube(str(source), None, one_pixel).wavelength_nm
    nearest = [int(np.argmin(np.abs(centres - nm))) for nm in wanted_nm]
    reach = np.abs(np.gradient(centres)).max()
    for nm, band in zip(wanted_nm, nearest):
        if abs(centres[band] - nm) > reach:
            raise InputError(
                f"the band nearest {nm:g} nm is at {centres[band]:g} nm",
                f"choose wavelengths from {centres.min():g} to {centres.max():g} nm",
            )
    return tuple(band + 1 for band in nearest)


def _numbers(text: str) -> Tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"'{text}' is not a list of numbers", "write 0.8,0.1,0.1") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("cube", type=Path, help="a raster that GDAL reads: ENVI, GeoTIFF, ...")
    parser.add_argument("folder", type=Path, help="the new folder of scenes")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--bands", help="bands by number from 1, such as 1-48 (default: all)")
    chosen.add_argument("--wavelengths", help="bands by wavelength in nm, such as 450,550,650")
    parser.add_argument(
        "--grid-nm", help="FIRST,LAST: the bands' centres, where the raster does not say them"
    )
    parser.add_argument("--block", type=int, default=512, help="least side of a region in pixels")
    parser.add_argument("--gap", type=int, default=16, help="pixels between the splits")
    parser.add_argument("--shares", default="0.8,0.1,0.1", help="of train, val and test")
    parser.add_argument("--seed", type=int, default=0, help="of the dealing of regions")
    return parser


def _cut(args: argparse.Namespace) -> Cut:
    if args.wavelengths:
        bands = bands_by_wavelength(args.cube, _numbers(args.wavelengths))
    elif args.bands:
        bands = bands_by_number(args.bands)
    else:
        bands = tuple(range(1, cube_shape(str(args.cube))[0] + 1))
    if len(bands) < 2:
        raise InputError(f"{len(bands)} band is chosen", "a spectrum needs two at least")
    grid = _numbers(args.grid_nm) if args.grid_nm else None
    if grid and (len(grid) != 2 or not 0 < grid[0] < grid[1]):
        raise InputError(f"--grid-nm {args.grid_nm}", "write FIRST,LAST in nm, such as 380,1050")
    return Cut(bands, args.block, args.gap, _numbers(args.shares), args.seed, grid)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, 2 raster or options, 5 writing)."""
    args = _parser().parse_args(argv)

    def work() -> None:
        counts = prepare(args.cube, args.folder, _cut(args))
        said = ", ".join(f"{count} {split}" for split, count in counts.items())
        print(f"{args.folder}: {said}")

    return cli.run(work)


if __name__ == "__main__":
    sys.exit(main())
