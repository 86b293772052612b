"""A student beside its teacher on validation scenes, sampled as the runtime does."""

from pathlib import Path
from typing import List, Sequence

import numpy as np

from model_runtime.diffusion.settings import Sampling

from ..config import Config
from ..data.dataset import Scene
from . import validation
from .distill_trainer import Plan
from .train_stage import load_trained

SEED = 0
HEAD = ("", "SAM°", "PSNR dB", "RMSE to the teacher")


def table(
    run: Path,
    teacher: Config,
    student_run: Path,
    student: Config,
    plans: Sequence[Plan],
    scenes: Sequence[Scene],
) -> str:
    """Teacher in all its steps and in the student's, and the student: means over the sensors.

    The last column is in the output's unit, over all values of all scenes.
    """
    plan, scales = plans[0], tuple(plan.guidance_scale for plan in plans)
    slow, fast = _slow(plan, scales), _ddim(plan.steps, scales)
    taught = _networks(run, teacher)
    target = validation.judge_sampling(teacher, taught, scenes, slow)
    rows = [
        (_name("teacher", slow), target),
        (_name("teacher", fast), validation.judge_sampling(teacher, taught, scenes, fast)),
    ]
    alone = _ddim(plan.steps, (0.0,) * len(plans))
    judged = validation.judge_sampling(student, _networks(student_run, student), scenes, alone)
    rows.append((_name("student", alone), judged))
    return _markdown([HEAD, ["---"] * len(HEAD), *(_row(n, j, target) for n, j in rows)])


def _slow(plan: Plan, scales) -> Sampling:
    if plan.draws:
        return Sampling("ddpm", plan.teacher_steps, plan.draws, scales, SEED)
    return _ddim(plan.teacher_steps, scales)


def _ddim(steps: int, scales) -> Sampling:
    return Sampling("ddim", steps, 1, scales, SEED)


def _networks(run: Path, config: Config):
    return [load_trained(run, config, stage) for stage in range(len(config.stages))]


def _name(who: str, how: Sampling) -> str:
    samples = f", mean of {how.samples}" if how.samples > 1 else ""
    guidance = f", guidance {'/'.join(f'{s:g}' for s in how.guidance)}" if any(how.guidance) else ""
    return f"{who}, {how.steps} x {how.sampler}{samples}{guidance}"


def _row(
    name: str, judged: Sequence[validation.Judged], target: Sequence[validation.Judged]
) -> List[str]:
    means = validation.means(judged)
    apart = [np.ravel(j.estimate - t.estimate) for j, t in zip(judged, target)]
    rmse = np.sqrt(np.mean(np.concatenate(apart) ** 2))
    return [name, f"{means['sam_degrees']:.2f}", f"{means['psnr']:.2f}", f"{rmse:.4f}"]


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
