"""Whether the 90 % interval holds the infrared of lawns and of sea, which have one colour.

    python benchmarks/lawn_and_sea.py [PACKAGE] [--data ../shared] [--quality WAY] [--samples N]
        [--radiometry WORD] [--markdown PATH]

Lawns of one colour (0.3 ha in pixels of 0.5 m), even and uneven; the rice field of
pictures/rice_field_as_water.png, which an early model took for water; three waters of
data/rgb/landsat_rgb_nodata.tif, without clouds. Nobody measured them; but vegetation lies between
0.30 and 0.50 in the near infrared (780 to 900 nm) and water below 0.03. The green water of
data/train/samson_coast.tif, which no training has seen (its unit is not stated), was measured: 0.02
to 0.03. *Interval holds* is the share of pixels whose interval has a part in common with that;
below 90 % the exit code is 1.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from osgeo import gdal
from quality_scenes import simulate_rgb
from quality_tables import lines

from model_runtime import load
from model_runtime.contract import INTERVAL_SPREADS
from model_runtime.errors import ScdmError
from model_runtime.raster.cube import read_cube

gdal.UseExceptions()
ROOT = Path(__file__).resolve().parents[1]
NEAR_INFRARED = 780.0, 900.0  # nm
VEGETATION, WATER = (0.30, 0.50), (0.0, 0.03)
# 8 bits, as a camera stores them: a watered lawn, a dry one, a shaded one.
LAWNS = {"green": (80, 130, 50), "yellowish": (100, 140, 70), "dark": (45, 75, 35)}
SIDE = 110  # pixels of 0.5 m
GRAIN = 0.04  # of an uneven lawn, relative
# Rows and columns of the Landsat picture.
SEAS = {
    "deep sea": (slice(400, 460), slice(450, 520)),
    "sea over seagrass": (slice(280, 340), slice(600, 670)),
    "shallow blue sea": (slice(420, 480), slice(80, 150)),
}
AROUND = 36  # pixels: as far as the model sees, so a part is estimated as in the whole picture
CLOUD = 90  # in 8 bits of red; a cloud's shadow is as dark as the sea and may stay
RICE, ENLARGED = (slice(0, 600), slice(0, 660)), 6
FIELD = slice(25, 65), slice(28, 60)  # inside of it, in its own pixels
# The coast: what its numbers are times reflectance, and what of it is water.
COAST_SCALE, DARKEST_LAND, INFRARED_NM, RED_NM = 1e-4, 0.08, 850, 670
SEED = 0


@dataclass(frozen=True)
class Case:
    """``rgb`` (3, rows, cols) as stored, which pixels are looked at, and their true infrared.

    ``is_reflectance``: a calibrated picture, read as such whatever the others are read by.
    """

    name: str
    rgb: np.ndarray
    looked: np.ndarray
    truth: Tuple[float, float]
    is_reflectance: bool = False


def cases(shared: Path) -> Iterator[Case]:
    """All that is looked at; of ``shared`` only what is there."""
    for name, colour in LAWNS.items():
        for kind, grain in (("even", 0.0), ("uneven", GRAIN)):
            rgb = _lawn(colour, grain)
            yield Case(f"{name} lawn, {kind}", rgb, np.ones(rgb.shape[1:], bool), VEGETATION)
    rice, landsat = (
        shared / "pictures" / "rice_field_as_water.png",
        shared / "data" / "rgb" / "landsat_rgb_nodata.tif",
    )
    if rice.is_file():
        rgb = _read(rice)[:, RICE[0], RICE[1]][:, ::ENLARGED, ::ENLARGED]
        looked = np.zeros(rgb.shape[1:], bool)
        looked[FIELD] = True
        yield Case("rice field", rgb, looked, VEGETATION)
    if landsat.is_file():
        rgb = _read(landsat)
        for name, place in SEAS.items():
            rows, cols = (slice(part.start - AROUND, part.stop + AROUND) for part in place)
            part = rgb[:, rows, cols]
            looked = np.zeros(part.shape[1:], bool)
            looked[AROUND:-AROUND, AROUND:-AROUND] = True
            yield Case(name, part, looked & (part[0] < CLOUD) & part.any(axis=0), WATER)

    coast = shared / "data" / "train" / "samson_coast.tif"
    if coast.is_file():
        yield _coast(coast)


def _coast(path: Path) -> Case:
    """The green water of a measured coast, as a calibrated picture shows it."""
    cube = read_cube(str(path), need_wavelengths=True)
    values = cube.values.astype(np.float32) * COAST_SCALE
    red, infrared = (
        values[np.abs(cube.wavelength_nm - nm).argmin()] for nm in (RED_NM, INFRARED_NM)
    )
    water = (infrared < red) & (infrared < DARKEST_LAND)
    return Case("green coastal water", simulate_rgb(values, cube.wavelength_nm), water, WATER, True)


def _lawn(colour: Tuple[int, int, int], grain: float) -> np.ndarray:
    noise = 1 + grain * np.random.default_rng(SEED).standard_normal((1, SIDE, SIDE))
    return np.clip(np.array(colour)[:, None, None] * noise, 0, 255).round().astype(np.uint8)


def _read(path: Path) -> np.ndarray:
    return gdal.Open(str(path)).ReadAsArray()[:3]


def row_of(model, case: Case, how: dict) -> List[str]:
    """A line of the table: estimate, interval, and whether it meets the truth."""
    rgb = np.ma.masked_array(case.rgb, np.broadcast_to(~case.rgb.any(axis=0), case.rgb.shape))
    if case.is_reflectance:
        how = {**how, "radiometry": "reflectance"}
    found = model.estimate(rgb, seed=SEED, **how)
    nm = np.asarray(found.wavelength_nm)
    bands = (nm >= NEAR_INFRARED[0]) & (nm <= NEAR_INFRARED[1])
    mean, spread = (v[bands][:, case.looked].mean(0) for v in (found.mean, found.spread))
    half, (low, high) = INTERVAL_SPREADS * spread, case.truth
    held = ((mean - half <= high) & (mean + half >= low)).mean()
    right = ((mean >= low) & (mean <= high)).mean()
    values = [f"{np.median(mean):.2f}", f"± {np.median(half):.2f}", f"{right:.0%}", f"{held:.0%}"]
    return [case.name, f"{low:.2f}–{high:.2f}", *values]


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code: 1 where the interval misses a tenth of a surface."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("package", type=Path, nargs="?", help="folder (the embedded model)")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared", help="pictures, data")
    parser.add_argument("--quality", default="balanced")
    parser.add_argument("--samples", type=int, default=4, help="draws (4)")
    parser.add_argument("--radiometry", default="auto")
    parser.add_argument("--markdown", type=Path, help="also write the table here")
    args = parser.parse_args(argv)
    how = {name: getattr(args, name) for name in ("quality", "samples", "radiometry")}
    try:
        model = load(str(args.package)) if args.package else load()
        rows = [row_of(model, case, how) for case in cases(args.data)]
    except ScdmError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    head = ["Surface", "near infrared", "estimate", "interval", "estimate right", "interval holds"]
    table = lines([head, *rows])
    print(table)
    if args.markdown:
        args.markdown.write_text(table + "\n", encoding="utf-8")
    return int(any(float(row[-1].rstrip("%")) < 90 for row in rows))


if __name__ == "__main__":
    sys.exit(main())
