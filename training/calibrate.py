"""Calibrates a package's spread: ``python training/calibrate.py RUN MODEL_DIR``.

Samples what the run's settings hold out (scenes, libraries of materials, camera pictures) at every
quality of the package, fits what the spread has to be for its interval to hold the truth, and
writes that into ``model.json``. Before that, the noise of a pixelwise package is made to hang
together in space as the errors of the held-out scenes do, and what means of areas err by beyond
what the draws say becomes an error that the whole picture shares.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

from model_runtime.diffusion import shared_error
from model_runtime.diffusion.cascade import Cascade
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import Sampling, sampling_of_quality
from model_runtime.diffusion.spread_calibration import SPREAD_SAMPLES
from model_runtime.package import manifest
from training import cli
from training.data import held_out
from training.data.held_out import HeldOut
from training.loop import validation
from training.loop.run_folder import settings_of
from training.package import noise_fit, shared_error_fit, spread_fit

SEED = 0
MOST_PIXELS = 400  # of a group: the fit is made again without each of them


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, 2 settings, 3 a package that is none)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the run, or its settings file (.toml)")
    parser.add_argument("model", type=Path, help="the package's folder")
    args = parser.parse_args(argv)

    def work() -> None:
        for line in calibrate(args.run, args.model):
            print(line)

    return cli.run(work)


def calibrate(run: Path, folder: Path) -> Iterator[str]:
    """Write the calibrations of the package in ``folder``; gives a line a quality and sensor.

    Raises InputError for a run without validation scenes, PackageError for a package that is none.
    """
    config = settings_of(run)
    pictures = held_out.load(config)
    plain = replace(manifest.read(folder), calibrations=(), shared_noise=None, shared_error=None)
    if plain.pixelwise:
        shared = fit_shared_noise(load_cascade(folder, plain, "cpu"), pictures)
        yield f"noise: {shared.share:g} of its variance shared over {shared.cell} pixels"
        plain = replace(plain, shared_noise=shared)
    qualities = _qualities_with_samples(plain)
    # Draws of the widest calibration say what they explain; what is left is shared.
    first, _ = _calibration(load_cascade(folder, plain, "cpu"), qualities[-1], pictures)
    drawn = load_cascade(folder, replace(plain, calibrations=(first,)), "cpu")
    plain = replace(plain, shared_error=fit_shared_error(drawn, qualities[-1], pictures))
    yield from _describe_shared(plain)
    model, made = load_cascade(folder, plain, "cpu"), []
    for quality in qualities:
        calibration, groups = _calibration(model, quality, pictures)
        made.append(calibration)
        yield from _lines((quality.sampler, quality.steps, quality.samples), groups)
    replace(plain, calibrations=tuple(made)).write(folder)


def _calibration(
    model: Cascade, quality: manifest.Quality, pictures: Sequence[HeldOut]
) -> Tuple[manifest.Calibration, spread_fit.Sensors]:
    groups = group_errors(model, quality, pictures)
    settings = quality.sampler, quality.steps, quality.samples
    return manifest.Calibration(*settings, *spread_fit.fit(groups)), groups


def fit_shared_error(
    model: Cascade, quality: manifest.Quality, pictures: Sequence[HeldOut]
) -> manifest.SharedError:
    """What the means of areas err by beyond what the draws of a calibrated ``model`` differ."""
    how = sampling_of_quality(quality, _scales(model), SEED)
    groups: Dict[Tuple[bool, str], List[shared_error_fit.Areas]] = {}
    for picture in pictures:
        here = validation.sampling_for(model, how, picture)
        found = validation.estimate(model, here, picture.rgb, draws=True)
        mean, *draws = (held_out.pool(v, picture.pool) for v in (found.mean, *found.draws))
        areas = shared_error_fit.areas_of(picture.cube, picture.seen, mean, np.array(draws))
        groups.setdefault((picture.level_guessed, picture.group), []).append(areas)

    def vectors(guessed: bool) -> Tuple[Tuple[float, ...], ...]:
        return shared_error_fit.fit([each for key, each in groups.items() if key[0] == guessed])

    known = vectors(False)
    # Whoever keeps no camera pictures apart knows of no more than of pictures in the model's unit.
    return manifest.SharedError(known, vectors(True) or known)


def _describe_shared(model: manifest.Manifest) -> Iterator[str]:
    for name in ("known", "guessed"):
        vectors = shared_error.vectors_of(model, name == "guessed")
        size = 0.0 if vectors is None else float(shared_error.relative_error(vectors).mean())
        yield f"shared by a picture whose level is {name}: {size:.1%} of the estimate"


def fit_shared_noise(model: Cascade, pictures: Sequence[HeldOut]) -> manifest.SharedNoise:
    """How errors of the scenes among ``pictures`` hang together, each group counting alike."""
    how = sampling_of_quality(model.manifest.qualities["fast"], _scales(model), SEED)
    groups: Dict[str, List[np.ndarray]] = {}
    for picture in (one for one in pictures if one.is_scene):
        error = validation.estimate(model, how, picture.rgb).mean - picture.cube
        found = noise_fit.error_correlation(error, picture.seen)
        groups.setdefault(picture.group, []).append(found)
    return noise_fit.fit([np.mean(each, axis=0) for each in groups.values()])


def _scales(model: Cascade) -> Tuple[float, ...]:
    return tuple(stage.guidance_scale for stage in model.manifest.stages)


def _qualities_with_samples(model: manifest.Manifest) -> List[manifest.Quality]:
    """The qualities, each once, with the samples that they have when a spread is asked for."""
    asked = [
        q if q.samples > 1 else replace(q, samples=SPREAD_SAMPLES) for q in model.qualities.values()
    ]
    return list(dict.fromkeys(asked))


def group_errors(
    model: Cascade, quality: manifest.Quality, pictures: Sequence[HeldOut]
) -> spread_fit.Sensors:
    """What the samples at ``quality`` say and how far they are off, by the pictures' groups."""
    how = sampling_of_quality(quality, _scales(model), SEED)
    found: Dict[str, List[spread_fit.Errors]] = {}
    for picture in pictures:
        here = validation.sampling_for(model, how, picture)
        alike = sum(other.group == picture.group for other in pictures)
        errors = _errors(model, here, picture, max(MOST_PIXELS // alike, 1))
        found.setdefault(picture.group, []).append(errors)
    return {group: _join(parts) for group, parts in found.items()}


def _errors(model: Cascade, how: Sampling, picture: HeldOut, pixels: int) -> spread_fit.Errors:
    """What the samples say of a picture and how far they are off, at ``pixels`` drawn from it."""
    estimate = validation.estimate(model, how, picture.rgb)
    # A coarser pixel's spread is the mean of its pixels': their errors are alike, not independent.
    mean, spread = (held_out.pool(v, picture.pool) for v in (estimate.mean, estimate.spread))
    picked = np.random.default_rng(SEED).permutation(mean[0].size)[:pixels]
    vectors = shared_error.vectors_of(model.manifest, how.level_guessed)
    part = 0 if vectors is None else shared_error.relative_error(vectors)
    # The samples' own spread: there is no calibration yet.
    own = np.sqrt(np.maximum(spread**2 - (part * mean) ** 2, 0))
    parts = np.abs(picture.cube - mean), own, mean, np.abs(part * mean), picture.seen
    return spread_fit.Errors(*(part.reshape(len(part), -1)[:, picked] for part in parts))


def _join(parts: Sequence[spread_fit.Errors]) -> spread_fit.Errors:
    names = ("error", "deviation", "estimate", "shared", "seen")
    return spread_fit.Errors(
        *(np.concatenate([getattr(part, name) for part in parts], axis=1) for name in names)
    )


def _lines(settings, groups: spread_fit.Sensors) -> Iterator[str]:
    yield "{} of {} steps, {} samples:".format(*settings)
    for group, (inside, alone) in spread_fit.coverages(groups).items():
        others = "no other group" if np.isnan(alone) else f"{alone:.1%} fitted to the others"
        yield f"  {inside:.1%} within the 90 % interval, {others}: {group}"


if __name__ == "__main__":
    sys.exit(main())
