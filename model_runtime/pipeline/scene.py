"""One raster made from beginning to end: radiometry -> tiles -> cascade -> outputs."""

import functools
import itertools
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Tuple

import numpy as np

from ..contract import ENVI_ENDS, MEAN_CONTENT, PART_SUFFIX, RELIABILITY_CONTENT, SPREAD_CONTENT
from ..diffusion.colour_correction import Coefficients
from ..diffusion.load import load_cascade
from ..diffusion.settings import Sampling
from ..errors import InputError, PackageError, StorageError
from ..events import Ending, Events
from ..journal import leftovers
from ..journal.journal import Journal, sweep, was_ending
from ..journal.unit_store import UnitStore, UnkeptStore
from ..package import embedded, manifest, model_card
from ..raster import band_choice
from ..raster.dataset import files_read
from ..raster.envi_file import check_envi_name, check_envi_place
from ..raster.reader import RasterReader
from ..raster.writer import GEOTIFF, check_name
from ..spectra.radiometry import Radiometry
from ..system import final_names
from ..system.cancellation import explain, tidy
from ..system.durable_files import GOES_ON, make_folder, storage_errors, sync_folder, write_durably
from ..system.target_locks import hold_locks
from ..tiling import Window
from . import (
    colour_places,
    disk_space,
    fingerprint,
    input_values,
    outputs,
    provenance,
    run_spec,
    sheets,
    vrt_mosaic,
)
from .estimation import Estimation
from .executor import Executor
from .job import Estimator, Job
from .options import UpsampleOptions, layout_of, sampling_of
from .run_spec import RunSpec
from .write_outputs import vrt_without_sources, write_pieces, writers_of

if TYPE_CHECKING:
    from ..raster.polygon_mask import PolygonMask

# What comes after the tiles (overviews, disk, report) counts as this share of their number,
ENDING_SHARE = 0.3
FILES_SHARE = 0.3  # and the files as this share of that, where there is a report too,
PREVIEW_SHARE = 0.4  # of which much is reading the outputs again, the rest drawing
PICTURES = 10  # or so.
REPORTED = (MEAN_CONTENT, SPREAD_CONTENT, RELIABILITY_CONTENT)
CHANGED_REMEDY = "leave the file alone while it is read, and run again"


def upsample_scene(
    options: UpsampleOptions, events: Events, executor: Executor, receipt: bool = False
) -> None:
    """Make the outputs of one raster by ``executor``.

    ``receipt``: leave word of the end in the journal, until it is settled.

    Raises: InputError, PackageError, DeviceError, StorageError, CancelledError.
    """
    since = time.monotonic()
    package = manifest.open_package(embedded.package_folder(options.model))

    model = package.manifest
    sampling = sampling_of(options, model)
    spec = outputs.spec_of(options, model, sampling.samples)
    targets = _targets(options, spec)
    _check_outputs(options, spec, targets)
    reader = _open_reader(options, model)
    _check_place(reader, spec)
    _refuse_inputs(options, targets, reader.files())
    inputs = fingerprint.fingerprint_files(reader.files())
    run = Run(events, since, reader, inputs, executor, package, targets)
    job = _job(options, run, sampling, spec)
    facts = provenance.facts_of(job, package.sha256, fingerprint.digest_of(reader.path))
    job = replace(job, outputs=replace(spec, tags=facts.settings))
    job = executor.fit(options, job, events.warning)
    for message in facts.warnings:
        events.warning(message)
    reused = _make_with_journal(options, job, facts, run, receipt)
    seconds = time.monotonic() - since
    events.done(
        options.output, seconds, **provenance.done_facts(options, job, facts), reused=reused
    )


@dataclass(frozen=True)
class Run:
    """What a run has beside its job: whom to tell, when it began, what it reads and writes."""

    events: Events
    since: float
    reader: RasterReader
    inputs: Dict[str, str]
    executor: Executor
    package: manifest.ModelPackage
    targets: List[final_names.Target]


def _make_with_journal(
    options: UpsampleOptions, job: Job, facts: provenance.Facts, run: Run, receipt: bool
) -> int:
    """Make the outputs, leaving what is finished for a later run if this one is cut short.

    A refusal of the model or the input would come again, so its journal goes.
    """
    with Journal(options.output) as journal, ExitStack() as stack:
        stack.enter_context(hold_locks(outputs.beside(options)))
        if not options.resume:
            stack.callback(tidy(journal.leave))
        key = provenance.run_facts(options, job, facts, run.inputs)
        ending = options.resume and journal.was_ending(key)
        if ending and journal.was_over() and all(t.path.exists() for t in run.targets):
            if receipt:
                journal.leave_receipt()
            return job.layout.count()
        if not journal.holds(key):  # but another run's: neither it nor its outputs are touched
            journal.keep()
            _refuse_existing(options, run.targets)
            _refuse_foreign_sheets(options, job.outputs)
        journal.begin(key, options.resume, run.events, options.unfinished)
        explain(functools.partial(_describe_leftover, journal, job))
        try:
            _require_disk(options, job)
            reused = _produce(options, job, journal, facts, run, options.overwrite or ending)
            if receipt:
                journal.leave_receipt()
            return reused
        except (InputError, PackageError):
            raise
        except BaseException:
            if options.resume:
                journal.keep()
            raise


def _describe_leftover(journal: Journal, job: Job) -> Tuple[str, str]:
    layout = job.layout
    return leftovers.describe_kept(
        journal.folder, journal.run, layout.count(), layout.tiles_of_a_unit
    )


def _open_reader(options: UpsampleOptions, model: manifest.Manifest) -> RasterReader:
    """The input with its red, green and blue where the model has them: released ones are BGR."""
    wanted = model.input_bands
    bands = None if options.bands is None else band_choice.in_model_order(options.bands, wanted)
    return RasterReader(options.input, bands, wanted)


def _check_outputs(
    options: UpsampleOptions, spec: outputs.OutputSpec, targets: List[final_names.Target]
) -> None:
    for option, folder in outputs.folders_of(options).items():
        outputs.check_folder(option, folder)
    if options.draws:
        outputs.refuse_other_samples(options.draws, spec.rasters)
    sheets.check(options)
    outputs.check_format(options)
    vrt = sheets.is_vrt(options.output)
    kinds = (sheets.SUFFIX,) if vrt else (*GEOTIFF, *ENVI_ENDS, sheets.SUFFIX)
    for output in spec.rasters:
        if not output.in_new_folder:
            check_name(output.path, kinds)
        if final_names.is_envi(output.path):
            check_envi_name(output.path)
    if options.report:
        from ..report import html_page

        html_page.check_name(Path(options.report))
    read = options.input, options.radiometry_from, options.calibration, options.mask
    final_names.refuse_inputs(targets, [path for path in read if path])
    final_names.refuse_shared(targets)
    sweep(options.output)
    if not (options.resume and was_ending(options.output)):
        _refuse_existing(options, targets)


def _check_place(reader: RasterReader, spec: outputs.OutputSpec) -> None:
    """Raise InputError where an output's format cannot say where the raster lies."""
    place = reader.georeference
    if any(final_names.is_envi(output.path) for output in spec.rasters):
        check_envi_place(place.geotransform, bool(place.gcps))


def _targets(options: UpsampleOptions, spec: outputs.OutputSpec) -> List[final_names.Target]:
    """All files that the run makes."""
    targets = [
        final_names.mosaic(output.path, sheets.folder_of(output.path))
        if sheets.is_vrt(output.path)
        else final_names.raster(output.path)
        for output in spec.rasters
    ]
    return [*targets, *([final_names.page(options.report)] if options.report else [])]


def _refuse_inputs(
    options: UpsampleOptions, targets: List[final_names.Target], files: List[str]
) -> None:
    """Raise InputError where the run would write what it reads: a VRT's sources too."""
    reference = files_read(options.radiometry_from) if options.radiometry_from else []
    final_names.refuse_inputs(targets, [*files, *reference])


def _refuse_existing(options: UpsampleOptions, targets: List[final_names.Target]) -> None:
    if not options.overwrite:
        final_names.refuse_existing(targets)


def _refuse_foreign_sheets(options: UpsampleOptions, spec: outputs.OutputSpec) -> None:
    for output in spec.rasters if sheets.is_vrt(options.output) else ():
        folder = sheets.folder_of(output.path)
        if any(folder.glob("*/*.tif")) and not options.overwrite:
            raise InputError(f"'{folder}' exists", final_names.OVERWRITE)


def _job(options: UpsampleOptions, run: Run, sampling: Sampling, spec: outputs.OutputSpec) -> Job:
    model, reader = run.package.manifest, run.reader
    runtime, cascade = run.executor.prepare(options, run.package.folder, model)
    window = reader.whole if options.extent is None else reader.window(options.extent)
    layout = layout_of(options.tile, options.overlap, model.tile, reader.whole, window)
    values = input_values.understand(reader, options, model)
    mask = _mask(options, reader, window)
    return Job(
        reader=reader,
        model=model,
        layout=layout,
        radiometry=values.radiometry,
        sampling=replace(
            sampling,
            level_guessed=values.radiometry.is_guess,
            colours=_colours(options, run, values.radiometry, cascade),
        ),
        outputs=spec,
        runtime=runtime,
        cascade=cascade,
        valid_share=_valid_share(options, values.valid_share, mask, window),
        mask=mask,
    )


def _colours(
    options: UpsampleOptions, run: Run, radiometry: Radiometry, cascade: Optional[Estimator]
) -> Optional[Coefficients]:
    """The picture's colour correction; where others compute, this process estimates for it."""
    model, folder = run.package.manifest, run.package.folder

    def open_estimator() -> Estimator:
        return cascade or load_cascade(folder, model, "cpu", options.threads)

    return colour_places.fit_colours(run.reader, radiometry, model, open_estimator)


def _mask(
    options: UpsampleOptions, reader: RasterReader, window: Window
) -> Optional["PolygonMask"]:
    if options.mask is None:
        return None
    from ..raster.polygon_mask import read_mask

    place = options.mask, options.mask_layer, reader.georeference
    return read_mask(*place, window, reader.whole)


def _valid_share(
    options: UpsampleOptions, of_whole: float, mask: Optional["PolygonMask"], window: Window
) -> float:
    """At most how much of ``window`` is valid, 0 to 1."""
    share = of_whole if options.extent is None else 1.0
    return share if mask is None else min(share, mask.share_of(window))


def _require_disk(options: UpsampleOptions, job: Job) -> None:
    in_sheets = sheets.is_vrt(options.output)
    need = disk_space.bytes_needed(job, in_sheets, in_sheets or _keeps_units(options, job))
    disk_space.require(options.output, need)
    disk_space.require_elsewhere(job, options.output)


def _keeps_units(options: UpsampleOptions, job: Job) -> bool:
    """Whether units of one file go to the disk: for a later run, from workers, or to be blended."""
    return options.resume or bool(options.cluster) or job.layout.margin is None


@dataclass(frozen=True)
class Whole:
    """Outputs that are whole, in ``parts`` beside their names until ``commit``; units reused."""

    parts: List[Path]
    commit: Callable[[bool], None]
    reused: int


def _produce(
    options: UpsampleOptions,
    job: Job,
    journal: Journal,
    facts: provenance.Facts,
    run: Run,
    overwrite: bool,
) -> int:
    """Make all outputs; none has its final name before all are whole. Units reused."""
    share = run.executor.share(options)
    spec = run_spec.spec_of(options, job, run.inputs, run.package.sha256, journal, share)
    make = _in_sheets if sheets.is_vrt(options.output) else _in_files
    ending = Ending(run.events, job.layout.count(), ENDING_SHARE)
    run = replace(run, events=ending)
    with ExitStack() as stack:
        whole = make(options, job, spec, journal.store, run, stack)
        known = replace(facts, warnings=[*facts.warnings, *ending.warnings])
        page = _report(options, job, known, whole.parts, run)
        if page is not None:
            stack.callback(page.unlink, missing_ok=True)
        if not overwrite:
            final_names.refuse_appeared(run.targets)
        journal.mark_ending()
        whole.commit(overwrite)
        if page is not None and options.report:
            with storage_errors(options.report):
                final_names.give_name(page, Path(options.report), overwrite)
    ending.at("", 1.0)
    return whole.reused


def _in_files(
    options: UpsampleOptions, job: Job, spec: RunSpec, store: UnitStore, run: Run, stack: ExitStack
) -> Whole:
    """Make all outputs as one file each; ``stack`` removes what is left half-written."""
    _make_folders(options, stack)
    if not _keeps_units(options, job):
        store = UnkeptStore(store.folder)
    window = job.layout.window
    made = [_enter_with_cleanup(stack, writer) for writer in writers_of(job, window)]
    source = run.executor.source(spec, job, store, run.events.warning)
    estimation = Estimation(job, store, run.events, source)
    write_pieces(job, window, made, estimation)
    _refuse_changed(run.inputs)
    for number, writer in enumerate(made):

        def tell(doing: str, share: float, number: int = number) -> None:
            run.events.at(
                doing, (number + share) / len(made) * (FILES_SHARE if options.report else 1)
            )

        writer.close(tell)

    def commit(overwrite: bool) -> None:
        for writer in made:
            writer.commit(overwrite)

    return Whole([writer.part for writer in made], commit, estimation.reused)


def _make_folders(options: UpsampleOptions, stack: ExitStack) -> None:
    """Make the folders of outputs; ``stack`` removes those that stay empty."""
    for folder in outputs.folders_of(options).values():
        make_folder(folder)
        stack.callback(outputs.drop_if_empty, folder)


def _in_sheets(
    options: UpsampleOptions, job: Job, spec: RunSpec, store: UnitStore, run: Run, stack: ExitStack
) -> Whole:
    """Make all outputs as VRTs over sheets; a VRT is there when its sheets are."""
    _make_folders(options, stack)
    if not options.resume:
        for output in job.outputs.rasters:
            discard = functools.partial(sheets.remove, output.path, spec.run)
            stack.push(lambda kind, *_, discard=discard: kind and discard())
            stack.callback(tidy(discard))
    made = sheets.produce(job, spec, store, options.sheet, run.events, run.executor)
    _refuse_changed(run.inputs)
    parts = [_vrt(job, spec.run, output, made.filled, stack) for output in job.outputs.rasters]

    def commit(overwrite: bool) -> None:
        for part, output in zip(parts, job.outputs.rasters):
            with storage_errors(output.path):
                final_names.give_name(part, Path(output.path), overwrite)
                sync_folder(Path(output.path).parent)
            sheets.remove_others(output.path, spec.run)

    return Whole(parts, commit, made.reused)


def _vrt(job: Job, run: str, output: outputs.Output, made: List[Window], stack: ExitStack) -> Path:
    """The VRT of an output, beside its final name."""
    part = Path(f"{output.path}{PART_SUFFIX}")
    stack.callback(tidy(lambda: part.unlink(missing_ok=True)))
    folder = f"{sheets.folder_of(output.path).name}/{run}"
    text = vrt_mosaic.text(vrt_without_sources(job, output), job.layout.window, made, folder)
    with storage_errors(part, GOES_ON):
        write_durably(part, text.encode("utf-8"))
    return part


def _enter_with_cleanup(stack: ExitStack, writer):
    """``writer``, entered, with its half-written file gone however the run ends."""
    stack.callback(tidy(writer.remove_parts))
    return stack.enter_context(writer)


def _refuse_changed(inputs: Dict[str, str]) -> None:
    """Raise StorageError when an input file is no longer what it was when the run began."""
    now = fingerprint.fingerprint_files(list(inputs))
    for path, was in inputs.items():
        if now[path] != was:
            what = "is gone" if now[path] == "gone" else "was changed"
            raise StorageError(f"'{path}' {what} while it was read", CHANGED_REMEDY)


def _report(
    options: UpsampleOptions, job: Job, facts: provenance.Facts, parts: List[Path], run: Run
) -> Optional[Path]:
    """The report of the rasters ``parts``, beside its final name; None when none is asked for."""
    if not options.report:
        return None
    from ..raster.cube import read_preview
    from ..raster.png import png_bytes
    from ..report import estimate_report

    side = estimate_report.PREVIEW_SIDE
    raw, valid = run.reader.preview(job.layout.window, side)
    if job.mask is not None:
        rows, cols = valid.shape
        valid &= job.mask.inside(job.layout.window, (rows, cols))
    rgb = np.where(valid, job.radiometry.apply(raw), np.nan)
    made = {output.content: part for output, part in zip(job.outputs.rasters, parts)}
    shown = {name: made[name] for name in REPORTED if name in made}
    previews = {}
    for number, (content, part) in enumerate(shown.items()):

        def tell(share: float, number: int = number) -> None:
            read = PREVIEW_SHARE * (number + share) / len(shown)
            run.events.at("report", FILES_SHARE + (1 - FILES_SHARE) * read)

        previews[content] = read_preview(str(part), side, tell)
    seconds = time.monotonic() - run.since
    window = job.layout.window
    place = job.reader.georeference.of(window).ground(window.rows, window.cols)
    result = estimate_report.Result(
        input_name=Path(options.input).name,
        rgb=rgb,
        cube=previews[MEAN_CONTENT],
        model=job.model,
        card=model_card.card_text(run.package.folder, job.model),
        spread=previews.get(SPREAD_CONTENT),
        reliability=previews.get(RELIABILITY_CONTENT),
        ground=None if place is None else estimate_report.Ground(*place),
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

    page = Path(f"{options.report}{PART_SUFFIX}")
    estimate_report.write(page, result, encode)
    return page
