"""A baseline: a network as a regressor that sees RGB once, no diffusion.

    OMP_NUM_THREADS=1 python benchmarks/one_shot.py RUN [--network compact|mst++]
        [--config FILE.toml] [--steps N] [--data DIR ...] [--resume]

``compact`` is the embedded model's own network: stage 1's encoder and as many pixel blocks as both
stages; ``mst++`` is that of mst.py. Both make all bands at once; data, augmentation, loss,
optimiser and batch are those of the settings. Without --steps each gets as many as the cascade's
training has time for, measured first: stage 1's and the time of stage 2's, or the time of both.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import mst
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
from training.loop.stage_trainer import StageTrainer
from training.loop.train_stage import load_trained
from training.networks import registry

CONFIG = ROOT / "training" / "configs" / "vnir48.toml"
COMPACT, MST = "compact", "mst++"
NAMES = {COMPACT: "one-shot network", MST: "MST++"}
registry.KINDS[MST] = (mst.MstPlusPlus, mst.MstSettings)  # no cascade has it: it is not shipped
WARM, TIMED = 3, 15  # steps before and while the cost of a step is measured


class OneShotTrainer(StageTrainer):
    """A stage's trainer whose network sees nothing of the spectrum: x_t and t are zero."""

    def _predict(self, x: Tensor, condition: Tensor, t: Tensor) -> Tensor:
        return super()._predict(torch.zeros_like(x), condition, torch.zeros_like(t))


def spectrum(network: nn.Module, rgb: Tensor) -> Tensor:
    """All bands (N, bands, rows, cols) of RGB (N, 3, rows, cols), both normalised."""
    x = rgb.new_zeros(len(rgb), network.settings.output_bands, *rgb.shape[2:])
    return network(x, rgb, rgb.new_zeros(len(rgb)))


def one_shot_config(config: Config, steps: int, network: str = COMPACT) -> Config:
    """The settings of the one stage that the regressor is; raises InputError."""
    first, last = config.stages[0], config.stages[-1]
    table = {"kind": network} if network == MST else _compact(config)
    stage = replace(
        first,
        final_bands=last.final_bands,
        prediction="x0",
        condition_dropout=0.0,
        iterations=steps,
        network=table,
    )
    return replace(config, name=f"{config.name}-one-shot", stages=(stage,))


def _compact(config: Config) -> Dict[str, Any]:
    """The network of stage 1 with the blocks of all stages; what colours tell is left out."""
    if {stage.network["kind"] for stage in config.stages} != {COMPACT}:
        raise InputError("a stage's network is not compact", "name other settings: --config")
    blocks = sum(stage.network.get("blocks", 2) for stage in config.stages)
    return {**config.stages[0].network, "blocks": blocks, "colour_width": 0}


def affordable_steps(config: Config, drawn_from: Sources, network: str = COMPACT) -> int:
    """As many steps as the cascade's training takes the time of, by processor seconds.

    A step of the compact network counts as one of stage 1: it is nearly the same network.
    """
    own = _seconds_a_step(_trainer(one_shot_config(config, 1, network), drawn_from))
    alike = 1 if network == COMPACT else 0
    steps = float(sum(stage.iterations for stage in config.stages[:alike]))
    before = [registry.build(config, s).eval() for s in range(len(config.stages))]
    for stage, settings in list(enumerate(config.stages))[alike:]:
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


def train(
    run: Path, config: Config, steps: Optional[int], resume: bool, network: str = COMPACT
) -> None:
    """Train in the folder ``run``; raises InputError where one is there and ``resume`` is off."""
    drawn_from = sources.load(config)
    if resume and steps is None and checkpoint.path_of(run, 0).exists():
        steps = run_folder.settings_of(run).stages[0].iterations
    steps = steps or affordable_steps(config, drawn_from, network)
    whole = one_shot_config(config, steps, network)
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
    network = load_trained(run, config, 0)
    if threads:
        torch.set_num_threads(threads)
    bands = config.output.wavelength_nm, config.output.fwhm_nm, model
    name = NAMES[config.stages[0].network["kind"]]
    return Regression(name, estimator(config, network), *bands)


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
    parser.add_argument("--network", default=COMPACT, choices=list(NAMES))
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
        train(options.run, config, options.steps, options.resume, options.network)
    except ScdmError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
