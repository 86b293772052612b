"""A trained run as a model package: ``python training/export.py RUN MODEL_DIR``.

Every ONNX file is run and held against torch; a package that differs is not written.
"""

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Optional, Sequence

sys.path[0] = str(Path(__file__).resolve().parents[1])

from torch import nn

from model_runtime.errors import InputError
from model_runtime.package import embedded, manifest
from training import cli
from training.config import Config
from training.graphs.compact import DenoiserGraph, EncoderGraph, PixelEncoderGraph
from training.graphs.onnx_export import Port, export_denoiser, export_graph
from training.graphs.write_sample_graphs import with_sample_graphs
from training.loop import checkpoint, run_folder
from training.loop.train_stage import load_trained
from training.networks import registry
from training.networks.compact import influence
from training.package import manifest_of_config
from training.package.package_folder import model_file, new_package

CARD = "MODEL_CARD.md"
IDENTITY = ("name", "version", "licence")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, 2 settings, 3 a graph that differs)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a run of training/train.py")
    parser.add_argument("model", type=Path, help="the new package's folder")
    parser.add_argument("--card", type=Path, help="the model card, a Markdown file")
    parser.add_argument(
        "--checkpoint",
        default="last",
        choices=["last", "best"],
        help="which of each stage's checkpoints: the last (default), or the best by the mean "
        "spectral angle on the held-out scenes",
    )
    for name in IDENTITY:
        parser.add_argument(f"--{name}", help=f"the model's {name} (that of the run's settings)")
    args = parser.parse_args(argv)
    given = {name: getattr(args, name) for name in IDENTITY if getattr(args, name) is not None}

    def work() -> None:
        lines = export(args.run, args.model, args.card, given, args.checkpoint == "best")
        for warning in run_folder.stale(args.run, run_folder.settings_of(args.run)):
            print(f"warning: {warning}", file=sys.stderr)
        for line in lines:
            print(line)

    return cli.run(work)


def export(
    run: Path,
    folder: Path,
    card: Optional[Path] = None,
    identity: Optional[Dict[str, str]] = None,
    best: bool = False,
) -> List[str]:
    """Write the package of ``run`` into the new ``folder``; returns a line per stage and graph.

    ``identity``: name, version and licence that differ from the settings'. ``best``: of each stage
    the checkpoint that did best on the held-out scenes, instead of the last. Raises InputError for
    a run that is not whole or calls itself by the embedded model's name, PackageError where ONNX
    Runtime and torch differ; nothing is left then.
    """
    config, lines = replace(run_folder.settings_of(run), **(identity or {})), []
    if "name" not in (identity or {}):
        _refuse_embedded_name(config)
    networks = [load_trained(run, config, stage, best) for stage in range(len(config.stages))]
    lines += [_checkpoint_line(run, stage, best) for stage in range(len(config.stages))]
    with new_package(folder) as part:
        _write_card(part, config, card)
        stages = [_export_stage(n, config, s, part, lines) for s, n in enumerate(networks)]
        identity = manifest_of_config.identity(config, manifest_of_config.read_domain(run))
        model = manifest.Manifest(**identity, card=CARD, stages=tuple(stages))
        with_sample_graphs(part, model, lines).write(part)
    return lines


def _checkpoint_line(run: Path, stage: int, best: bool) -> str:
    """Which checkpoint of a stage is taken, and the better one where there is such."""
    last, judged = checkpoint.require(run, stage), checkpoint.load(run, stage, best=True)
    if judged is None:
        return f"stage {stage + 1}: its last checkpoint, of step {last['step']}"
    known = f"of step {judged['step']}, {judged['score']:.2f} degrees on the held-out scenes"
    if best:
        return f"stage {stage + 1}: its best checkpoint, {known}"
    return f"stage {stage + 1}: its last checkpoint, of step {last['step']} (the best was {known})"


def _refuse_embedded_name(config: Config) -> None:
    """Raise InputError where a model would pass for the embedded one, its licence included."""
    embedded_model = manifest.read(embedded.package_folder(None))
    if (config.name, config.version) == (embedded_model.name, embedded_model.version):
        raise InputError(
            f"the run's settings call the model '{config.name} {config.version}', as the embedded "
            "one",
            "give --name, --version and --licence of your own",
        )


def _export_stage(
    network: nn.Module, config: Config, stage: int, folder: Path, lines: List[str]
) -> manifest.Stage:
    number = stage + 1
    path = folder / f"stage{number}.onnx"
    if not hasattr(network, "condition_encoder"):
        inner, outer = (
            manifest_of_config.condition_bands(config, stage),
            len(config.stages[stage].final_bands),
        )
        _note(lines, path, export_denoiser(network, path, inner, outer, network.multiple))
        return manifest_of_config.stage_entry(config, stage, model_file(path))
    encoder = folder / f"stage{number}_condition.onnx"
    _note(lines, encoder, _export_encoder(network, encoder, registry.pixelwise(config)))
    _note(lines, path, _export_pixel_denoiser(network, config.stages[stage].timesteps, path))
    return manifest_of_config.stage_entry(config, stage, model_file(path), model_file(encoder))


def _export_encoder(network: nn.Module, path: Path, pixelwise: bool) -> float:
    """Where all else works on single pixels, features of a tile's margin are left out.

    Elsewhere truncation counts the values of the whole tile.
    """
    settings, encoder = network.settings, network.condition_encoder
    margin = influence(settings) if pixelwise else 0
    sees_around = bool(settings.context_widths)
    graph = (
        EncoderGraph(encoder, settings, pixelwise) if sees_around else PixelEncoderGraph(encoder)
    )
    ports = {"condition": Port(settings.condition_bands, margin=margin)}
    return export_graph(encoder, path, ports, "features", network.multiple, graph)


def _export_pixel_denoiser(network: nn.Module, timesteps: int, path: Path) -> float:
    settings, colours = network.settings, network.condition_encoder.colours_count
    bands = settings.output_bands if colours else 0
    ports = {
        "x": Port(settings.output_bands),
        "features": Port(settings.width + bands),
        "timestep": Port(0, single=True, timesteps=timesteps),
    }
    graph = DenoiserGraph(network.denoiser, timesteps, colours)
    return export_graph(network.denoiser, path, ports, "prediction", network.multiple, graph)


def _note(lines: List[str], path: Path, difference: float) -> None:
    size = path.stat().st_size / 1e6
    lines.append(f"{path.name}: {size:.2f} MB, differs from torch by {difference:.1e} (relative)")


def _write_card(folder: Path, config: Config, card: Optional[Path]) -> None:
    if card:
        try:
            shutil.copyfile(card, folder / CARD)
        except OSError as error:
            raise InputError(f"{card} cannot be read ({error.strerror})", "check --card") from error
        return
    bands = config.output.wavelength_nm
    text = (
        f"# {config.name} {config.version}\n\n{len(bands)} bands, {bands[0]:g}-{bands[-1]:g} nm.\n"
        f"Licence: {config.licence}.\nTrained on: {', '.join(config.data.train)}.\n"
    )
    (folder / CARD).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
