"""A raster as a VRT over sheets: GeoTIFFs in a folder beside it, each made on its own.

No file and no process then holds the whole: sheets are made, and put together of their blocks, by
as many workers as there are. A finished sheet is marked in the journal, and its blocks go.
"""

import shutil
import uuid
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator, List, Tuple

from .. import tiling
from ..errors import InputError, StorageError
from ..events import Events, Tally
from ..journal.block_store import Store, sync_folder
from ..system.cancellation import tidy
from .estimation import Estimation, Here, Job, UnitMaker, keep, say_started
from .outputs import Output
from .production import fill, stored_as, writers

SUFFIX = ".vrt"
# Marks of finished sheets: with a valid pixel, and without, which have no file.
FILLED, BARE = "sheet", "bare"


def asked_for(path: str) -> bool:
    """Whether an output of this name is a VRT over sheets."""
    return Path(path).suffix.lower() == SUFFIX


def check(args) -> None:
    """Raise InputError for options that do not go with sheets."""
    if args.spread and asked_for(args.spread) != asked_for(args.output):
        raise InputError(
            f"the output is '{args.output}', the spread '{args.spread}'",
            "end both in .tif, or both in .vrt",
        )
    if args.keep_stages and asked_for(args.output):
        raise InputError(
            "--keep-stages makes GeoTIFFs of a whole raster", "end the output in .tif for it"
        )


def folder_of(output: str) -> Path:
    """Where the sheets of ``output`` lie, those of each run in a folder of their own.

    So an older output stays whole until the new one is.
    """
    return Path(output).with_suffix(".sheets")


def name_of(window: tiling.Window) -> str:
    """A sheet's file."""
    return f"{window.row0}_{window.col0}.tif"


def windows(layout: tiling.Layout, side: int) -> Iterator[tiling.Window]:
    """The window in sheets of about ``side`` pixels a side: whole blocks of the layout."""
    whole, step = layout.window, max(1, side // layout.block_side()) * layout.block_side()
    for row0 in range(whole.row0, whole.row0 + whole.rows, step):
        for col0 in range(whole.col0, whole.col0 + whole.cols, step):
            rows = min(step, whole.row0 + whole.rows - row0)
            yield tiling.Window(row0, col0, rows, min(step, whole.col0 + whole.cols - col0))


def mark(kind: str, window: tiling.Window) -> str:
    """The name in the journal of a finished sheet."""
    return f"{kind}_{window.row0}_{window.col0}"


def make(
    job: Job, order, window: tiling.Window, maker: UnitMaker, store: Store, events: Events
) -> Tuple[bool, int]:
    """Make the sheets of ``window``, one an output; (whether there is a valid pixel, tiles).

    Raises DeviceError, PackageError, StorageError.
    """
    stored, count = stored_as(job, order.asked), len(order.asked.outputs)
    estimation = Estimation(job, stored, count, store, events, Here(maker, store), window)
    filled = _write(job, order, window, estimation)
    keep(store, mark(FILLED if filled else BARE, window), ())
    if job.layout.margin is not None:  # blended tiles are their neighbours' too
        for unit in (unit for piece in job.layout.pieces(window) for unit in piece.units):
            store.drop(unit.name)
    return filled, job.layout.count(window)


def produce(job: Job, order, store: Store, side: int, events: Events, engine) -> "Produced":
    """Have ``engine`` make all sheets that the store has no mark of."""
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
    for window, filled, count in engine.sheets(order, job, store, missing, tally):
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


def _write(job: Job, order, window: tiling.Window, estimation: Estimation) -> bool:
    """Write the sheets beside their places and move them there; whether there was a value."""
    asked = order.asked
    folders = [folder_of(output.path) / order.run for output in asked.outputs]
    # Two workers may make one sheet, where one of them was given up too soon.
    name, making = name_of(window), f".making-{uuid.uuid4().hex[:8]}"
    with ExitStack() as stack:
        for folder in folders:
            make_folder(folder / making)
            stack.callback(shutil.rmtree, folder / making, ignore_errors=True)
        places = [folder / making / name for folder in folders]
        staged = replace(asked, outputs=_moved(asked.outputs, places))
        made = []
        for writer in writers(job, staged, window):
            stack.callback(tidy(writer.remove_parts))
            made.append(stack.enter_context(writer))
        filled = fill(made, staged, window, estimation)
        if filled:
            for writer in made:
                writer.close()
            for writer, folder, place in zip(made, folders, places):
                writer.commit()
                _move(place, folder / name)
    return filled


def _moved(outputs: Tuple[Output, ...], places: List[Path]) -> Tuple[Output, ...]:
    return tuple(replace(output, path=str(place)) for output, place in zip(outputs, places))


def _move(made: Path, place: Path) -> None:
    try:
        for path in made.parent.glob(f"{made.name}*"):  # a sidecar of a COG too
            path.replace(place.parent / path.name)
        sync_folder(place.parent)
    except OSError as error:
        raise StorageError(
            f"'{place}' cannot be written ({error.strerror})", "see that the folder is writable"
        ) from error


def make_folder(folder: Path) -> None:
    """Make ``folder``, and those above it, where they are missing; raises StorageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"the folder '{folder}' cannot be made ({error.strerror})", "choose another output"
        ) from error


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
