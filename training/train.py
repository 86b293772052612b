"""Train the stages of a cascade: ``python training/train.py --config FILE.toml``."""

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from torch import nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from model_runtime.errors import InputError, ScdmError
from training import checkpoint, networks, package, validation
from training.config import Config, load
from training.dataset import Patches, Scene, load_scenes, scene_shares
from training.figures import spectra_figure
from training.stage_trainer import StageTrainer


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, 2 settings or data, 3 checkpoints)."""
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
    config = load(args.config, args.set)
    if args.data:
        data = dataclasses.replace(config.data, train=tuple(args.data))
        config = dataclasses.replace(config, data=data)
    stages = _stages(args.stage, len(config.stages))
    run = args.out or Path("runs") / config.name
    _prepare(run, config, args.resume, stages)
    scenes = load_scenes(config.data.train, config)
    held_out = load_scenes(config.data.validation, config) if config.data.validation else []
    shares = scene_shares(scenes, config.data.sensor_power)
    package.write_domain(run, package.domain_of(scenes, shares))
    for stage in stages:
        _train_stage(run, config, stage, scenes, held_out, args)


def _stages(text: str, count: int) -> List[int]:
    if text == "all":
        return list(range(count))
    if not text.isdigit() or not 1 <= int(text) <= count:
        raise InputError(f"--stage {text}: there are {count} stages", f"give 1 to {count}, or all")
    return [int(text) - 1]


def _prepare(run: Path, config: Config, resume: bool, stages: Sequence[int]) -> None:
    run.mkdir(parents=True, exist_ok=True)
    if not resume and (old := [s for s in stages if checkpoint.path_of(run, s).exists()]):
        raise InputError(
            f"{run} holds a checkpoint of stage {old[0] + 1}",
            "add --resume to go on from it, or choose another --out",
        )
    settings = json.dumps(dataclasses.asdict(config), indent=1)
    (run / "config.json").write_text(settings, encoding="utf-8")


def _train_stage(
    run: Path,
    config: Config,
    stage: int,
    scenes: Sequence[Scene],
    held_out: Sequence[Scene],
    args: argparse.Namespace,
) -> None:
    before = [trained(run, config, s).to(args.device) for s in range(stage)]
    n, training = config.normalisation, config.training
    patches = Patches(scenes, config.data, n.offset, training.seed + 1000 * stage)
    trainer = StageTrainer(config, stage, patches, before, args.device)
    trainer.restore(checkpoint.load(run, stage) if args.resume else None)
    iterations = config.stages[stage].iterations
    bar = tqdm(total=iterations, initial=trainer.step, desc=f"stage {stage + 1}", unit="step")
    with SummaryWriter(str(run / "tensorboard" / f"stage{stage + 1}")) as board, bar:
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
    network.load_state_dict(checkpoint.require(run, stage)["ema"])
    return network.requires_grad_(False).eval()


if __name__ == "__main__":
    sys.exit(main())
