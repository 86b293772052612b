"""Train the stages of a cascade: ``python training/train.py --config FILE.toml``.

``torchrun --nproc-per-node N training/train.py ...`` trains the same in N processes.
"""

import argparse
import dataclasses
import os
import sys
from contextlib import nullcontext, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import ContextManager, List, Optional, Sequence

sys.path[0] = str(Path(__file__).resolve().parents[1])

import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from model_runtime.errors import DeviceError, InputError, ScdmError
from training.config import Config, load
from training.data import sources
from training.data.dataset import Scene, load_scenes, scene_shares
from training.data.domain import domain_of
from training.data.patches import Patches
from training.data.sources import Sources
from training.loop import checkpoint, run_folder, validation
from training.loop import ranks as distributed
from training.loop.figures import spectra_figure
from training.loop.ranks import LostRank, Ranks
from training.loop.stage_trainer import StageTrainer
from training.networks import registry
from training.package import manifest_of_config


@dataclass(frozen=True)
class Run:
    """One call of the command: where, what, on which scenes, and this process's part."""

    folder: Path
    config: Config
    stages: Sequence[int]
    sources: Sources
    held_out: Sequence[Scene]
    device: str
    resume: bool
    ranks: Ranks
    init_from: Optional[Path] = None


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, else the error's)."""
    first = distributed.rank_of_launch() == 0
    with nullcontext() if first else _unheard():  # all ranks find the same mistake
        args = _parser().parse_args(argv)
    try:
        _run(args)
    except ScdmError as error:
        if first or isinstance(error, LostRank):
            print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        if first:
            print("stopped: --resume goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0


def _unheard() -> ContextManager:
    return redirect_stderr(Path(os.devnull).open("w"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=Path, help="settings, a TOML file")
    parser.add_argument("--stage", default="all", help="a stage's number from 1, or all")
    parser.add_argument("--data", nargs="+", help="training scenes, instead of data.train")
    parser.add_argument("--out", type=Path, help="folder of the run (default runs/NAME)")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument(
        "--init-from", type=Path, metavar="RUN", help="start from the weights of another run"
    )
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting"
    )
    return parser


def _run(args: argparse.Namespace) -> None:
    ranks = distributed.join(args.device)
    run = ranks.agreed(lambda: _prepared(args, ranks))
    for stage in run.stages:
        train_stage(run, run.ranks.agreed(lambda stage=stage: _trainer(run, stage)))
    distributed.leave(ranks)


def _prepared(args: argparse.Namespace, ranks: Ranks) -> Run:
    config = _settings(args)
    ranks.check_batch(config.training.batch)
    stages = _stages(args.stage, len(config.stages))
    folder = args.out or Path("runs") / config.name
    if ranks.first:
        told = run_folder.hold(folder, config, stages, args.resume)
        told += run_folder.outdated(folder, config, stages)
        for warning in [*told, *sources.warnings(config)]:
            print(f"warning: {warning}", file=sys.stderr)
    drawn_from = sources.load(config)
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
        args.init_from,
    )


def keep(folder: Path, config: Config, scenes: Sequence[Scene]) -> None:
    """Make the run's folder, with its settings and the domain of its scenes."""
    run_folder.keep(folder, config)
    shares = scene_shares(scenes, config.data.sensor_power)
    manifest_of_config.write_domain(folder, domain_of(scenes, shares))


def _settings(args: argparse.Namespace) -> Config:
    """The settings, held against all that training and export will make of them."""
    config = load(args.config, args.set)
    if args.data:
        data = dataclasses.replace(config.data, train=tuple(args.data))
        config = dataclasses.replace(config, data=data)
    registry.check(config)
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


def train_stage(run: Run, trainer: StageTrainer) -> None:
    """All that is left of a stage's steps, with its curves, checkpoints and validation."""
    iterations = trainer.settings.iterations
    bar = tqdm(
        total=iterations,
        initial=trainer.step,
        desc=f"stage {trainer.stage + 1}",
        unit="step",
        disable=not run.ranks.first,
    )
    with _board(run, trainer) as board, bar:
        while trainer.step < iterations:
            loss = trainer.advance()
            bar.update()
            if board:
                _after_step(run, trainer, board, bar, loss)
    run.ranks.wait()  # for the checkpoint that the next stage starts from


def _trainer(run: Run, stage: int) -> StageTrainer:
    before = [trained(run.folder, run.config, s).to(run.device) for s in range(stage)]
    patches = Patches(run.sources, run.config, run.config.training.seed + 1000 * stage)
    trainer = StageTrainer(run.config, stage, patches, before, run.device, run.ranks)
    state = checkpoint.load(run.folder, stage) if run.resume else None
    trainer.restore(state)
    if run.init_from and state is None:
        trainer.start_from(checkpoint.require(run.init_from, stage))
    return trainer


def _board(run: Run, trainer: StageTrainer) -> ContextManager[Optional[SummaryWriter]]:
    """The first rank's curves; nothing on the others."""
    if not run.ranks.first:
        return nullcontext()
    # What an interrupted run logged after its last checkpoint is drawn once more: purge it.
    log, purged = run.folder / "tensorboard" / f"stage{trainer.stage + 1}", trainer.step + 1
    return SummaryWriter(str(log), purge_step=purged if trainer.step else None)


def _after_step(
    run: Run, trainer: StageTrainer, board: SummaryWriter, bar: tqdm, loss: float
) -> None:
    training, step = trainer.config.training, trainer.step
    last = step == trainer.settings.iterations
    if step % training.log_every == 0 or last:
        board.add_scalar("loss", loss, step)
        bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
    if step % training.checkpoint_every == 0 or last:
        board.flush()  # a killed run must not lose the curve up to its checkpoint
        checkpoint.save(run.folder, trainer.stage, trainer.state())
    if run.held_out and (step % training.validate_every == 0 or last):
        _validate(trainer, board, bar, run.held_out)


def _validate(
    trainer: StageTrainer, board: SummaryWriter, bar: tqdm, held_out: Sequence[Scene]
) -> None:
    cascade = [*trainer.previous, trainer.ema.network]
    judged = validation.judge(trainer.config, cascade, held_out)
    scores = validation.means(judged)
    for name, value in scores.items():
        board.add_scalar(f"validation/{name}", value, trainer.step)
    board.add_figure("spectra", spectra_figure(trainer.config, trainer.stage, judged), trainer.step)
    shown = ", ".join(f"{name} {value:.3g}" for name, value in scores.items())
    bar.write(f"stage {trainer.stage + 1} step {trainer.step}: {shown}", file=sys.stderr)


def trained(run: Path, config: Config, stage: int) -> nn.Module:
    """The averaged network of a stage from its checkpoint, in evaluation mode."""
    network = registry.build(config, stage)
    state = checkpoint.require(run, stage)
    with checkpoint.fitting(str(checkpoint.path_of(run, stage))):
        network.load_state_dict(state["ema"])
    return network.requires_grad_(False).eval()


if __name__ == "__main__":
    sys.exit(main())
