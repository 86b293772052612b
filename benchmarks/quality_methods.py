"""What the quality benchmark compares: model packages by the command line, and regressions."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from model_runtime import contract
from model_runtime.errors import InputError
from model_runtime.package import manifest
from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.reader import RasterReader
from model_runtime.spectra import radiometry
from model_runtime.tiling import Window

ROOT = Path(__file__).resolve().parents[1]
Extent = Optional[Tuple[float, float, float, float]]  # xmin, ymin, xmax, ymax of the ground


def command(*words: str) -> str:
    """What ``python -m model_runtime`` prints; ends this program with its words when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "model_runtime", *words], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


@dataclass(frozen=True)
class Made:
    """Seconds that an estimate took, and where its spread is, if it has one."""

    seconds: float
    spread: Optional[Path] = None


@dataclass(frozen=True)
class PackageRun:
    """The package in ``folder`` as ``words`` of ``upsample`` make it, drawing ``samples``."""

    name: str
    folder: Path
    words: Tuple[str, ...]
    samples: int

    def estimate(self, rgb: Path, output: Path, taken: str, extent: Extent = None) -> Made:
        """Write the estimate of ``rgb``, in ``extent``, by radiometry ``taken`` to ``output``."""
        spread = output.with_suffix(".spread.tif") if self.samples > 1 else None
        words = ["upsample", str(rgb), str(output), "--model", str(self.folder), "--events"]
        words += ["--radiometry", taken, "--dtype", "float32", "--no-resume", "--overwrite"]
        words += [f"--extent={','.join(map(repr, extent))}"] if extent else []
        words += [*self.words, *(["--spread", str(spread)] if spread else [])]
        done = json.loads(command(*words).splitlines()[-1])
        return Made(done["seconds"], spread)


@dataclass(frozen=True)
class Regression:
    """A function of one look: RGB (3, rows, cols) in ``model``'s unit to (bands, rows, cols).

    ``wavelength_nm`` and ``fwhm_nm`` (bands,) are those of what it makes.
    """

    name: str
    function: Callable[[np.ndarray], np.ndarray]
    wavelength_nm: Sequence[float]
    fwhm_nm: Sequence[float]
    model: manifest.Manifest

    def estimate(self, rgb: Path, output: Path, taken: str, extent: Extent = None) -> Made:
        """As PackageRun's: the same raster, read and scaled by the same rules."""
        picture = RasterReader(str(rgb), None, self.model.input_bands)
        window = picture.window(extent) if extent else picture.whole
        seen = read_as(picture, taken, self.model, window)
        since = time.monotonic()
        values = self.function(seen)
        seconds = time.monotonic() - since
        bands = np.array(self.wavelength_nm), np.array(self.fwhm_nm)
        cube = Cube(values, *bands, self.model.output_unit, picture.georeference.of(window))
        write_cube(str(output), cube, "float32", {})
        return Made(seconds)


def read_as(
    picture: RasterReader, taken: str, model: manifest.Manifest, window: Window
) -> np.ndarray:
    """``window`` of the picture as ``upsample --radiometry taken`` gives it to ``model``.

    Returns (bands, rows, cols), NaN where the picture holds nothing.
    """
    sample = picture.sample(radiometry.SAMPLE_SIDE)
    stored = radiometry.Stored(sample, picture.integer, picture.bits, picture.scale, picture.offset)
    values, valid = picture.read(window)
    return np.where(valid, radiometry.decide(taken, stored, model).apply(values), np.nan)


def package_runs(text: str, ways: Sequence[str], common: Sequence[str]) -> List[PackageRun]:
    """The runs of ``DIR[@WAY,...]``, a WAY being a quality or SAMPLER:STEPS[:SAMPLES].

    ``ways`` count where the text names none; ``common`` words go to each. Raises InputError.
    """
    place, _, said = text.partition("@")
    folder = Path(place).resolve()
    model = manifest.read(folder)
    chosen = said.split(",") if said else ways
    return [_package_run(folder, model, way, tuple(common)) for way in chosen]


def _package_run(folder: Path, model: manifest.Manifest, way: str, common) -> PackageRun:
    name = f"{folder.name} {way}"
    if way in model.qualities:
        return PackageRun(name, folder, ("--quality", way, *common), model.qualities[way].samples)
    sampler, steps, samples = (*way.split(":"), "1", "")[:3]
    if sampler not in contract.SAMPLERS or not steps.isdecimal() or not samples.isdecimal():
        raise InputError(
            f"--model ...@{way} is neither a quality nor a sampler",
            f"give {', '.join(model.qualities)}, or SAMPLER:STEPS:SAMPLES as ddpm:1000:4",
        )
    words = ("--sampler", sampler, "--steps", steps, "--samples", samples)
    return PackageRun(name, folder, (*words, *common), int(samples))
