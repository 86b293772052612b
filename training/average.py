"""Averages the weights of runs of one line of training: ``python training/average.py RUN ...``.

Of one run, those of its kept checkpoints (``[training] keep_every``); of several, those of their
last ones. The average is a run like any other, for ablate.py, export.py and calibrate.py.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

sys.path[0] = str(Path(__file__).resolve().parents[1])

import torch
from torch import Tensor

from model_runtime.errors import InputError
from training import cli
from training.config import Config
from training.loop import checkpoint, run_folder
from training.package import manifest_of_config

COLOURS = "condition_encoder.colours."  # begins the names of what is fitted by itself
Weights = Dict[str, Tensor]


@dataclass(frozen=True)
class Kept:
    """Which kept checkpoints of a stage: those of ``steps``, or the ``last``; else its last one."""

    steps: Tuple[int, ...] = ()
    last: int = 0


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, else the error's)."""
    args = _parser().parse_args(argv)
    kept = Kept(tuple(args.steps or ()), args.last or 0)
    return cli.run(lambda: _average(args.runs, kept, args.out))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("runs", nargs="+", type=Path, metavar="RUN", help="folders that train.py wrote")
    add("--out", type=Path, required=True, metavar="RUN2", help="the folder of the average")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--steps",
        nargs="+",
        type=int,
        metavar="N",
        help="of each stage, the kept checkpoints of these steps, and not the last one",
    )
    which.add_argument(
        "--last",
        type=_count,
        metavar="COUNT",
        help="of each stage, so many of the kept checkpoints, the last ones",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"{text} is not a number of checkpoints: give 2 or more")
    return int(text)


def _average(runs: Sequence[Path], kept: Kept, out: Path) -> None:
    configs = [run_folder.settings_of(run) for run in runs]
    for run, config in zip(runs[1:], configs[1:]):
        run_folder.require_alike(run, config, configs[0])
    stages = range(len(configs[0].stages))
    if any(checkpoint.path_of(out, stage).exists() for stage in stages):
        raise InputError(f"{out} holds a run", "choose another --out")
    averaged = [_stage(runs, stage, kept) for stage in stages]
    _write(out, runs[0], configs[0], averaged)


def _stage(runs: Sequence[Path], stage: int, kept: Kept) -> Tuple[int, Weights]:
    """The last step of what is averaged, and the mean of the weights."""
    states = [state for run in runs for state in _states(run, stage, kept)]
    if len(states) < 2:
        raise InputError(
            f"{runs[0]} has one checkpoint of stage {stage + 1} to average",
            "name several runs, or train with keep_every and give --last or --steps",
        )
    said = ", ".join(str(state["step"]) for state in states)
    print(f"stage {stage + 1}: mean of {len(states)} checkpoints, of steps {said}")
    with checkpoint.fitting("a run"):
        return max(s["step"] for s in states), mean([state["ema"] for state in states])


def _states(run: Path, stage: int, kept: Kept) -> List[Dict]:
    if not kept.steps and not kept.last:
        return [checkpoint.require(run, stage)]
    steps = kept.steps or checkpoint.kept_steps(run, stage)[-kept.last :]
    if len(steps) < kept.last:
        raise InputError(
            f"{run} has kept {len(steps)} checkpoints of stage {stage + 1}, not {kept.last}",
            "give a smaller --last, or train with a smaller training.keep_every",
        )
    return [checkpoint.require_kept(run, stage, step) for step in steps]


def mean(weights: Sequence[Weights]) -> Weights:
    """The mean of each tensor; those of whole numbers are the last one's.

    So is what colours tell: it is no step of a training, but fitted when that has ended.
    """
    return {
        name: torch.stack([each[name].double() for each in weights]).mean(0).to(last.dtype)
        if last.is_floating_point() and COLOURS not in name
        else last
        for name, last in weights[-1].items()
    }


def _write(out: Path, first: Path, config: Config, averaged: Sequence[Tuple[int, Weights]]) -> None:
    run_folder.keep(out, config)
    manifest_of_config.copy_domain(first, out)
    for stage, (step, weights) in enumerate(averaged):
        state = {"step": step, "network": weights, "ema": weights, "optimiser": {}}
        checkpoint.save(out, stage, state)


if __name__ == "__main__":
    sys.exit(main())
