"""Fits a package's truncation: ``python training/fit_truncation.py RUN MODEL_DIR``.

Runs chains of 50 unguided steps on what the run's settings hold out (scenes, libraries of
materials, camera pictures), takes the quantiles of |x_t| of each stage and timestep, and writes
them into ``model.json``: with them ``--truncation`` clamps every tile alike. Whether a package
truncates when nothing is said stays as it is, unless ``--bound`` says.
"""

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Iterator, Optional, Sequence

sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

from model_runtime.diffusion.load import load_cascade
from model_runtime.errors import InputError
from model_runtime.package import manifest
from model_runtime.tiling import round_up
from training import cli
from training.data import held_out
from training.loop.run_folder import settings_of
from training.package import truncation_fit

CROP = 64  # pixels per side, at most, of a picture


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, 2 settings, 3 a package that is none)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the run that the package was made of")
    parser.add_argument("model", type=Path, help="the package's folder")
    parser.add_argument(
        "--bound",
        type=float,
        help="pdt_lower_bound of all stages: truncate with it by default, 1: do not (as it is)",
    )
    args = parser.parse_args(argv)

    def work() -> None:
        for line in fit_truncation(args.run, args.model, args.bound):
            print(line)

    return cli.run(work)


def fit_truncation(run: Path, folder: Path, bound: Optional[float] = None) -> Iterator[str]:
    """Write the thresholds of the package in ``folder``; yields a line per stage.

    Raises InputError for a run without validation data, PackageError for a package that is none.
    """
    if bound is not None and not 0 <= bound <= 1:
        raise InputError(f"--bound is {bound:g}", "give a number from 0 to 1, such as 0.96")
    plain = manifest.read(folder)
    pictures = held_out.load(settings_of(run))
    model = load_cascade(folder, plain, "cpu", threads=1)
    alike = Counter(picture.group for picture in pictures)
    margin = round_up(plain.tile.influence or 0, plain.tile.multiple)
    conditions = [_condition(plain, picture.rgb, margin) for picture in pictures]
    weights = [1 / alike[picture.group] for picture in pictures]
    fitted = truncation_fit.fit(model.stages, conditions, weights, margin)
    stages = []
    for number, found in enumerate(fitted):
        stage = replace(plain.stages[number], truncation=found)
        stages.append(stage if bound is None else replace(stage, pdt_lower_bound=bound))
        yield f"stage {number + 1}: {_describe(found)}"
    replace(plain, stages=tuple(stages)).write(folder)


def _condition(model: manifest.Manifest, rgb: np.ndarray, margin: int) -> np.ndarray:
    """A picture's upper left corner and a margin, normalised, in sides that the network takes."""
    crop = rgb[:, :CROP, :CROP]
    padding = [(margin, margin + -n % model.tile.multiple) for n in crop.shape[1:]]
    around = np.pad(crop, [(0, 0), *padding], mode="reflect")
    offset, scale = model.normalisation.input_offset, model.normalisation.input_scale
    values = (around - np.reshape(offset, (-1, 1, 1))) / np.reshape(scale, (-1, 1, 1))
    return values[None].astype(np.float32)


def _describe(found: manifest.TruncationThresholds) -> str:
    level = found.levels.index(0.96)
    first, last = found.thresholds[-1][level], found.thresholds[0][level]
    return (
        f"96 % of |x_t| are within {first:g} at timestep {found.timesteps[-1]}, "
        f"{last:g} at {found.timesteps[0]}"
    )


if __name__ == "__main__":
    sys.exit(main())
