"""One raster made from beginning to end: radiometry -> tiles -> cascade -> outputs."""

import functools
import itertools
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np

from ..diffusion.cascade import Sampling
from ..errors import InputError, PackageError, StorageError
from ..events import Ending, Events
from ..journal import leftovers
from ..journal.block_store import Store, write_durably
from ..journal.journal import Journal, was_ending
from ..package import embedded, manifest, model_card
from ..raster import band_choice
from ..raster.cube import read_preview
from ..raster.png import png_bytes
from ..raster.reader import Picture
from ..raster.writer import GEOTIFF, check_output
from ..system.cancellation import explain, tidy
from . import (
    disk_space,
    fingerprint,
    input_values,
    options,
    outputs,
    provenance,
    sheets,
    vrt_mosaic,
)
from .estimation import Estimation, Job
from .production import Asked, described_vrt, fill, stored_as, writers
from .run_spec import Order, order_of

# What comes after the tiles (overviews, disk, report) counts as this share of their number,
ENDING_SHARE = 0.3
FILES_SHARE = 0.3  # and the files as this share of that, where there is a report too,
PREVIEW_SHARE = 0.4  # of which much is reading the outputs again, the rest drawing
PICTURES = 10  # or so.
CHANGED_REMEDY = "leave the file alone while it is read, and run again"


def one(args, events: Events, engine) -> None:
    """Make the outputs of one raster by ``engine``; raises the ScdmErrors of all its parts."""
    since = time.monotonic()
    folder = embedded.folder_of(args.model)
    model = manifest.read(folder)
    sampling = options.sampling_of(args, model)

    _check_outputs(args, outputs.wanted(args, model))
    picture = _picture(args, model)
    run = Run(events, since, fingerprint.of_files(picture.files()), engine)
    job = _job(args, picture, model, sampling, engine.network(args, folder, model))
    facts = provenance.facts_of(job, folder)
    asked = _asked(args, model, facts)
    job = engine.fitted(args, job, asked, events.warning)
    for message in facts.warnings:
        events.warning(message)
    reused = _journalled(args, job, asked, facts, run)
    seconds = time.monotonic() - since
    events.done(args.output, seconds, **provenance.last_words(args, job, facts), reused=reused)


@dataclass(frozen=True)
class Run:
    """What a run has beside its job: whom to tell, when it began, which files it reads, by what."""

    events: Events
    since: float
    inputs: Dict[str, str]
    engine: Any


def _asked(args, model: manifest.Manifest, facts: provenance.Facts) -> Asked:
    wanted = tuple(outputs.wanted(args, model))
    return Asked(wanted, args.dtype, facts.settings, args.overviews, args.format == "cog")


def _journalled(args, job: Job, asked: Asked, facts: provenance.Facts, run: Run) -> int:
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
            _refuse_foreign_sheets(args, asked)
        journal.begin(key, args.resume, run.events, args.unfinished)
        explain(functools.partial(_left, journal, job))
        try:
            _require_disk(args, job, asked)
            return _produce(args, job, asked, journal, facts, run)
        except (InputError, PackageError):
            raise
        except BaseException:
            if args.resume:
                journal.keep()
            raise


def _left(journal: Journal, job: Job) -> Tuple[str, str]:
    layout = job.layout
    return leftovers.kept(journal.folder, journal.run, layout.count(), layout.tiles_of_a_unit)


def _picture(args, model: manifest.Manifest) -> Picture:
    """The input with its red, green and blue where the model has them: released ones are BGR."""
    wanted = model.input_bands
    bands = None if args.bands is None else band_choice.in_model_order(args.bands, wanted)
    return Picture(args.input, bands, wanted)


def _check_outputs(args, asked: List[outputs.Output]) -> None:
    if args.keep_stages:
        outputs.check_folder(args.keep_stages)
    sheets.check(args)
    taken = [path for path in (args.input, args.radiometry_from) if path]
    kinds = (sheets.SUFFIX,) if sheets.asked_for(args.output) else (*GEOTIFF, sheets.SUFFIX)
    for output in asked:
        if not output.in_new_folder:
            check_output(output.path, taken, kinds)
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


def _refuse_foreign_sheets(args, asked: Asked) -> None:
    for output in asked.outputs if sheets.asked_for(args.output) else ():
        folder = sheets.folder_of(output.path)
        if any(folder.glob("*/*.tif")) and not args.overwrite:
            raise InputError(
                f"'{folder}' exists", "give --overwrite to replace it, or another name"
            )


def _job(args, picture, model: manifest.Manifest, sampling: Sampling, network) -> Job:
    window = picture.whole if args.extent is None else picture.window(args.extent)
    layout = options.layout_of(args.tile, args.overlap, model.tile, picture, window)
    values = input_values.understand(picture, args.radiometry, args.radiometry_from, model)
    share = values.valid_share if args.extent is None else 1.0
    keep_stages = bool(args.keep_stages)
    return Job(picture, model, layout, values.radiometry, network, sampling, share, keep_stages)


def _require_disk(args, job: Job, asked: Asked) -> None:
    stored, count = stored_as(job, asked), len(asked.outputs)
    in_sheets = sheets.asked_for(args.output)
    disk_space.require(
        args.output, disk_space.needed(job, stored, count, asked.overviews, asked.cog, in_sheets)
    )


@dataclass(frozen=True)
class Whole:
    """Outputs that are whole, in ``parts`` beside their names until ``commit``; units reused."""

    parts: List[Path]
    commit: Callable[[], None]
    reused: int


def _produce(args, job: Job, asked: Asked, journal: Journal, facts, run: Run) -> int:
    """Make all outputs; none has its final name before all are whole. Units reused."""
    order = order_of(args, job, asked, run.inputs, journal, run.engine)
    make = _in_sheets if sheets.asked_for(args.output) else _in_files
    ending = Ending(run.events, job.layout.count(), ENDING_SHARE)
    run = replace(run, events=ending)
    with ExitStack() as stack:
        whole = make(args, job, order, journal.store, run, stack)
        page = _report(args, job, facts, whole.parts, run)
        if page is not None:
            stack.callback(page.unlink, missing_ok=True)
        journal.mark_ending()
        whole.commit()
        if page is not None:
            page.replace(args.report)
    ending.at("", 1.0)
    return whole.reused


def _in_files(args, job: Job, order: Order, store: Store, run: Run, stack: ExitStack) -> Whole:
    """Make all outputs as one file each; ``stack`` removes what is left half-written."""
    if args.keep_stages:
        outputs.make_folder(args.keep_stages)
        stack.callback(outputs.drop_if_empty, args.keep_stages)
    asked, window = order.asked, job.layout.window
    made = [_tidied(stack, writer) for writer in writers(job, asked, window)]
    source = run.engine.source(order, job, store, run.events.warning)
    stored = stored_as(job, asked)
    estimation = Estimation(job, stored, len(made), store, run.events, source)
    fill(made, asked, window, estimation)
    _refuse_changed(run.inputs)
    for number, writer in enumerate(made):

        def tell(doing: str, share: float, number: int = number) -> None:
            run.events.at(doing, (number + share) / len(made) * (FILES_SHARE if args.report else 1))

        writer.close(tell)

    def commit() -> None:
        for writer in made:
            writer.commit()

    return Whole([writer.part for writer in made], commit, estimation.reused)


def _in_sheets(args, job: Job, order: Order, store: Store, run: Run, stack: ExitStack) -> Whole:
    """Make all outputs as VRTs over sheets; a VRT is there when its sheets are."""
    if not args.resume:
        for output in order.asked.outputs:
            discard = functools.partial(sheets.remove, output.path, order.run)
            stack.push(lambda kind, *_, discard=discard: kind and discard())
            stack.callback(tidy(discard))
    made = sheets.produce(job, order, store, args.sheet, run.events, run.engine)
    _refuse_changed(run.inputs)
    parts = [_vrt(job, order, output, made.filled, stack) for output in order.asked.outputs]

    def commit() -> None:
        for part, output in zip(parts, order.asked.outputs):
            part.replace(output.path)
            sheets.remove_others(output.path, order.run)

    return Whole(parts, commit, made.reused)


def _vrt(job: Job, order: Order, output: outputs.Output, made: List, stack: ExitStack) -> Path:
    """The VRT of an output, beside its final name."""
    part = Path(f"{output.path}.part")
    stack.callback(tidy(lambda: part.unlink(missing_ok=True)))
    folder = f"{sheets.folder_of(output.path).name}/{order.run}"
    described = described_vrt(job, order.asked, output)
    text = vrt_mosaic.text(described, job.layout.window, made, folder)
    try:
        write_durably(part, text.encode("utf-8"))
    except OSError as error:
        raise StorageError(
            f"'{part}' cannot be written ({error.strerror})",
            "make room on the disk and run the same again: it goes on from here",
        ) from error
    return part


def _tidied(stack: ExitStack, writer):
    """``writer``, entered, with its half-written file gone however the run ends."""
    stack.callback(tidy(writer.remove_parts))
    return stack.enter_context(writer)


def _refuse_changed(inputs: Dict[str, str]) -> None:
    """Raise StorageError when an input file is no longer what it was when the run began."""
    now = fingerprint.of_files(list(inputs))
    for path, was in inputs.items():
        if now[path] != was:
            what = "is gone" if now[path] == "gone" else "was changed"
            raise StorageError(f"'{path}' {what} while it was read", CHANGED_REMEDY)


def _report(args, job: Job, facts: provenance.Facts, parts: List[Path], run: Run):
    """The report of the rasters ``parts``, beside its final name; None when none is asked for."""
    if not args.report:
        return None
    from ..report import estimate_report

    side = estimate_report.PREVIEW_SIDE
    raw, valid = job.picture.preview(job.layout.window, side)
    rgb = np.where(valid, job.radiometry.apply(raw), np.nan)
    shown = [parts[0], *([parts[-1]] if args.spread else [])]
    previews = []
    for number, part in enumerate(shown):

        def tell(share: float, number: int = number) -> None:
            read = PREVIEW_SHARE * (number + share) / len(shown)
            run.events.at("report", FILES_SHARE + (1 - FILES_SHARE) * read)

        previews.append(read_preview(part, side, tell))
    seconds = time.monotonic() - run.since
    result = estimate_report.Result(
        input_name=Path(args.input).name,
        rgb=rgb,
        cube=previews[0],
        model=job.model,
        card=model_card.card_text(embedded.folder_of(args.model), job.model),
        spread=previews[1] if len(previews) > 1 else None,
        ground=_ground(job, estimate_report),
        settings=facts.settings,
        run={**facts.run, "seconds": f"{seconds:.1f}"},
        warnings=facts.warnings,
    )
    drawn = itertools.count()

    def encode(picture: np.ndarray) -> bytes:
        shown = min(1.0, next(drawn) / PICTURES)
        share = PREVIEW_SHARE + (1 - PREVIEW_SHARE) * shown
        run.events.at("report", FILES_SHARE + (1 - FILES_SHARE) * share)
        return png_bytes(picture)

    page = Path(f"{args.report}.part")
    estimate_report.write(page, result, encode)
    return page


def _ground(job: Job, report):
    window = job.layout.window
    place = job.picture.georeference.of(window).ground(window.rows, window.cols)
    return None if place is None else report.Ground(*place)
