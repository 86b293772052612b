"""A package's variant for GPUs: ``python training/convert_float16.py MODEL_DIR NEW_MODEL_DIR``.

The graphs' convolutions work in float16, what goes in and comes out stays float32. The variant's
estimates are held against the package's, by the spectral angle between them: of the pictures that a
run's settings hold out (--run), else of made ones. A variant that is off by more than 0.05 degrees
in the mean, at any quality, is not written.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence

sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import sampling_of_quality
from model_runtime.errors import PackageError
from model_runtime.package import manifest
from model_runtime.package.graph_file import read_graph
from model_runtime.spectra import metrics
from training import cli
from training.graphs.float16 import to_float16
from training.loop import validation
from training.package.package_folder import model_file, new_package

MOST_DEGREES = 0.05
SIDE = 64  # pixels a side of a picture, at most
MADE = 4  # pictures
NOTE = "A variant for GPUs: convolutions in float16, made by training/convert_float16.py."


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, 2 settings, 3 a variant that differs)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="the package's folder")
    parser.add_argument("variant", type=Path, help="the new package's folder")
    parser.add_argument("--run", type=Path, help="folder of the run whose held-out pictures judge")
    args = parser.parse_args(argv)

    def work() -> None:
        for line in convert(args.model, args.variant, args.run):
            print(line)

    return cli.run(work)


def convert(folder: Path, variant: Path, run: Optional[Path] = None) -> Iterator[str]:
    """Write the variant of the package in ``folder``; gives a line a quality.

    Raises PackageError, and writes nothing, where a quality is off by more than MOST_DEGREES.
    """
    model = manifest.read(folder)
    pictures = _held_out(run) if run else made_pictures(model)
    with new_package(variant) as part:
        stages = tuple(_stage(folder, stage, part) for stage in model.stages)
        _copy_card(folder / model.card, part / model.card)
        graphs = tuple(
            replace(
                one,
                graph=_convert(folder, one.graph, part),
                stages_sha256=manifest.stages_digest(stages),
            )
            for one in model.sample_graphs
        )
        name = f"{model.name}-fp16"
        half = replace(model, name=name, stages=stages, sample_graphs=graphs)
        half.write(part)
        off = differences(folder, part, pictures)
        for quality, degrees in off.items():
            yield f"{quality}: {degrees:.4f} degrees from float32, mean of {len(pictures)} pictures"
        _refuse_above(off)


def _stage(folder: Path, stage: manifest.Stage, part: Path) -> manifest.Stage:
    encoder = stage.condition_encoder
    return replace(
        stage,
        denoiser=_convert(folder, stage.denoiser, part),
        condition_encoder=None if encoder is None else _convert(folder, encoder, part),
    )


def _convert(folder: Path, entry: manifest.ModelFile, part: Path) -> manifest.ModelFile:
    path = part / entry.file
    path.write_bytes(to_float16(read_graph(folder, entry)))
    return model_file(path)


def _copy_card(card: Path, path: Path) -> None:
    text = card.read_text(encoding="utf-8")
    path.write_text(f"{text}\n{NOTE}\n", encoding="utf-8")


def differences(folder: Path, variant: Path, pictures: List[np.ndarray]) -> Dict[str, float]:
    """{quality: the mean spectral angle in degrees between both packages' estimates}."""
    cascades = [load_cascade(each, manifest.read(each), "cpu") for each in (folder, variant)]
    model = cascades[0].manifest
    scales = tuple(stage.guidance_scale for stage in model.stages)
    off = {}
    for name, quality in model.qualities.items():
        how = sampling_of_quality(quality, scales, seed=0)
        angles = [
            metrics.sam_degrees(*(validation.estimate(each, how, rgb).mean for each in cascades))
            for rgb in pictures
        ]
        off[name] = float(np.mean(angles))
    return off


def _refuse_above(off: Dict[str, float]) -> None:
    quality, worst = max(off.items(), key=lambda item: item[1])
    if not worst <= MOST_DEGREES:
        raise PackageError(
            f"in float16 '{quality}' is {worst:.3f} degrees from float32, more than {MOST_DEGREES}",
            "use the package as it is: its networks need float32",
        )


def made_pictures(model: manifest.Manifest) -> List[np.ndarray]:
    """Patches of all colours, dark to bright (input bands, rows, cols), in the model's unit."""
    side = model.tile.multiple * max(1, SIDE // model.tile.multiple)
    offset, scale = (
        np.array(values, np.float32)[:, None, None]
        for values in (model.normalisation.input_offset, model.normalisation.input_scale)
    )
    pictures = []
    for number in range(MADE):
        rng = np.random.default_rng(number)
        colours = rng.uniform(-0.85, 2.0, (len(model.input_bands), side // 4 + 1, side // 4 + 1))
        values = colours.repeat(4, 1).repeat(4, 2)[:, :side, :side]
        pictures.append((offset + scale * values).astype(np.float32))
    return pictures


def _held_out(run: Path) -> List[np.ndarray]:
    from training.data import held_out
    from training.loop.run_folder import settings_of

    config = settings_of(run)
    multiple = config.tile.multiple
    pictures = []
    for picture in held_out.load(config):
        rows, cols = (min(SIDE, n) // multiple * multiple for n in picture.rgb.shape[1:])
        if rows and cols:
            pictures.append(np.ascontiguousarray(picture.rgb[:, :rows, :cols]))
    return pictures


if __name__ == "__main__":
    sys.exit(main())
