"""The ``upsample`` command: raster -> radiometry -> tiles -> cascade -> raster."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

import numpy as np

from . import cascade, manifest, packages, provenance, radiometry, tiles, upsample_options
from .cascade import Sampling
from .errors import InputError, PackageError, StorageError
from .events import Events

add_arguments = upsample_options.add_arguments


@dataclass(frozen=True)
class Job:
    """All that the loop needs; ``cascade`` is a cascade.Cascade or whatever estimates like one."""

    picture: Any
    model: manifest.Manifest
    layout: tiles.Layout
    radiometry: radiometry.Radiometry
    cascade: Any
    sampling: Sampling


def run(args, events: Events) -> None:
    """Estimate the spectrum of every pixel of INPUT; raises the ScdmErrors of all its parts."""
    since = time.monotonic()
    upsample_options.check(args)
    folder = packages.folder_of(args.model)
    model = manifest.read(folder)
    sampling = upsample_options.sampling_of(args, model)
    from . import raster

    _check_outputs(args, raster)
    picture = _picture(args, model, raster)
    job = _job(args, picture, model, sampling, folder)
    facts = provenance.facts_of(job, folder)
    for message in facts.warnings:
        events.warning(message)
    _produce(args, job, facts, events, since)
    seconds = time.monotonic() - since
    events.done(args.output, seconds, **provenance.last_words(args, job, facts))


def _picture(args, model: manifest.Manifest, raster):
    """The input with its red, green and blue where the model has them: released ones are BGR."""
    picture = raster.Picture(args.input, args.bands, len(model.input_bands))
    wavelengths = [band.wavelength_nm for band in model.input_bands]
    if len(wavelengths) != 3 or wavelengths == sorted(wavelengths, reverse=True):
        return picture
    from_longest = sorted(wavelengths, reverse=True)
    bands = [picture.bands[from_longest.index(nm)] for nm in wavelengths]
    return raster.Picture(args.input, bands, len(bands))


def _check_outputs(args, raster) -> None:
    taken = [args.input]
    for path in filter(None, (args.output, args.spread)):
        raster.check_output(path, taken)
        taken.append(path)
    if args.report:
        report = Path(args.report)
        if report.suffix.lower() not in (".html", ".htm"):
            raise InputError(f"the report '{report}' is no HTML name", "end it in .html")
        if not report.parent.is_dir():
            raise InputError(f"the folder '{report.parent}' does not exist", "make it first")


def _job(args, picture, model: manifest.Manifest, sampling: Sampling, folder: Path) -> Job:
    window = picture.whole if args.extent is None else picture.window(args.extent)
    layout = upsample_options.layout_of(args.tile, args.overlap, model.tile, picture, window)
    stored = radiometry.Stored(
        picture.sample(radiometry.SAMPLE_SIDE),
        picture.integer,
        picture.bits,
        picture.scale,
        picture.offset,
    )
    taken = radiometry.decide(args.radiometry, stored, model)
    network = cascade.load(folder, model, args.device, args.threads)
    return Job(picture, model, layout, taken, network, sampling)


def _produce(args, job: Job, facts: provenance.Facts, events: Events, since: float) -> None:
    """Make all outputs; none has its final name before all are whole."""
    with ExitStack() as stack:
        writers = [stack.enter_context(w) for w in _writers(args, job, facts.settings)]
        estimate_window(job, writers, events)
        for writer in writers:
            writer.close()
        page = _report(args, job, facts, writers, time.monotonic() - since)
        if page is not None:
            stack.callback(page.unlink, missing_ok=True)
        for writer in writers:
            writer.commit()
        if page is not None:
            page.replace(args.report)


def _writers(args, job: Job, tags: Dict[str, str]):
    """The output's writer and, if asked for, the spread's; made one after the other."""
    from . import raster

    window, model = job.layout.window, job.model
    spectral = raster.Spectral(model.wavelength_nm, model.fwhm_nm, model.output_unit)
    stored = raster.encoding(args.dtype, model.output_unit)
    place = job.picture.georeference.of(window)
    contents = {
        args.output: "mean of the samples",
        args.spread: "standard deviation of the samples",
    }
    for path, content in contents.items():
        if path:
            yield raster.Writer(
                path,
                (window.rows, window.cols),
                spectral,
                stored,
                place,
                {**tags, "SCDM_CONTENT": content},
                job.layout.block_side(),
            )


def estimate_window(job: Job, writers, events: Events) -> None:
    """Work all tiles of the job: ``writers`` take the mean and, if there are two, the spread."""
    layout, total = job.layout, job.layout.count()
    window = layout.window
    how, network = job.sampling, job.cascade
    events.started(
        rows=window.rows,
        columns=window.cols,
        tiles=total,
        device=network.device,
        providers=list(network.providers),
        seed=how.seed,
    )
    bands = len(job.model.wavelength_nm)
    joiners = [
        tiles.Cutter() if layout.margin is not None else tiles.Blender(layout, bands)
        for _ in writers
    ]
    for done, tile in enumerate(layout.tiles()):
        events.progress(done, total)
        for values, joiner, writer in zip(estimate_tile(job, tile), joiners, writers):
            for piece, finished in joiner.add(tile, values):
                writer.write(piece.row0 - window.row0, piece.col0 - window.col0, finished)
    events.progress(total, total)


def estimate_tile(job: Job, tile: tiles.Tile) -> Tuple[np.ndarray, np.ndarray]:
    """Mean and spread (bands, rows, cols) of ``tile.read``; NaN where the input is masked.

    A tile that keeps no valid pixel is not sampled. Where there is one sample, the spread is the
    mean's array, which nobody writes. Raises PackageError when the model gives no finite numbers.
    """
    values, valid = job.picture.read(tile.read)
    bands = len(job.model.wavelength_nm)
    if not tiles.crop(valid[None], tile).any():
        nothing = np.full((bands, *valid.shape), np.nan, np.float32)
        return nothing, nothing
    rgb = job.radiometry.apply(values)
    # One value for all masked pixels of a run, the model's neutral one: no tile differs.
    neutral = np.array(job.model.normalisation.input_offset, np.float32)
    rgb[:, ~valid] = neutral[:, None]
    result = job.cascade.estimate(rgb, tile.read.row0, tile.read.col0, job.sampling)
    mean, spread = result.mean, result.mean if result.spread is None else result.spread
    if not (np.isfinite(mean).all() and np.isfinite(spread).all()):
        raise PackageError(
            f"the model '{job.model.name}' made values that are not finite numbers",
            "choose another sampler, more steps or less guidance, or another model",
        )
    mean[:, ~valid] = np.nan
    spread[:, ~valid] = np.nan
    return mean, spread


def _report(args, job: Job, facts: provenance.Facts, writers, seconds: float) -> Optional[Path]:
    """The report, beside its final name; None when none was asked for."""
    if not args.report:
        return None
    from . import raster, report

    side = report.PREVIEW_SIDE
    raw, valid = job.picture.preview(job.layout.window, side)
    rgb = np.where(valid, job.radiometry.apply(raw), np.nan)
    previews = [raster.read_preview(writer.part, side) for writer in writers]
    result = report.Result(
        input_name=Path(args.input).name,
        rgb=rgb,
        cube=previews[0],
        model=job.model,
        card=_card(args, job),
        spread=previews[1] if len(previews) > 1 else None,
        ground=_ground(job, report),
        settings=facts.settings,
        run={**facts.run, "seconds": f"{seconds:.1f}"},
        warnings=facts.warnings,
    )
    page = Path(f"{args.report}.part")
    report.write(page, result, raster.png_bytes)
    return page


def _card(args, job: Job) -> str:
    """The text of the model's card, "" where the package has none."""
    path = packages.folder_of(args.model) / job.model.card
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"'{path}' cannot be read ({error})", "get the model again") from error


def _ground(job: Job, report):
    window = job.layout.window
    place = job.picture.georeference.of(window).ground(window.rows, window.cols)
    return None if place is None else report.Ground(*place)
