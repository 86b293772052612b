"""The ``describe`` command: what a model package holds."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Dict, List

from ..package import embedded, manifest, model_card
from ..package.graph_file import read_graph
from . import stdout


def add_arguments(parser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "model", metavar="MODEL", nargs="?", help="folder of a model package (the embedded one)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(args, events) -> None:
    """Check the package's manifest and files, and print what they hold.

    Raises: PackageError for a package that is not as its manifest says.
    """
    since = time.monotonic()
    folder = embedded.package_folder(args.model)
    model = manifest.read(folder)
    files = file_facts(folder, model)
    stdout.print_result(args, events, as_json(folder, model, files), as_text(model, files), since)


def file_facts(folder: Path, model: manifest.Manifest) -> List[Dict]:
    """Read and check each ONNX file of ``model`` in ``folder``.

    Returns: name, SHA-256 and bytes of each.
    Raises: PackageError for a file that is missing or another.
    """
    return [
        {**asdict(entry), "bytes": len(read_graph(folder, entry))} for entry in model.graph_files
    ]


def as_json(folder: Path, model: manifest.Manifest, files: List[Dict]) -> Dict:
    """Put the whole manifest together with its folder, ``files`` and the model card's text.

    Returns: plain data for JSON.
    """
    return {
        "folder": str(folder),
        "files": files,
        "card_text": model_card.card_text(folder, model),
        **asdict(model),
    }


def as_text(model: manifest.Manifest, files: List[Dict]) -> str:
    """Describe ``model`` and its ``files`` for a terminal.

    Returns: some lines of text.
    """
    megabytes = sum(f["bytes"] for f in files) / 1e6
    lines = [
        f"{model.name} {model.version}, licence {model.licence}",
        f"input    {', '.join(_input(band) for band in model.input_bands)} ({model.input_unit})",
        f"output   {len(model.wavelength_nm)} bands, {model.wavelength_nm[0]:g} to "
        f"{model.wavelength_nm[-1]:g} nm ({model.output_unit})",
        f"tile     {model.tile.size} px, multiples of {model.tile.multiple}, "
        f"overlap {model.tile.overlap}, influence {_influence(model.tile)}",
        f"files    {len(files)}, {megabytes:.1f} MB, checked against {manifest.MANIFEST_NAME}",
    ]
    lines += [f"stage {i}  {_stage(stage)}" for i, stage in enumerate(model.stages, 1)]
    lines += [
        f"{name:8s} {quality.sampler}, {quality.steps} steps, samples: {quality.samples}"
        f"{_guidance(quality)}"
        for name, quality in model.qualities.items()
    ]
    return "\n".join(lines)


def _input(band: manifest.InputBand) -> str:
    return f"{band.name} {band.wavelength_nm:g}/{band.fwhm_nm:g} nm"


def _influence(tile: manifest.Tile) -> str:
    return "the whole tile" if tile.influence is None else f"{tile.influence} px"


def _stage(stage: manifest.Stage) -> str:
    s = stage.schedule
    return (
        f"{stage.condition_bands} to {stage.output_bands} bands, predicts {stage.prediction}, "
        f"{s.kind} schedule of {s.steps} timesteps, guidance {stage.guidance_scale:g}, "
        f"{_truncation(stage)}, {stage.denoiser.file}"
    )


def _truncation(stage: manifest.Stage) -> str:
    bound = stage.pdt_lower_bound
    default = f"truncation {bound:g}" if bound < 1 else "truncation off"
    return default if stage.truncation is None else f"{default}, thresholds fitted"


def _guidance(quality: manifest.Quality) -> str:
    interval = quality.guidance_interval
    return f", guided at timesteps {interval[0]} to {interval[1]}" if interval else ""
