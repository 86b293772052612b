"""A baseline: the embedded model's own network as a regressor that sees RGB once, no diffusion.

    OMP_NUM_THREADS=1 python benchmarks/one_shot.py RUN [--config FILE.toml] [--steps N]
        [--data DIR ...] [--resume]

It has stage 1's encoder and as many pixel blocks as both stages, and makes all bands at once; data,
augmentation, loss, optimiser and batch are those of the settings. Without --steps it gets as many
as the cascade's training has time for: stage 1's, and the time of stage 2's, measured first.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Callable, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from quality_methods import ROOT, Regression
from torch import Tensor, nn
from tqdm import tqdm

from model_runtime.errors import InputError, ScdmError
from model_runtime.package import manifest
from model_runtime.tiling import round_up
from training.config import Config, load
from training.data import sources
from training.data.patches import Patches
from training.data.sources import Sources
from training.loop import checkpoint, run_folder
from training.loop.diffusion import stage_loss
from training.loop.stage_trainer import Batch, StageTrainer, loss_terms
from training.networks import registry
from training.train import trained

CONFIG = ROOT / "training" / "configs" / "vnir48.toml"
WARM, TIMED = 3, 15  # steps before and while the cost of a step is measured


class OneShotTrainer(StageTrainer):
    """A stage's trainer whose network sees nothing of the spectrum: x_t and t are zero."""

    def _loss(self, batch: Batch) -> Tensor:
        network = self.network.train()
        t = torch.zeros(len(batch.x0), dtype=torch.int64)
        return stage_loss(
            lambda x, condition, t: spectrum(network, condition),
            self.diffusion,
            loss_terms(self.config, self.settings),
            batch.x0,
            batch.condition,
            torch.zeros_like(batch.x0),
            t,
            batch.seen,
        )


def spectrum(network: nn.Module, rgb: Tensor) -> Tensor:
    """All bands (N, bands, rows, cols) of RGB (N, 3, rows, cols), both normalised."""
    x = rgb.new_zeros(len(rgb), network.settings.output_bands, *rgb.shape[2:])
    return network(x, rgb, rgb.new_zeros(len(rgb)))


def one_shot_config(config: Config, steps: int) -> Config:
    """The settings of the one stage that the regressor is; raises InputError."""
    first, last = config.stages[0], config.stages[-1]
    if {first.network["kind"], last.network["kind"]} != {"compact"}:
        raise InputError("a stage's network is not compact", "name other settings: --config")
    blocks = sum(stage.network.get("blocks", 2) for stage in config.stages)
    stage = replace(
        first,
        final_bands=last.final_bands,
        prediction="x0",
        condition_dropout=0.0,
        iterations=steps,
        network={**first.network, "blocks": blocks},
    )
    return replace(config, name=f"{config.name}-one-shot", stages=(stage,))


def affordable_steps(config: Config, drawn_from: Sources) -> int:
    """Stage 1's steps and as many as the other stages' take the time of, by processor seconds."""
    own = _seconds_a_step(_trainer(one_shot_config(config, 1), drawn_from))
    steps = float(config.stages[0].iterations)
    before = [registry.build(config, s).eval() for s in range(len(config.stages))]
    for stage, settings in list(enumerate(config.stages))[1:]:
        patches = Patches(drawn_from, config, config.training.seed + 1000 * stage)
        later = StageTrainer(config, stage, patches, before[:stage])
        steps += settings.iterations * _seconds_a_step(later) / own
    return round(steps)


def _seconds_a_step(trainer: StageTrainer) -> float:
    for _ in range(WARM):
        trainer.advance()
    since = time.process_time()  # other programs' time does not count
    for _ in range(TIMED):
        trainer.advance()
    return (time.process_time() - since) / TIMED


def _trainer(config: Config, drawn_from: Sources) -> OneShotTrainer:
    return OneShotTrainer(config, 0, Patches(drawn_from, config, config.training.seed), [])


def train(run: Path, config: Config, steps: Optional[int], resume: bool) -> None:
    """Train in the folder ``run``; raises InputError where one is there and ``resume`` is off."""
    drawn_from = sources.load(config)
    if resume and steps is None and checkpoint.path_of(run, 0).exists():
        steps = run_folder.settings_of(run).stages[0].iterations
    whole = one_shot_config(config, steps or affordable_steps(config, drawn_from))
    run_folder.hold(run, whole, [0], resume)
    run_folder.keep(run, whole)
    trainer = _trainer(whole, drawn_from)
    trainer.restore(checkpoint.load(run, 0) if resume else None)
    _advance(run, trainer)


def _advance(run: Path, trainer: OneShotTrainer) -> None:
    steps, since = trainer.settings.iterations, time.process_time()
    with tqdm(total=steps, initial=trainer.step, unit="step") as bar:
        while trainer.step < steps:
            bar.set_postfix(loss=f"{trainer.advance():.4f}", refresh=False)
            bar.update()
            if (
                trainer.step % trainer.config.training.checkpoint_every == 0
                or trainer.step == steps
            ):
                checkpoint.save(run, 0, trainer.state())
    weights = sum(p.numel() for p in trainer.network.parameters())
    print(f"{steps} steps, {weights} weights, {time.process_time() - since:.0f} processor seconds")


def regression(run: Path, model: manifest.Manifest, threads: int) -> Regression:
    """The trained regressor as the benchmark takes it; raises InputError, PackageError."""
    config = run_folder.settings_of(run)
    if config.input.wavelength_nm != tuple(band.wavelength_nm for band in model.input_bands):
        raise InputError(
            f"{run} was trained for other input bands than '{model.name}' has",
            "name a package of the same input bands first: --model",
        )
    network = trained(run, config, 0)
    if threads:
        torch.set_num_threads(threads)
    bands = config.output.wavelength_nm, config.output.fwhm_nm, model
    return Regression("one-shot network", estimator(config, network), *bands)


def estimator(config: Config, network: nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    """RGB (3, rows, cols) in reflectance to (bands, rows, cols); what is NaN stays NaN."""
    n = config.normalisation
    margin = round_up(registry.influence([network]) or 0, network.multiple)

    def estimate(rgb: np.ndarray) -> np.ndarray:
        rows, cols = rgb.shape[1:]
        values = (np.nan_to_num(rgb, nan=n.offset) - n.offset) / n.scale
        around = [(margin, margin + -side % network.multiple) for side in (rows, cols)]
        padded = np.pad(values, [(0, 0), *around], mode="symmetric").astype(np.float32)
        with torch.no_grad():
            found = spectrum(network, torch.from_numpy(padded)[None])[0].numpy()
        bands = found[:, margin : margin + rows, margin : margin + cols] * n.scale + n.offset
        return np.where(np.isfinite(rgb).all(0), bands, np.nan).astype(np.float32)

    return estimate


def parse(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of the run")
    parser.add_argument(
        "--config", type=Path, default=CONFIG, help="settings (the embedded model's)"
    )
    parser.add_argument("--data", nargs="+", help="training scenes, instead of data.train")
    parser.add_argument("--steps", type=int, help="(what the cascade's training has time for)")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code."""
    options = parse(argv)
    try:
        config = load(options.config, options.set)
        if options.data:
            config = replace(config, data=replace(config.data, train=tuple(options.data)))
        train(options.run, config, options.steps, options.resume)
    except ScdmError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
