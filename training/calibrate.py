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
from model_runtime.diffusion.metamers import of_package
from model_runtime.diffusion.settings import Sampling, sampling_of_quality
from model_runtime.diffusion.spread_calibration import SPREAD_SAMPLES
from model_runtime.package import manifest
from training import cli
from training.config import Config
from training.data import held_out, sources
from training.data.held_out import HeldOut
from training.loop import metamer_groups, validation
from training.loop.run_folder import settings_of
from training.package import metamer_fit, noise_fit, shared_error_fit, spread_fit

SEED = 0
MOST_PIXELS = 400  # of a group: the fit is made again without each of them
CAMERA_SIDE = 10  # pixels of the truth; a camera's picture has a hundred for each of them


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
    pictures = [held_out.crop(picture, CAMERA_SIDE) for picture in held_out.load(config)]
    was = manifest.read(folder)
    plain = replace(was, calibrations=(), shared_noise=None, shared_error=None)
    plain = replace(plain, metamers=fit_metamers(config) or was.metamers)
    if plain.pixelwise:
        shared = fit_shared_noise(load_cascade(folder, plain, "cpu"), pictures)
        yield f"noise: {shared.share:g} of its variance shared over {shared.cell} pixels"
        plain = replace(plain, shared_noise=shared)
    qualities = _qualities_with_samples(plain)
    model = load_cascade(folder, plain, "cpu")
    errors = {quality: group_errors(model, quality, pictures) for quality in qualities}
    # Draws of the widest calibration say what they explain; what is left is shared.
    widest = qualities[-1]
    fitted = spread_fit.fit(with_shared(errors[widest], 0))
    first = manifest.Calibration(widest.sampler, widest.steps, widest.samples, *fitted)
    drawn = load_cascade(folder, replace(plain, calibrations=(first,)), "cpu")
    shared_by_all = fit_shared_error(drawn, widest, pictures)
    plain = replace(plain, shared_error=shared_by_all)
    yield from _describe_shared(plain)
    guessed = shared_error.vectors_of(plain, level_guessed=True)
    part = 0 if guessed is None else shared_error.relative_error(guessed)[:, 0]
    made = []
    for quality in qualities:
        said = with_shared(errors[quality], part)
        tables = {group: spread_fit.table_of(each) for group, each in said.items()}
        settings = quality.sampler, quality.steps, quality.samples
        made.append(manifest.Calibration(*settings, *spread_fit.fit(said, tables)))
        yield from _lines(settings, spread_fit.coverages(said, tables))
    replace(plain, calibrations=tuple(made)).write(folder)


def fit_metamers(config: Config) -> Optional[manifest.Metamers]:
    """How far the training data's spectra of one colour lie apart; None where it is not there."""
    same_unit = config.input.unit == config.output.unit
    if not same_unit or not all(Path(place).exists() for place in config.data.train):
        return None
    return metamer_fit.fit(metamer_groups.groups_of(sources.load(config, lambda line: None)))


def with_shared(errors: spread_fit.Sensors, relative_error) -> spread_fit.Sensors:
    """``errors`` of ``group_errors``, where a guessed level is off by ``relative_error`` (bands,
    1)."""
    return {
        group: replace(part, shared=relative_error * part.shared) for group, part in errors.items()
    }


def fit_shared_error(
    model: Cascade, quality: manifest.Quality, pictures: Sequence[HeldOut]
) -> manifest.SharedError:
    """What the means of areas err by beyond what the draws of a calibrated ``model`` differ."""
    how = sampling_of_quality(quality, _scales(model), SEED)
    groups: Dict[Tuple[bool, str], List[shared_error_fit.Areas]] = {}
    for picture in pictures:
        here = validation.sampling_for(model, how, picture)
        found = validation.estimate(model, here, picture.rgb, draws=True)
        mean, spread, *draws = (
            held_out.pool(v, picture.pool) for v in (found.mean, found.spread, *found.draws)
        )
        areas = shared_error_fit.areas_of(picture.cube, picture.seen, mean, np.array(draws), spread)
        if len(areas.error):
            groups.setdefault((picture.level_guessed, picture.group), []).append(areas)

    def of(guessed: bool) -> List[List[shared_error_fit.Areas]]:
        return [each for key, each in groups.items() if key[0] == guessed]

    of_spread = shared_error_fit.fit_of_spread(of(False))
    return manifest.SharedError((), shared_error_fit.fit(of(True), of_spread), of_spread)


def _describe_shared(model: manifest.Manifest) -> Iterator[str]:
    part = shared_error.relative_error(shared_error.vectors_of_spread(model)) ** 2
    yield f"shared by a picture: {part.mean():.0%} of each spread's variance"
    vectors = shared_error.vectors_of(model, level_guessed=True)
    size = 0.0 if vectors is None else float(shared_error.relative_error(vectors).mean())
    yield f"shared by a picture whose level is guessed: another {size:.1%} of the estimate"


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
    """What the samples of an uncalibrated ``model`` say and how far they are off, by the pictures'
    groups; ``shared`` is the estimate where its level is guessed (``with_shared``)."""
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
    metamers = of_package(model.manifest)
    scale = estimate.mean if metamers is None else metamers(picture.rgb, estimate.mean)
    # A coarser pixel's spread is the mean of its pixels': their errors are alike, not independent.
    mean, deviation, scale = (
        held_out.pool(v, picture.pool) for v in (estimate.mean, estimate.spread, scale)
    )
    picked = np.random.default_rng(SEED).permutation(mean[0].size)[:pixels]
    shared = np.abs(mean) * picture.level_guessed
    parts = np.abs(picture.cube - mean), deviation, scale, shared, picture.seen
    return spread_fit.Errors(*(part.reshape(len(part), -1)[:, picked] for part in parts))


def _join(parts: Sequence[spread_fit.Errors]) -> spread_fit.Errors:
    names = ("error", "deviation", "scale", "shared", "seen")
    return spread_fit.Errors(
        *(np.concatenate([getattr(part, name) for part in parts], axis=1) for name in names)
    )


def _lines(settings, coverages: Dict) -> Iterator[str]:
    yield "{} of {} steps, {} samples:".format(*settings)
    for group, (inside, alone) in coverages.items():
        others = "no other group" if np.isnan(alone) else f"{alone:.1%} fitted to the others"
        yield f"  {inside:.1%} within the 90 % interval, {others}: {group}"


if __name__ == "__main__":
    sys.exit(main())
