"""Train the stages of a cascade: ``python training/train.py --config FILE.toml``.

``torchrun --nproc-per-node N training/train.py ...`` trains the same in N processes.
"""

import argparse
import dataclasses
import os
import sys
from contextlib import nullcontext, redirect_stderr
from pathlib import Path
from typing import ContextManager, List, Optional, Sequence

sys.path[0] = str(Path(__file__).resolve().parents[1])

import torch

from model_runtime.errors import DeviceError, InputError, ScdmError
from training.config import Config, load
from training.data import sources
from training.data.dataset import in_both, load_scenes, warn
from training.graphs import initial_weights
from training.loop import optimisers, run_folder
from training.loop import ranks as distributed
from training.loop.ranks import LostRank, Ranks
from training.loop.train_stage import Run, keep, train_stage, trainer_of
from training.networks import registry
from training.package import manifest_of_config

NOTHING_HELD_OUT = (
    "no scene is held out, so nothing shows how the model does on ground that it has not seen: "
    "give --validation"
)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, else the error's)."""
    first = distributed.rank_of_launch() == 0
    with nullcontext() if first else _unheard():  # all ranks find the same mistake
        args = _parser().parse_args(argv)
    try:
        _run(args)
    except ScdmError as error:
        distributed.ignore_sigterm()
        if first or isinstance(error, LostRank):
            print(f"error: {error}", file=sys.stderr)
        return distributed.end(error.exit_code)
    except KeyboardInterrupt:
        distributed.ignore_sigterm()
        if first:
            print("stopped: --resume goes on from the last checkpoint", file=sys.stderr)
        return distributed.end(130)
    return 0


def _unheard() -> ContextManager:
    return redirect_stderr(Path(os.devnull).open("w"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--config", required=True, type=Path, help="settings, a TOML file")
    parser.add_argument("--stage", default="all", help="a stage's number from 1, or all")
    parser.add_argument("--data", nargs="+", help="training scenes, instead of data.train")
    parser.add_argument(
        "--validation", nargs="+", help="scenes that are held out, instead of data.validation"
    )
    parser.add_argument("--out", type=Path, help="folder of the run (default runs/NAME)")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument(
        "--init-from",
        type=Path,
        metavar="RUN|PACKAGE",
        help="start from the weights of another run, or of a model package (compact networks)",
    )
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting"
    )
    return parser


def _run(args: argparse.Namespace) -> None:
    ranks = distributed.join(args.device)
    run = ranks.agree(lambda: _prepare(args, ranks))
    for stage in run.stages:
        train_stage(run, run.ranks.agree(lambda stage=stage: trainer_of(run, stage)))
    distributed.leave(ranks)


def _prepare(args: argparse.Namespace, ranks: Ranks) -> Run:
    config = _settings(args)
    ranks.check_batch(config.training.batch)
    stages = _stages(args.stage, len(config.stages))
    initial = initial_weights.read(args.init_from, config, stages) if args.init_from else {}
    folder = args.out or Path("runs") / config.name
    if ranks.first:
        told = run_folder.hold(folder, config, stages, args.resume)
        told += run_folder.outdated(folder, config, stages) + run_folder.stale(folder, config)
        told += [] if config.data.validation else [NOTHING_HELD_OUT]
        told += in_both(sources.scenes_there(config.data), config.data.validation)
        for warning in [*told, *sources.warnings(config)]:
            warn(warning)
    drawn_from = sources.load(config, warn if ranks.first else lambda message: None)
    held_out = config.data.validation if ranks.first else ()
    validated = load_scenes(held_out, config) if held_out else []
    if ranks.first:
        keep(folder, config, drawn_from.scenes)
    return Run(
        folder,
        config,
        stages,
        drawn_from,
        validated,
        args.device,
        args.resume,
        ranks,
        initial,
    )


def _settings(args: argparse.Namespace) -> Config:
    """The settings, held against all that training and export will make of them."""
    config = load(args.config, args.set)
    given = {"train": args.data, "validation": args.validation}
    places = {name: tuple(scenes) for name, scenes in given.items() if scenes}
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, **places))
    registry.check(config)
    optimisers.check(config)
    manifest_of_config.check(config)
    if args.device == "cuda" and not torch.cuda.is_available():
        raise DeviceError("torch finds no CUDA device", "choose --device cpu")
    return config


def _stages(text: str, count: int) -> List[int]:
    if text == "all":
        return list(range(count))
    if not text.isdecimal() or not 1 <= int(text) <= count:
        raise InputError(f"--stage {text}: there are {count} stages", f"give 1 to {count}, or all")
    return [int(text) - 1]


if __name__ == "__main__":
    sys.exit(main())
