"""A raster as a VRT over sheets: GeoTIFFs in a folder beside it, each made on its own.

No file and no process then holds the whole: sheets are made, and put together of their units, by
as many workers as there are. A finished sheet is marked in the journal, and its units go.
"""

import os
import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator, List, Tuple

from .. import tiling
from ..errors import InputError
from ..events import Events, Tally
from ..journal.unit_store import UnitStore
from ..system.cancellation import tidy
from ..system.durable_files import make_folder, storage_errors, sync_folder
from .estimation import Estimation, say_started
from .executor import Executor
from .job import Job
from .options import UpsampleOptions
from .outputs import Output
from .run_spec import RunSpec
from .work_units import LocalUnits, UnitMaker, keep
from .write_outputs import write_pieces, writers_of

SUFFIX = ".vrt"
# Marks of finished sheets: with a valid pixel, and without, which have no file.
FILLED, BARE = "sheet", "bare"


def is_vrt(path: str) -> bool:
    """Decide by its name whether an output is a VRT over sheets.

    Returns: whether it is.
    """
    return Path(path).suffix.lower() == SUFFIX


def check(options: UpsampleOptions) -> None:
    """Refuse options that do not go with sheets.

    Raises: InputError.
    """
    if options.sheet != UpsampleOptions.sheet and not is_vrt(options.output):
        raise InputError(
            f"--sheet is for a VRT over sheets, the output is '{options.output}'",
            "end the output in .vrt, or leave --sheet out",
        )
    for name in ("spread", "reliability"):
        path = getattr(options, name)
        if path and is_vrt(path) != is_vrt(options.output):
            raise InputError(
                f"the output is '{options.output}', the {name} '{path}'",
                "end both in .tif, or both in .vrt",
            )
    if options.keep_stages and is_vrt(options.output):
        raise InputError(
            "--keep-stages makes GeoTIFFs of a whole raster", "end the output in .tif for it"
        )


def folder_of(output: str) -> Path:
    """Find where the sheets of ``output`` lie, those of each run in a folder of their own.

    So an older output stays whole until the new one is.

    Returns: the folder.
    """
    return Path(output).with_suffix(".sheets")


def name_of(window: tiling.Window) -> str:
    """Name a sheet's file.

    Returns: the name.
    """
    return f"{window.row0}_{window.col0}.tif"


def windows(layout: tiling.Layout, side: int) -> Iterator[tiling.Window]:
    """Cut the layout's window into sheets of about ``side`` pixels per side: whole blocks.

    Returns: the windows, row by row.
    """
    whole, step = layout.window, max(1, side // layout.block_side()) * layout.block_side()
    for row0 in range(whole.row0, whole.row0 + whole.rows, step):
        for col0 in range(whole.col0, whole.col0 + whole.cols, step):
            rows = min(step, whole.row0 + whole.rows - row0)
            yield tiling.Window(row0, col0, rows, min(step, whole.col0 + whole.cols - col0))


def mark(kind: str, window: tiling.Window) -> str:
    """Name a finished sheet in the journal.

    Returns: the name.
    """
    return f"{kind}_{window.row0}_{window.col0}"


def make(
    job: Job, run: str, window: tiling.Window, maker: UnitMaker, store: UnitStore, events: Events
) -> Tuple[bool, int]:
    """Make the sheets of ``window``, one per output, in the folder of ``run``.

    Returns: whether there is a valid pixel, and the number of tiles.
    Raises: DeviceError, PackageError, StorageError.
    """
    estimation = Estimation(job, store, events, LocalUnits(maker, store), window)
    filled = _write(job, run, window, estimation)
    keep(store, mark(FILLED if filled else BARE, window), ())
    if job.layout.margin is not None:  # blended tiles are their neighbours' too
        for unit in (unit for piece in job.layout.pieces(window) for unit in piece.units):
            store.drop(unit.name)
    return filled, job.layout.count(window)


def produce(
    job: Job, spec: RunSpec, store: UnitStore, side: int, events: Events, executor: Executor
) -> "Produced":
    """Have ``executor`` make all sheets of about ``side`` pixels that the store has no mark of.

    Returns: the sheets that are there, those of an earlier run too.
    Raises: InputError, DeviceError, PackageError, StorageError.
    """
    wanted = list(windows(job.layout, side))
    total = sum(job.layout.count(window) for window in wanted)
    marks, missing = store.names(), []
    there = [window for window in wanted if {mark(FILLED, window), mark(BARE, window)} & marks]
    say_started(job, total, events, sum(map(job.layout.count, there)))
    tally, made = Tally(events, total), Produced([], 0)
    for window in wanted:
        filled = mark(FILLED, window) in marks
        if filled or mark(BARE, window) in marks:
            made.take(window, filled)
            made.reused += 1
            tally.part_done(job.layout.count(window))
        else:
            missing.append(window)
    for window, filled, count in executor.sheets(spec, job, store, missing, tally):
        made.take(window, filled)
        tally.part_done(count)
    made.filled.sort(key=lambda window: (window.row0, window.col0))
    return made


@dataclass
class Produced:
    """The sheets with a valid pixel; ``reused``: how many sheets an earlier run had finished."""

    filled: List[tiling.Window]
    reused: int

    def take(self, window: tiling.Window, filled: bool) -> None:
        """A sheet is there, or there is nothing for one."""
        if filled:
            self.filled.append(window)


def _write(job: Job, run: str, window: tiling.Window, estimation: Estimation) -> bool:
    """Write the sheets beside their places and move them there; whether there was a value."""
    outputs = job.outputs.rasters
    folders = [folder_of(output.path) / run for output in outputs]
    # Two workers may make one sheet, where one of them was given up too soon.
    name, making = name_of(window), f".making-{os.urandom(4).hex()}"
    with ExitStack() as stack:
        for folder in folders:
            make_folder(folder / making)
            stack.callback(shutil.rmtree, folder / making, ignore_errors=True)
        places = [folder / making / name for folder in folders]
        staged = replace(job, outputs=replace(job.outputs, rasters=_with_paths(outputs, places)))
        made = []
        for writer in writers_of(staged, window):
            stack.callback(tidy(writer.remove_parts))
            made.append(stack.enter_context(writer))
        filled = write_pieces(staged, window, made, estimation)
        if filled:
            for writer in made:
                writer.close()
            for writer, folder, place in zip(made, folders, places):
                writer.commit()
                _move(place, folder / name)
    return filled


def _with_paths(outputs: Tuple[Output, ...], places: List[Path]) -> Tuple[Output, ...]:
    return tuple(replace(output, path=str(place)) for output, place in zip(outputs, places))


def _move(made: Path, place: Path) -> None:
    with storage_errors(place):
        for path in made.parent.glob(f"{made.name}*"):  # a sidecar of a COG too
            path.replace(place.parent / path.name)
        sync_folder(place.parent)


def remove_others(output: str, run: str) -> None:
    """Remove what earlier and broken runs left among the sheets of ``output``."""
    folder = folder_of(output)
    for path in [*folder.glob("*"), *(folder / run).glob(".making-*")]:
        if path.name != run and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


def remove(output: str, run: str) -> None:
    """Remove the sheets of a run that is not to be gone on with."""
    shutil.rmtree(folder_of(output) / run, ignore_errors=True)
    with suppress(OSError):  # another run's sheets keep it
        folder_of(output).rmdir()
