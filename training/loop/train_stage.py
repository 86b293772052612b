"""Trains one stage to its end: steps, curves, checkpoints, validation."""

import math
import sys
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import ContextManager, Dict, List, Mapping, Optional, Sequence

from torch import Tensor, nn
from tqdm import tqdm

from ..config import Config
from ..data.dataset import Scene, scene_shares
from ..data.domain import domain_of
from ..data.patches import Patches
from ..data.sources import Sources
from ..networks import registry
from ..package import manifest_of_config
from . import checkpoint, run_folder, validation
from .curves import Curves
from .figures import spectra_figure
from .ranks import Ranks
from .stage_trainer import StageTrainer

BEST_BY = "sam_degrees"  # the measure of held-out scenes by which a checkpoint is the best


@dataclass(frozen=True)
class Run:
    """One call of the command: where, what, on which scenes, and this process's part.

    ``initial``: the weights that stages begin with, instead of random ones.
    """

    folder: Path
    config: Config
    stages: Sequence[int]
    sources: Sources
    held_out: Sequence[Scene]
    device: str
    resume: bool
    ranks: Ranks
    initial: Mapping[int, Mapping[str, Tensor]] = field(default_factory=dict)


def keep(folder: Path, config: Config, scenes: Sequence[Scene]) -> None:
    """Make the run's folder, with its settings and the domain of its scenes."""
    run_folder.keep(folder, config)
    shares = scene_shares(scenes, config.data.sensor_power)
    manifest_of_config.write_domain(folder, domain_of(scenes, shares))


def train_stage(run: Run, trainer: StageTrainer) -> None:
    """All that is left of a stage's steps, with its curves, checkpoints and validation."""
    iterations = trainer.settings.iterations
    learnt_from = run_folder.steps_before(run.folder, run.config, trainer.stage)
    if run.ranks.first:
        _forget_later_best(run.folder, trainer)
    bar = tqdm(
        total=iterations,
        initial=trainer.step,
        desc=f"stage {trainer.stage + 1}",
        unit="step",
        disable=not run.ranks.first,
    )
    with _curves(run, trainer) as curves, bar:
        while trainer.step < iterations:
            loss = trainer.advance()
            bar.update()
            if curves:
                _after_step(run, trainer, curves, bar, loss, learnt_from)
    trainer.close()
    run.ranks.wait()  # for the checkpoint that the next stage starts from


def trainer_of(run: Run, stage: int) -> StageTrainer:
    before = _stages_before(run, stage)
    patches = Patches(run.sources, run.config, run.config.training.seed + 1000 * stage)
    trainer = StageTrainer(run.config, stage, patches, before, run.device, run.ranks)
    state = checkpoint.load(run.folder, stage) if run.resume else None
    trainer.restore(state)
    if stage in run.initial and state is None:
        trainer.start_from(run.initial[stage])
    return trainer


def _stages_before(run: Run, stage: int) -> List[nn.Module]:
    """The trained stages before ``stage``; none where it learns from true bands without them."""
    there = all(checkpoint.path_of(run.folder, s).exists() for s in range(stage))
    if not there and not run.config.stages[stage].condition_estimated_share:
        return []
    return [load_trained(run.folder, run.config, s).to(run.device) for s in range(stage)]


def _curves(run: Run, trainer: StageTrainer) -> ContextManager[Optional[Curves]]:
    """The first rank's curves; nothing on the others."""
    return Curves(run.folder, trainer.stage, trainer.step) if run.ranks.first else nullcontext()


def _after_step(
    run: Run,
    trainer: StageTrainer,
    curves: Curves,
    bar: tqdm,
    loss: Tensor,
    learnt_from: Sequence[int],
) -> None:
    training, step = trainer.config.training, trainer.step
    last = step == trainer.settings.iterations
    if last:
        trainer.fit_colours()
    if step % training.log_every == 0 or last:
        trainer.divergence.look()
        shown = float(loss)
        curves.add(step, {"loss": shown, **trainer.meter.read()})
        bar.set_postfix(loss=f"{shown:.4f}", refresh=False)
    if step % training.checkpoint_every == 0 or last:
        curves.flush()
        checkpoint.save(run.folder, trainer.stage, {**trainer.state(), "learnt_from": learnt_from})
    if training.keep_every and step % training.keep_every == 0:
        checkpoint.keep(run.folder, trainer.stage, trainer.state())
    if run.held_out and (step % training.validate_every == 0 or last):
        scores = _validate(trainer, curves, bar, run.held_out)
        _keep_best(run.folder, trainer, scores[BEST_BY])


def _keep_best(folder: Path, trainer: StageTrainer, score: float) -> None:
    best = checkpoint.load(folder, trainer.stage, best=True)
    if math.isfinite(score) and (best is None or score < best["score"]):
        averaged = trainer.state()["ema"]
        state = {"step": trainer.step, "ema": averaged, "score": score}
        checkpoint.save(folder, trainer.stage, state, best=True)


def _forget_later_best(folder: Path, trainer: StageTrainer) -> None:
    """A best checkpoint of steps that are done again, perhaps otherwise, is none any more."""
    best = checkpoint.load(folder, trainer.stage, best=True)
    if best is not None and best["step"] > trainer.step:
        checkpoint.path_of(folder, trainer.stage, best=True).unlink()


def _validate(
    trainer: StageTrainer, curves: Curves, bar: tqdm, held_out: Sequence[Scene]
) -> Dict[str, float]:
    judged = _judge(trainer, held_out)
    scores = validation.means(judged)
    curves.add(trainer.step, {**_named("validation", scores), **_by_sensor(judged)})
    figure = spectra_figure(trainer.config, trainer.stage, judged)
    curves.add_figure(trainer.step, "spectra", figure)
    shown = ", ".join(f"{name} {value:.3g}" for name, value in scores.items())
    bar.write(f"stage {trainer.stage + 1} step {trainer.step}: {shown}", file=sys.stderr)
    return scores


def _judge(trainer: StageTrainer, held_out: Sequence[Scene]) -> List[validation.Judged]:
    """The cascade up to this stage, or this stage alone where those before are not trained."""
    config, stage, network = trainer.config, trainer.stage, trainer.ema.network
    if len(trainer.previous) < stage:
        return validation.judge_alone(config, stage, network, held_out)
    return validation.judge(config, [*trainer.previous, network], held_out)


def _by_sensor(judged: Sequence[validation.Judged]) -> Dict[str, float]:
    """The measures of each sensor; one is called by the first of its scenes."""
    return {
        name: value
        for sensor, scores in validation.by_sensor(judged).items()
        for name, value in _named(f"validation of {sensor}", scores).items()
    }


def _named(group: str, scores: Mapping[str, float]) -> Dict[str, float]:
    return {f"{group}/{name}": value for name, value in scores.items()}


def load_trained(run: Path, config: Config, stage: int, best: bool = False) -> nn.Module:
    """The averaged network of a stage from its last or best checkpoint, in evaluation mode."""
    network = registry.build(config, stage)
    state = checkpoint.require(run, stage, best)
    with checkpoint.fitting(str(checkpoint.path_of(run, stage, best))):
        network.load_state_dict(state["ema"])
    return network.requires_grad_(False).eval()
