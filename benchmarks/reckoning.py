"""The tables of docs/measurements/scaling.md, reckoned from what was measured.

    python benchmarks/reckoning.py --fast S --balanced S --client S --scheduler MS --worker MS

Processor seconds per megapixel: of a worker in each quality, and of the client that puts a GeoTIFF
together. Milliseconds per work unit: of the scheduler with its client, and of a worker. ``--file``:
MB of a file per megapixel. The tiles and the bands are the embedded model's.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model_runtime import tiling
from model_runtime.package import embedded, manifest

SHARE = 0.02  # what the overhead of a unit may be of its work
MODEL = manifest.read(embedded.package_folder(None))
MARGIN = tiling.round_up(MODEL.tile.influence, MODEL.tile.multiple)
KEPT = tiling.kept_side(MODEL.tile.size, MARGIN)
SHEET = 2048 // KEPT * KEPT  # of the default --sheet
UNIT = 2 * len(MODEL.wavelength_nm)  # bytes per pixel in a unit
# km², metres per pixel, scenes: a mosaic in sheets, and Germany in scenes of 1 km².
AREAS = {"mosaic": (10_000, 0.3, None), "archive": (357_600, 0.2, 357_600)}


def least_side(overhead_s: float, pixels_a_second: float) -> float:
    """The side of a square unit whose work is 1/SHARE times its overhead."""
    return (overhead_s / SHARE * pixels_a_second) ** 0.5


def worker(m, a_megapixel: float) -> dict:
    """What a worker does that takes ``a_megapixel`` seconds, and how many of them others bear."""
    overhead, speed = (m.scheduler + m.worker) / 1e3, 1e6 / a_megapixel
    unit_s, sheet_s = KEPT**2 / speed, SHEET**2 / speed
    return {
        "pixels per second": f"{speed:,.0f}",
        f"seconds for a unit of {KEPT} pixels": f"{unit_s:.2f}",
        "its overhead": f"{overhead / unit_s:.2%}",
        f"that of a sheet of {SHEET} pixels": f"{overhead / sheet_s:.3%}",
        "least side for 2 %": f"{least_side(overhead, speed):,.0f}",
        "workers that one client assembles for": f"{a_megapixel / m.client:,.1f}",
        "workers that one scheduler has units for": f"{unit_s / m.scheduler * 1e3:,.0f}",
        "GB that a thousand workers write per second": f"{UNIT / a_megapixel:.1f}",
    }


def area(m, km2: float, metres: float, scenes) -> dict:
    """What the estimate of an area takes."""
    pixels = km2 * 1e6 / metres**2
    hours = {name: getattr(m, name) * pixels / 3.6e9 for name in ("fast", "balanced", "client")}
    return {
        "pixels": f"{pixels:.2g}",
        f"units of {KEPT} pixels": f"{pixels / KEPT**2:,.0f}",
        "TB read": f"{3 * pixels * (1 + (1 + 2 * MARGIN / KEPT) ** 2) / 1e12:.2g}",
        "TB of journal": f"{UNIT * pixels / 1e12:,.0f}",
        "TB of output": f"{m.file * pixels / 1e12:,.0f}",
        **{f"processor hours, {name}": f"{value:,.0f}" for name, value in hours.items()},
        f"tasks: sheets of {SHEET} pixels, or scenes": f"{scenes or pixels / SHEET**2:,.0f}",
    }


def beside(columns: dict) -> None:
    """Print dictionaries of the same keys as the columns of a Markdown table."""
    print(f"| | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}")
    for key in next(iter(columns.values())):
        print(f"| {key} | {' | '.join(column[key] for column in columns.values())} |")
    print()


def main(words=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("fast", "balanced", "client", "scheduler", "worker"):
        parser.add_argument(f"--{name}", type=float, required=True)
    parser.add_argument("--file", type=float, default=90.0)
    m = parser.parse_args(words)
    speeds = {"balanced": m.balanced, "fast": m.fast, "a million": 1.0, "ten million": 0.1}
    beside({name: worker(m, seconds) for name, seconds in speeds.items()})
    beside({name: area(m, *what) for name, what in AREAS.items()})


if __name__ == "__main__":
    main()
