"""Checkpoints of the authors' released code as a model package of this project.

    python training/import_reference.py --stage1 A.pth --stage2 B.pth --config FILE.toml MODEL_DIR

The settings say what the checkpoints do not: bands, normalisation, guidance, and the network and
schedule that each checkpoint is held against. training/configs/import_example.toml is the shortest
such file, with the released names of what it sets; one to train with (dfc2018.toml) does as well.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

sys.path[0] = str(Path(__file__).resolve().parents[1])

from model_runtime.errors import InputError
from model_runtime.package import manifest
from model_runtime.package.read_entries import MAX_STAGES
from training import cli
from training import config as settings_file
from training.config import Config
from training.graphs.onnx_export import export_denoiser
from training.networks import registry
from training.networks.released import ReleasedUNet
from training.package import manifest_of_config, released_checkpoint
from training.package.package_folder import model_file, new_package

CARD_NAME = "MODEL_CARD.md"


# What only training asks for: the settings of an import may leave it out.
_TRAINING = {
    "seed": 0,
    "batch": 4,
    "learning_rate": 1e-4,
    "loss": "l1",
    "sam_weight": 1.0,
    "sam_of": "normalised",
    "ema_decay": 0.9999,
    "ema_start": 2000,
}


@dataclass(frozen=True)
class Imported:
    """A stage on disk: its manifest entry, and ONNX Runtime's relative difference from torch."""

    stage: manifest.Stage
    difference: float


def settings(path: Path, overrides: Sequence[str] = ()) -> Config:
    """The settings in ``path``, held against what a package needs; raises InputError."""
    config = settings_file.load(path, overrides, _complete)
    manifest_of_config.check(config)
    return config


def _complete(tables: Dict[str, Any]) -> None:
    tile, stages = tables.get("tile"), tables.get("stages")
    multiple = tile.get("multiple", 1) if isinstance(tile, dict) else 1
    data = {"train": [], "validation": [], "units": [], "patch": multiple}
    tables.setdefault("data", data)
    tables.setdefault("training", _TRAINING)
    for stage in stages if isinstance(stages, list) else ():
        if isinstance(stage, dict):
            stage.setdefault("iterations", 1)


def import_package(
    checkpoints: Sequence[Path], config: Config, weights: str, folder: Path
) -> List[Imported]:
    """Write the package of ``checkpoints``, one per stage, into the new ``folder``.

    ``weights`` is ema or live. Raises InputError or PackageError, and leaves nothing, where a
    checkpoint does not fit the settings.
    """
    if len(checkpoints) != len(config.stages):
        raise InputError(
            f"{len(checkpoints)} checkpoints for the {len(config.stages)} stages of the settings",
            "name one checkpoint a stage",
        )
    with new_package(folder) as part:
        imported = [
            import_stage(path, config, stage, weights, part / f"stage{stage + 1}.onnx")
            for stage, path in enumerate(checkpoints)
        ]
        card = _card(config, checkpoints, weights, imported)
        (part / CARD_NAME).write_text(card, encoding="utf-8")
        entries = tuple(item.stage for item in imported)
        identity = manifest_of_config.identity(
            config, default=manifest_of_config.released_qualities(config)
        )
        manifest.Manifest(**identity, card=CARD_NAME, stages=entries).write(part)
    return imported


def import_stage(path: Path, config: Config, stage: int, weights: str, onnx: Path) -> Imported:
    """Write the denoiser of ``stage`` (from 0) at ``onnx``; raises InputError or PackageError."""
    network = _network_of_settings(config, stage)
    state = released_checkpoint.read(path)
    config = _with_its_schedule(config, stage, state, path)
    released_checkpoint.load_weights(network, state, weights, path)
    condition, output = network.settings.condition_bands, network.settings.output_bands
    difference = export_denoiser(network, onnx, condition, output, network.multiple)
    return Imported(manifest_of_config.stage_entry(config, stage, model_file(onnx)), difference)


def _with_its_schedule(
    config: Config, stage: int, state: released_checkpoint.State, path: Path
) -> Config:
    """``config`` with the schedule of ``stage`` as the checkpoint has it."""
    own = config.stages[stage]
    kind = own.schedule, own.timesteps, own.schedule_low, own.schedule_high
    low, high = released_checkpoint.schedule_ends(state, *kind, path)
    stages = list(config.stages)
    stages[stage] = replace(own, schedule_low=low, schedule_high=high)
    return replace(config, stages=tuple(stages))


def _network_of_settings(config: Config, stage: int) -> ReleasedUNet:
    """The stage's network with fresh weights, once the settings are of the released kind."""
    network, settings, name = registry.build(config, stage), config.stages[stage], stage + 1
    for kept, rule in (
        (isinstance(network, ReleasedUNet), "network kind must be 'released'"),
        (settings.prediction == "epsilon", "prediction must be 'epsilon'"),
        (
            config.tile.multiple % network.multiple == 0,
            f"tile.multiple must be a multiple of the network's {network.multiple}",
        ),
    ):
        if not kept:
            raise InputError(f"stage {name} of the settings: {rule}", "see configs/dfc2018.toml")
    return network


def _card(
    config: Config, checkpoints: Sequence[Path], weights: str, imported: List[Imported]
) -> str:
    rows = [
        f"| {number} | {Path(path).name} | {model_file(path).sha256} | {item.difference:.1e} |"
        for number, (path, item) in enumerate(zip(checkpoints, imported), start=1)
    ]
    return "\n".join(
        [
            f"# {config.name} {config.version}",
            "",
            f"Imported from checkpoints of the released SCDM code, {weights} weights. Licence: "
            f"{config.licence}.",
            "",
            "| stage | checkpoint | SHA-256 | ONNX Runtime against torch |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _arguments(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for number in range(1, MAX_STAGES + 1):
        parser.add_argument(
            f"--stage{number}",
            metavar="FILE",
            type=Path,
            required=number == 1,
            help=f"checkpoint of stage {number}" if number <= 2 else argparse.SUPPRESS,
        )
    parser.add_argument("--config", metavar="FILE", type=Path, required=True, help="settings")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting"
    )
    parser.add_argument("--weights", choices=("ema", "live"), default="ema")
    parser.add_argument("folder", metavar="MODEL_DIR", type=Path, help="new folder to write")
    return parser.parse_args(argv)


def _checkpoints(arguments: argparse.Namespace) -> List[Path]:
    given = [getattr(arguments, f"stage{n}") for n in range(1, MAX_STAGES + 1)]
    count = sum(path is not None for path in given)
    if None in given[:count]:
        missing = given.index(None) + 1
        raise InputError(f"--stage{missing} is missing", "name the stages without a gap")
    return given[:count]


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit code."""
    arguments = _arguments(argv)
    return cli.run(lambda: _import(arguments))


def _import(arguments: argparse.Namespace) -> None:
    config = settings(arguments.config, arguments.set)
    checkpoints = _checkpoints(arguments)
    imported = import_package(checkpoints, config, arguments.weights, arguments.folder)
    for number, item in enumerate(imported, start=1):
        print(f"stage {number}: ONNX Runtime differs from torch by {item.difference:.1e}")
    print(f"{arguments.folder} written with the {arguments.weights} weights")


if __name__ == "__main__":
    raise SystemExit(main())
