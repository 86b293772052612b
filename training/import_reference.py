"""Checkpoints of the authors' released code as a model package of this project.

    python training/import_reference.py --stage1 A.pth --stage2 B.pth --config FILE.toml MODEL_DIR

The settings say what the checkpoints do not: bands, normalisation, guidance, and the network and
schedule that each checkpoint is held against (training/configs/dfc2018.toml).
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model_runtime import manifest
from model_runtime.errors import InputError, ScdmError
from training import config as settings_file
from training import networks, package, released_checkpoint
from training.config import Config
from training.networks_released import ReleasedUNet
from training.onnx_export import export_denoiser
from training.package_folder import model_file, new_package

CARD_NAME = "MODEL_CARD.md"


@dataclass(frozen=True)
class Imported:
    """A stage on disk: its manifest entry, and ONNX Runtime's relative difference from torch."""

    stage: manifest.Stage
    difference: float


def import_package(
    checkpoints: Sequence[Path], config: Config, weights: str, folder: Path
) -> List[Imported]:
    """Write the package of ``checkpoints``, one a stage, into the new ``folder``.

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
        manifest.Manifest(**package.identity(config), card=CARD_NAME, stages=entries).write(part)
    return imported


def import_stage(path: Path, config: Config, stage: int, weights: str, onnx: Path) -> Imported:
    """Write the denoiser of ``stage`` (from 0) at ``onnx``; raises InputError or PackageError."""
    network = _network_of_settings(config, stage)
    settings = config.stages[stage]
    state = released_checkpoint.read(path)
    kind = settings.schedule, settings.timesteps, settings.schedule_low, settings.schedule_high
    released_checkpoint.hold_schedule(state, *kind, path)
    released_checkpoint.load_weights(network, state, weights, path)
    condition, output = network.settings.condition_bands, network.settings.output_bands
    difference = export_denoiser(network, onnx, condition, output, network.multiple)
    return Imported(package.stage_entry(config, stage, model_file(onnx)), difference)


def _network_of_settings(config: Config, stage: int) -> ReleasedUNet:
    """The stage's network with fresh weights, once the settings are of the released kind."""
    network, settings, name = networks.build(config, stage), config.stages[stage], stage + 1
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for number in range(1, manifest.MAX_STAGES + 1):
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
    given = [getattr(arguments, f"stage{n}") for n in range(1, manifest.MAX_STAGES + 1)]
    count = sum(path is not None for path in given)
    if None in given[:count]:
        missing = given.index(None) + 1
        raise InputError(f"--stage{missing} is missing", "name the stages without a gap")
    return given[:count]


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit code."""
    arguments = _arguments(argv)
    try:
        config = settings_file.load(arguments.config, arguments.set)
        checkpoints = _checkpoints(arguments)
        imported = import_package(checkpoints, config, arguments.weights, arguments.folder)
    except ScdmError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for number, item in enumerate(imported, start=1):
        print(f"stage {number}: ONNX Runtime differs from torch by {item.difference:.1e}")
    print(f"{arguments.folder} written with the {arguments.weights} weights")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
