"""Train the stages of a cascade: ``python training/train.py --config FILE.toml``."""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from model_runtime.errors import DeviceError, InputError, ScdmError
from training import checkpoint, networks, package, run_folder, validation
from training.config import Config, load
from training.dataset import Patches, Scene, load_scenes, scene_shares
from training.figures import spectra_figure
from training.stage_trainer import StageTrainer


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, else the error's)."""
    args = _parser().parse_args(argv)
    try:
        _run(args)
    except ScdmError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped: --resume goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, type=Path, help="settings, a TOML file")
    parser.add_argument("--stage", default="all", help="a stage's number from 1, or all")
    parser.add_argument("--data", nargs="+", help="training scenes, instead of data.train")
    parser.add_argument("--out", type=Path, help="folder of the run (default runs/NAME)")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting"
    )
    return parser


def _run(args: argparse.Namespace) -> None:
    config = _settings(args)
    stages = _stages(args.stage, len(config.stages))
    run = args.out or Path("runs") / config.name
    for warning in run_folder.hold(run, config, stages, args.resume):
        print(f"warning: {warning}", file=sys.stderr)
    scenes = load_scenes(config.data.train, config)
    held_out = load_scenes(config.data.validation, config) if config.data.validation else []
    run_folder.keep(run, config)
    shares = scene_shares(scenes, config.data.sensor_power)
    package.write_domain(run, package.domain_of(scenes, shares))
    for stage in stages:
        _train_stage(run, config, stage, scenes, held_out, args)


def _settings(args: argparse.Namespace) -> Config:
    """The settings, held against all that training and export will make of them."""
    config = load(args.config, args.set)
    if args.data:
        data = dataclasses.replace(config.data, train=tuple(args.data))
        config = dataclasses.replace(config, data=data)
    networks.check(config)
    package.check(config)
    if args.device == "cuda" and not torch.cuda.is_available():
        raise DeviceError("torch finds no CUDA device", "choose --device cpu")
    return config


def _stages(text: str, count: int) -> List[int]:
    if text == "all":
        return list(range(count))
    if not text.isdecimal() or not 1 <= int(text) <= count:
        raise InputError(f"--stage {text}: there are {count} stages", f"give 1 to {count}, or all")
    return [int(text) - 1]


def _train_stage(
    run: Path,
    config: Config,
    stage: int,
    scenes: Sequence[Scene],
    held_out: Sequence[Scene],
    args: argparse.Namespace,
) -> None:
    before = [trained(run, config, s).to(args.device) for s in range(stage)]
    patches = Patches(scenes, config, config.training.seed + 1000 * stage)
    trainer = StageTrainer(config, stage, patches, before, args.device)
    trainer.restore(checkpoint.load(run, stage) if args.resume else None)
    iterations = config.stages[stage].iterations
    bar = tqdm(total=iterations, initial=trainer.step, desc=f"stage {stage + 1}", unit="step")
    # What an interrupted run logged after its last checkpoint is drawn once more: purge it.
    log, purged = run / "tensorboard" / f"stage{stage + 1}", trainer.step + 1
    with SummaryWriter(str(log), purge_step=purged if trainer.step else None) as board, bar:
        while trainer.step < iterations:
            loss = trainer.advance()
            bar.update()
            _after_step(run, trainer, board, bar, loss, held_out)


def _after_step(
    run: Path,
    trainer: StageTrainer,
    board: SummaryWriter,
    bar: tqdm,
    loss: float,
    held_out: Sequence[Scene],
) -> None:
    training, step = trainer.config.training, trainer.step
    last = step == trainer.settings.iterations
    if step % training.log_every == 0 or last:
        board.add_scalar("loss", loss, step)
        bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
    if step % training.checkpoint_every == 0 or last:
        board.flush()  # a killed run must not lose the curve up to its checkpoint
        checkpoint.save(run, trainer.stage, trainer.state())
    if held_out and (step % training.validate_every == 0 or last):
        _validate(trainer, board, bar, held_out)


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
    network = networks.build(config, stage)
    state = checkpoint.require(run, stage)
    with checkpoint.fitting(str(checkpoint.path_of(run, stage))):
        network.load_state_dict(state["ema"])
    return network.requires_grad_(False).eval()


if __name__ == "__main__":
    sys.exit(main())
