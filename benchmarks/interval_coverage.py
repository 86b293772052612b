"""How often the stated 90 % interval holds the truth, of pixels and of areas, and how wide it is.

    python benchmarks/interval_coverage.py RUN PACKAGE [--quality WAY] [--samples N]
        [--seeds N] [--stretch FACTOR] [--markdown PATH]

RUN is a training run's folder, or its settings file (.toml) where the run is lost; the settings
name what is held out: scenes by sensor, materials by class, camera pictures by site.
Areas are squares of 5 x 5 and 10 x 10 pixels; their interval comes from the draws' means, a pixel's
from the spread. The width is that of the interval relative to the mean value: an interval that is
wide everywhere does not answer. The rule: every group from 80 to 97 %, their mean from 87 to 93.
--stretch multiplies all intervals: with 0.5 the rule must fail. Of few draws an area's interval is
wide or narrow by chance, and alike all over a picture: --seeds draws anew and counts all.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from quality_tables import lines

from model_runtime.contract import INTERVAL_SPREADS
from model_runtime.diffusion.cascade import Cascade
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import Sampling, TileEstimate, sampling_of_quality
from model_runtime.diffusion.spread_calibration import SPREAD_SAMPLES
from model_runtime.errors import ScdmError
from model_runtime.package import manifest
from model_runtime.spectra import index_interval
from training.data import held_out
from training.data.held_out import HeldOut
from training.loop import validation
from training.loop.run_folder import settings_of

SIDES = (1, 5, 10)  # of areas, in pixels of the truth
LEAST, MOST = 0.80, 0.97  # of every group
LEAST_MEAN, MOST_MEAN = 0.87, 0.93
SEED = 0


@dataclass(frozen=True)
class Held:
    """Of one picture and side: values held, values in all, and the intervals' summed width."""

    inside: float
    count: int
    width: float
    level: float


def count_inside(truth: np.ndarray, seen: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> Held:
    """How often the 90 % interval of mean and spread holds the truth; (bands, rows, cols) each."""
    half = INTERVAL_SPREADS * spread
    inside = (np.abs(truth - mean) <= half) & seen
    return Held(float(inside.sum()), int(seen.sum()), float(2 * half[seen].sum()), mean[seen].sum())


def of_squares(
    truth: np.ndarray, seen: np.ndarray, draws: np.ndarray, mean: np.ndarray, side: int
) -> Optional[Held]:
    """The same of squares of ``side`` pixels that are seen whole; ``draws`` (draws, bands, ...)."""
    rows, cols = (n // side * side for n in truth.shape[1:])
    if not rows or not cols:
        return None

    def pool(values: np.ndarray) -> np.ndarray:
        return held_out.pool(values[:, :rows, :cols], side)

    whole = pool(seen.astype(np.float32)) == 1
    deviation = np.std([pool(draw) for draw in draws], axis=0, ddof=1)
    stated = deviation * index_interval.deviations(len(draws)) / INTERVAL_SPREADS
    return count_inside(pool(truth), whole, pool(mean), stated)


def estimate(model: Cascade, how: Sampling, rgb: np.ndarray) -> TileEstimate:
    """Mean, spread and draws of a whole picture."""
    return validation.estimate(model, how, rgb, draws=True)


def of_picture(model: Cascade, how: Sampling, picture: HeldOut, stretch: float) -> Iterator:
    """(side, Held) of a picture, intervals times ``stretch``."""
    how = validation.sampling_for(model, how, picture)
    found, pool = estimate(model, how, picture.rgb), picture.pool
    mean = held_out.pool(found.mean, pool)
    draws = np.stack([held_out.pool(draw, pool) for draw in found.draws])
    draws = mean + stretch * (draws - draws.mean(0))
    for side in SIDES:
        if side == 1 and pool == 1:
            yield side, count_inside(picture.cube, picture.seen, mean, stretch * found.spread)
        else:
            one = of_squares(picture.cube, picture.seen, draws, mean, side)
            if one is not None and one.count:
                yield side, one


Table = Dict[str, Dict[int, Tuple[float, float]]]  # group: side: (coverage, relative width)


def table_of(
    model: Cascade,
    how: Sampling,
    pictures: Sequence[HeldOut],
    stretch: float = 1.0,
    seeds: int = 1,
) -> Table:
    """Coverage and width by group and side, over ``seeds`` seeds from that of ``how`` on."""
    parts: Dict[str, Dict[int, List[Held]]] = {}
    for picture, number in product(pictures, range(seeds)):
        drawn = replace(how, seed=how.seed + number)
        for side, one in of_picture(model, drawn, picture, stretch):
            parts.setdefault(picture.group, {}).setdefault(side, []).append(one)
    return {
        group: {side: _join(found) for side, found in sides.items()}
        for group, sides in parts.items()
    }


def _join(parts: Sequence[Held]) -> Tuple[float, float]:
    inside, count, width, level = (
        sum(getattr(part, name) for part in parts) for name in ("inside", "count", "width", "level")
    )
    return inside / count, width / level


def breaches(table: Table) -> List[str]:
    """What of ``table`` breaks the rule, a line each; none where all of it holds."""
    found = []
    for side in SIDES:
        column = {group: sides[side][0] for group, sides in table.items() if side in sides}
        for group, value in column.items():
            if not LEAST <= value <= MOST:
                found.append(f"{group}, {side} x {side}: {value:.1%}")
        mean = float(np.mean(list(column.values()))) if column else LEAST_MEAN
        if not LEAST_MEAN <= mean <= MOST_MEAN:
            found.append(f"mean, {side} x {side}: {mean:.1%}")
    return found


def markdown(table: Table) -> str:
    """The table, with its mean."""
    head = ["Group", *(f"{side} × {side}: held, width" for side in SIDES)]
    rows = [[group, *(_cell(sides.get(side)) for side in SIDES)] for group, sides in table.items()]
    means = [
        np.mean([sides[side] for sides in table.values() if side in sides], axis=0)
        for side in SIDES
    ]
    return lines([head, *rows, ["mean of the groups", *(_cell(mean) for mean in means)]])


def _cell(found) -> str:
    return "–" if found is None else f"{found[0]:.1%}, ± {found[1] / 2:.0%}"


def _sampling(model: manifest.Manifest, way: str, samples: Optional[int]) -> Sampling:
    quality = model.qualities[way]
    count = samples or (quality.samples if quality.samples > 1 else SPREAD_SAMPLES)
    scales = tuple(stage.guidance_scale for stage in model.stages)
    return sampling_of_quality(replace(quality, samples=count), scales, SEED)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code: 1 where the rule is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path, help="a run's folder or a settings file (.toml)")
    parser.add_argument("package", type=Path, help="folder of a calibrated package")
    parser.add_argument("--quality", default="balanced")
    parser.add_argument("--samples", type=int, help="draws (as the quality says)")
    parser.add_argument("--seeds", type=int, default=1, help="how often all is drawn (1)")
    parser.add_argument("--stretch", type=float, default=1.0, help="of all intervals (1)")
    parser.add_argument("--markdown", type=Path, help="also write the table here")
    args = parser.parse_args(argv)
    try:
        model = load_cascade(args.package, manifest.read(args.package), "cpu")
        how = _sampling(model.manifest, args.quality, args.samples)
        pictures = held_out.load(settings_of(args.run))
        table = table_of(model, how, pictures, args.stretch, args.seeds)
    except ScdmError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(markdown(table))
    if args.markdown:
        args.markdown.write_text(markdown(table) + "\n", encoding="utf-8")
    broken = breaches(table)
    print("\n".join(["", *broken]) if broken else "\nThe rule holds.")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
