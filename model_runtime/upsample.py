"""The ``upsample`` command: raster -> radiometry -> tiles -> cascade -> raster."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, List, Optional

import numpy as np

from . import (
    cascade,
    describe,
    disk,
    encoding,
    identity,
    manifest,
    memory_limit,
    outputs,
    packages,
    provenance,
    radiometry,
    upsample_options,
)
from .cascade import Sampling
from .errors import InputError, PackageError, StorageError
from .estimation import Estimation, Job
from .events import Events
from .interruption import tidy
from .journal import Journal, was_ending

add_arguments = upsample_options.add_arguments
CHANGED_REMEDY = "leave the file alone while it is read, and run again"


def run(args, events: Events) -> None:
    """Estimate the spectrum of every pixel of INPUT; raises the ScdmErrors of all its parts."""
    since = time.monotonic()
    upsample_options.check(args)
    folder = packages.folder_of(args.model)
    model = manifest.read(folder)
    sampling = upsample_options.sampling_of(args, model)
    from . import raster

    _check_outputs(args, outputs.wanted(args, model), raster)
    picture = _picture(args, model, raster)
    run = Run(events, since, identity.of_files(picture.files()))
    job = _within_memory(args, _job(args, picture, model, sampling, folder), events)
    facts = provenance.facts_of(job, folder)
    for message in facts.warnings:
        events.warning(message)
    reused = _journalled(args, job, facts, run)
    seconds = time.monotonic() - since
    events.done(args.output, seconds, **provenance.last_words(args, job, facts), reused=reused)


@dataclass(frozen=True)
class Run:
    """What a run has beside its job: whom to tell, when it began, which files it reads."""

    events: Events
    since: float
    inputs: Dict[str, str]


def _journalled(args, job: Job, facts: provenance.Facts, run: Run) -> int:
    """Make the outputs, leaving what is finished for a later run if this one is cut short.

    A refusal of the model or the input would come again, so its journal goes.
    """
    with Journal(args.output) as journal, ExitStack() as stack:
        if not args.resume:
            stack.callback(tidy(journal.leave))
        key = provenance.run_facts(args, job, facts, run.inputs)
        if not journal.holds(key):  # but another run's: neither it nor its outputs are touched
            journal.keep()
            _refuse_existing(args, outputs.wanted(args, job.model))
        journal.begin(key, args.resume, run.events)
        try:
            _require_disk(args, job)
            return _produce(args, job, journal, facts, run)
        except (InputError, PackageError):
            raise
        except BaseException:
            if args.resume:
                journal.keep()
            raise


def _picture(args, model: manifest.Manifest, raster):
    """The input with its red, green and blue where the model has them: released ones are BGR."""
    picture = raster.Picture(args.input, args.bands, len(model.input_bands))
    wavelengths = [band.wavelength_nm for band in model.input_bands]
    if len(wavelengths) != 3 or wavelengths == sorted(wavelengths, reverse=True):
        return picture
    from_longest = sorted(wavelengths, reverse=True)
    bands = [picture.bands[from_longest.index(nm)] for nm in wavelengths]
    return raster.Picture(args.input, bands, len(bands))


def _check_outputs(args, asked: List[outputs.Output], raster) -> None:
    if args.keep_stages:
        outputs.check_folder(args.keep_stages)
    taken = [args.input]
    for output in asked:
        if not output.in_new_folder:
            raster.check_output(output.path, taken)
        taken.append(output.path)
    if args.report:
        report = Path(args.report)
        if report.suffix.lower() not in (".html", ".htm"):
            raise InputError(f"the report '{report}' is no HTML name", "end it in .html")
        if not report.parent.is_dir():
            raise InputError(f"the folder '{report.parent}' does not exist", "make it first")
    if not (args.resume and was_ending(args.output)):
        _refuse_existing(args, asked)


def _refuse_existing(args, asked: List[outputs.Output]) -> None:
    paths = [*(output.path for output in asked), args.report]
    for path in filter(None, paths if not args.overwrite else []):
        if Path(path).exists():
            raise InputError(f"'{path}' exists", "give --overwrite to replace it, or another name")


def _job(args, picture, model: manifest.Manifest, sampling: Sampling, folder: Path) -> Job:
    window = picture.whole if args.extent is None else picture.window(args.extent)
    layout = upsample_options.layout_of(args.tile, args.overlap, model.tile, picture, window)
    sample = picture.sample(radiometry.SAMPLE_SIDE)
    stored = radiometry.Stored(sample, picture.integer, picture.bits, picture.scale, picture.offset)
    taken = radiometry.decide(args.radiometry, stored, model)
    network = cascade.load(folder, model, args.device, args.threads)
    sampled = min(picture.rows, radiometry.SAMPLE_SIDE) * min(picture.cols, radiometry.SAMPLE_SIDE)
    share = sample.shape[1] / sampled if args.extent is None else 1.0
    return Job(
        picture, model, layout, taken, network, sampling, share, keep_stages=bool(args.keep_stages)
    )


def _within_memory(args, job: Job, events: Events) -> Job:
    stored = encoding.of_dtype(args.dtype, job.model.output_unit)
    count = len(outputs.wanted(args, job.model))
    layout = memory_limit.fitted(job, stored, count, args.memory_limit, events.warning)
    return replace(job, layout=layout)


def _require_disk(args, job: Job) -> None:
    stored = encoding.of_dtype(args.dtype, job.model.output_unit)
    count = len(outputs.wanted(args, job.model))
    need = disk.needed(job, stored, count, args.overviews, args.format == "cog")
    disk.require(args.output, need)


def _produce(args, job: Job, journal: Journal, facts: provenance.Facts, run: Run) -> int:
    """Make all outputs; none has its final name before all are whole. Units reused."""
    asked = outputs.wanted(args, job.model)
    with ExitStack() as stack:
        if args.keep_stages:
            outputs.make_folder(args.keep_stages)
            stack.callback(outputs.drop_if_empty, args.keep_stages)
        made = _writers(args, job, asked, facts.settings)
        writers = [_tidied(stack, writer) for writer in made]
        stored = encoding.of_dtype(args.dtype, job.model.output_unit)
        estimation = Estimation(job, stored, len(writers), journal.store, run.events)
        window = job.layout.window
        for place, values in estimation.pieces():
            for writer, output, bands in zip(writers, values, (one.bands for one in asked)):
                row, col = place.row0 - window.row0, place.col0 - window.col0
                writer.put(row, col, output if len(output) == len(bands) else output[list(bands)])
        _refuse_changed(run.inputs)
        for writer in writers:
            writer.close()
        page = _report(args, job, facts, writers, time.monotonic() - run.since)
        if page is not None:
            stack.callback(page.unlink, missing_ok=True)
        journal.mark_ending()
        for writer in writers:
            writer.commit()
        if page is not None:
            page.replace(args.report)
    return estimation.reused


def _tidied(stack: ExitStack, writer):
    """``writer``, entered, with its half-written file gone however the run ends."""
    stack.callback(tidy(writer.remove_parts))
    return stack.enter_context(writer)


def _refuse_changed(inputs: Dict[str, str]) -> None:
    """Raise StorageError when an input file is no longer what it was when the run began."""
    now = identity.of_files(list(inputs))
    for path, was in inputs.items():
        if now[path] != was:
            what = "is gone" if now[path] == "gone" else "was changed"
            raise StorageError(f"'{path}' {what} while it was read", CHANGED_REMEDY)


def _writers(args, job: Job, asked: List[outputs.Output], tags: Dict[str, str]):
    """The writers of what is asked for; made one after the other."""
    from . import raster

    window, model = job.layout.window, job.model
    stored = encoding.of_dtype(args.dtype, model.output_unit)
    place = job.picture.georeference.of(window)
    form = raster.Form(job.layout.block_side(), args.overviews, args.format == "cog")
    for output in asked:
        centres = [model.wavelength_nm[band] for band in output.bands]
        widths = [model.fwhm_nm[band] for band in output.bands]
        spectral = encoding.Spectral(centres, widths, model.output_unit)
        said = {**tags, "SCDM_CONTENT": output.content}
        size = window.rows, window.cols
        yield raster.Writer(output.path, size, spectral, stored, place, said, form)


def _report(args, job: Job, facts: provenance.Facts, writers, seconds: float) -> Optional[Path]:
    """The report, beside its final name; None when none was asked for."""
    if not args.report:
        return None
    from . import raster, report

    side = report.PREVIEW_SIDE
    raw, valid = job.picture.preview(job.layout.window, side)
    rgb = np.where(valid, job.radiometry.apply(raw), np.nan)
    shown = [writers[0], *([writers[-1]] if args.spread else [])]
    previews = [raster.read_preview(writer.part, side) for writer in shown]
    result = report.Result(
        input_name=Path(args.input).name,
        rgb=rgb,
        cube=previews[0],
        model=job.model,
        card=describe.card_text(packages.folder_of(args.model), job.model),
        spread=previews[1] if len(previews) > 1 else None,
        ground=_ground(job, report),
        settings=facts.settings,
        run={**facts.run, "seconds": f"{seconds:.1f}"},
        warnings=facts.warnings,
    )
    page = Path(f"{args.report}.part")
    report.write(page, result, raster.png_bytes)
    return page


def _ground(job: Job, report):
    window = job.layout.window
    place = job.picture.georeference.of(window).ground(window.rows, window.cols)
    return None if place is None else report.Ground(*place)
