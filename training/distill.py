"""Distils a run to few steps: ``python training/distill.py RUN --out RUN2 --steps 1``.

RUN2 is a run like any other, for export.py and calibrate.py. Its networks are RUN's, taught to do
in --steps steps of ddim a stage what those do in --teacher-steps, guidance included.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

sys.path[0] = str(Path(__file__).resolve().parents[1])

import torch

from model_runtime.contract import QUALITIES
from model_runtime.errors import DeviceError, InputError
from training import cli
from training.config import Config, QualitySettings, StageSettings, overridden
from training.data import sources
from training.data.dataset import load_scenes
from training.data.patches import Patches
from training.loop import checkpoint, distill_report, run_folder
from training.loop.distill_trainer import DistillTrainer, Plan
from training.loop.stage_trainer import ALONE
from training.loop.train_stage import Run, keep, load_trained, train_stage

TEACHER_STEPS = 8  # at least; more of them hardly change what ddim makes
ITERATIONS_SHARE = 0.1  # of the stage's own, a round: the student starts from its teacher
LEARNING_RATE_SHARE = 0.25  # of the run's own, for the same reason
AVERAGED_SHARE = 0.1  # of a round
ESTIMATED_SHARE = 0.7  # of the conditions, at least: in use there are no others


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, else the error's)."""
    args = _parser().parse_args(argv)
    return cli.run(lambda: _distil(args), "stopped: --resume goes on from the last checkpoint")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("run", type=Path, metavar="RUN", help="folder of a whole run of train.py: the teacher")
    add("--out", type=Path, required=True, metavar="RUN2", help="the student's folder")
    add("--steps", type=int, required=True, help="the student's steps per stage")
    add(
        "--teacher-steps",
        type=int,
        help=f"the teacher's: --steps doubled some times (default: to {TEACHER_STEPS} or more)",
    )
    add(
        "--draws",
        type=int,
        default=0,
        metavar="K",
        help="with --steps 1: learn the mean of K samples by ddpm, instead of ddim's one",
    )
    add(
        "--guidance",
        type=float,
        nargs="+",
        metavar="S",
        help="the scales to fold in, one or one per stage (default: the run's)",
    )
    add("--iterations", type=int, help="optimiser steps a round (default: a tenth of the run's)")
    add("--data", nargs="+", help="training scenes, instead of the run's")
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override a setting of data or training, as data.patch=64",
    )
    add("--resume", action="store_true", help="go on from the last checkpoint")
    add("--device", default="cpu", choices=["cpu", "cuda"])
    return parser


def _distil(args: argparse.Namespace) -> None:
    teacher, plans = _check(args)
    config = student_config(teacher, plans, args)
    stages = range(len(config.stages))
    for warning in run_folder.hold(args.out, config, stages, args.resume):
        print(f"warning: {warning}", file=sys.stderr)
    # The teacher says what a pixel is, so pictures whose means alone are known teach nothing more.
    drawn_from = replace(sources.load(config), pairs=())
    held_out = load_scenes(config.data.validation, config) if config.data.validation else []
    keep(args.out, config, drawn_from.scenes)
    run = Run(args.out, config, stages, drawn_from, held_out, args.device, args.resume, ALONE)
    for stage in stages:
        train_stage(run, _trainer(run, stage, args.run, plans[stage]))
    if held_out:
        print(distill_report.table(args.run, teacher, args.out, config, plans, held_out))


def _check(args: argparse.Namespace) -> Tuple[Config, List[Plan]]:
    """The teacher's settings and each stage's plan; raises InputError for what cannot be."""
    if args.device == "cuda" and not torch.cuda.is_available():
        raise DeviceError("torch finds no CUDA device", "choose --device cpu")
    if args.out.resolve() == args.run.resolve():
        raise InputError(f"--out {args.out} is RUN itself", "choose another folder")
    teacher = run_folder.settings_of(args.run)
    for stage, settings in enumerate(teacher.stages):
        _require_whole(args.run, stage, settings)
    return teacher, plans_of(teacher, args)


def _require_whole(run: Path, stage: int, settings: StageSettings) -> None:
    step = checkpoint.require(run, stage)["step"]
    if step < settings.iterations:
        raise InputError(
            f"stage {stage + 1} of {run} is at step {step} of {settings.iterations}",
            "train it to its end: python training/train.py --resume",
        )


def plans_of(teacher: Config, args: argparse.Namespace) -> List[Plan]:
    """How each stage is distilled; raises InputError for steps that do not go together."""
    teacher_steps = args.teacher_steps
    if teacher_steps is None:
        teacher_steps = _default_teacher_steps(args.steps)
    scales = args.guidance or [stage.guidance_scale for stage in teacher.stages]
    folds = any(scales) or args.draws > 0
    _check_steps(teacher, args.steps, teacher_steps, args.draws, folds)
    scales = scales * len(teacher.stages) if len(scales) == 1 else scales
    if len(scales) != len(teacher.stages):
        raise InputError(
            f"--guidance has {len(scales)} scales for {len(teacher.stages)} stages",
            "give one, or one per stage",
        )
    if args.iterations is not None and args.iterations < 1:
        raise InputError(f"--iterations is {args.iterations}", "give at least 1")
    return [
        Plan(args.steps, teacher_steps, scale, args.iterations or _iterations(stage), args.draws)
        for stage, scale in zip(teacher.stages, scales)
    ]


def _iterations(stage: StageSettings) -> int:
    return max(1, round(ITERATIONS_SHARE * stage.iterations))


def _default_teacher_steps(steps: int) -> int:
    teacher_steps = 2 * max(steps, 1)
    while teacher_steps < TEACHER_STEPS:
        teacher_steps *= 2
    return teacher_steps


def _check_steps(teacher: Config, steps: int, teacher_steps: int, draws: int, folds: bool) -> None:
    """``folds``: there is guidance, or a mean of draws, to fold in."""
    most = min(stage.timesteps for stage in teacher.stages)
    doubled = [steps * 2**i for i in range(most.bit_length())]
    for kept, said, remedy in (
        (1 <= steps <= most, f"--steps is {steps}", f"give 1 to {most}"),
        (
            steps <= teacher_steps,
            f"--steps {steps} is more than the teacher's {teacher_steps}",
            "give fewer, or more --teacher-steps",
        ),
        (
            teacher_steps <= most,
            f"the teacher's steps are {teacher_steps}, the model has {most} timesteps",
            f"give --teacher-steps of at most {most}, or fewer --steps",
        ),
        (
            teacher_steps in doubled,
            f"--teacher-steps {teacher_steps} is not --steps {steps} doubled",
            f"give one of {', '.join(str(d) for d in doubled if d <= most)}",
        ),
        (
            draws >= 0 and (steps == 1 or not draws),
            f"--draws {draws} with --steps {steps}",
            "a mean of draws is learnt in one step: give --steps 1, or leave --draws out",
        ),
        (
            steps < teacher_steps or folds,
            f"--steps {steps} is what the teacher does already, unguided",
            "give fewer, more --teacher-steps, or --guidance to fold in",
        ),
    ):
        if not kept:
            raise InputError(said, remedy)


def student_config(teacher: Config, plans: Sequence[Plan], args: argparse.Namespace) -> Config:
    """The settings that the student's run keeps: unguided, ddim in its steps at every quality."""
    steps, training = args.steps, teacher.training
    shortest = min(plan.iterations for plan in plans)
    chosen = {name: quality.samples for name, quality in teacher.qualities.items()}
    _check_overrides(args.set)
    return overridden(
        replace(
            teacher,
            name=f"{teacher.name}-{steps}step",
            data=replace(teacher.data, train=tuple(args.data or teacher.data.train)),
            stages=tuple(map(_student_stage, teacher.stages, plans)),
            training=replace(
                training,
                learning_rate=LEARNING_RATE_SHARE * training.learning_rate,
                warmup=min(training.warmup, shortest // 10),
                decay="cosine",
                ema_decay=max(0.0, 1 - 1 / (AVERAGED_SHARE * shortest)),
                ema_start=0,
                ema_every=1,
            ),
            qualities={q: QualitySettings("ddim", steps, chosen.get(q, 1)) for q in QUALITIES},
        ),
        args.set,
    )


def _check_overrides(overrides: Sequence[str]) -> None:
    for override in overrides:
        if not override.strip().startswith(("data.", "training.")):
            raise InputError(
                f"--set {override}: the rest of a student is its teacher's",
                "set keys of data or training only",
            )


def _student_stage(stage: StageSettings, plan: Plan) -> StageSettings:
    return replace(
        stage,
        network={**stage.network, "dropout": 0.0},  # the teacher has none where it is used
        guidance_scale=0.0,
        iterations=plan.iterations * len(plan.rounds()),
        first_timestep_share=0.0,  # the rounds say where
        condition_dropout=0.0,  # nothing asks for the null condition any more
        condition_estimated_share=max(stage.condition_estimated_share, ESTIMATED_SHARE),
    )


def _trainer(run: Run, stage: int, teacher: Path, plan: Plan) -> DistillTrainer:
    before = [load_trained(run.folder, run.config, s).to(run.device) for s in range(stage)]
    patches = Patches(run.sources, run.config, run.config.training.seed + 1000 * stage)
    taught = load_trained(teacher, run.config, stage).to(run.device)
    trainer = DistillTrainer(run.config, stage, patches, before, taught, plan, run.device)
    trainer.restore(checkpoint.load(run.folder, stage) if run.resume else None)
    return trainer


if __name__ == "__main__":
    sys.exit(main())
