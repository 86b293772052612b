"""What a run writes at most at one time, and whether the disk has room for it."""

import shutil
from pathlib import Path
from typing import Callable, Dict

import numpy as np

from ..errors import StorageError
from ..journal.journal import folder_of
from ..journal.leftovers import size_in_words
from ..system import final_names
from .job import Job
from .outputs import Output

# Spectra of real pictures pack to 0.4 to 0.7 of their bytes.
PACKED_SHARE = 0.75
# Overviews add a quarter, a sixteenth...
OVERVIEW_SHARE = 1 / 3


def bytes_needed(job: Job, sheets: bool = False, journal: bool = True) -> int:
    """Estimate what the journal and the outputs beside it take on OUTPUT's disk.

    ``sheets``: whether the journal's units go as the output grows. ``journal``: whether there are
    any.

    Returns: bytes.
    """
    stored = _values(job, lambda output: job.encoding_of(output).item_bytes)
    if sheets and job.layout.margin is not None:
        spec = job.outputs
        return int(stored * PACKED_SHARE * (1 + spec.overviews * OVERVIEW_SHARE))
    files = sum(_file_bytes(job, output) for output in job.outputs.rasters)
    return int(files + (_journal_bytes(job, stored) if journal else 0))


def _file_bytes(job: Job, output: Output) -> float:
    """What ``output`` takes at most at one time: another format is made out of the plain file."""
    window, spec = job.layout.window, job.outputs
    values = window.rows * window.cols * job.band_count(output)
    values *= job.encoding_of(output).item_bytes
    packed = values * job.valid_share * PACKED_SHARE
    if final_names.is_envi(output.path):  # all pixels, nothing packed, no overviews
        return packed + values
    return packed * (1 + spec.overviews * OVERVIEW_SHARE) * (2 if spec.cog else 1)


def _values(job: Job, bytes_of: Callable[[Output], int]) -> float:
    """The bytes of all outputs' values, ``bytes_of`` each value."""
    window = job.layout.window
    a_pixel = sum(job.band_count(output) * bytes_of(output) for output in job.outputs.rasters)
    return window.rows * window.cols * a_pixel * job.valid_share


def _journal_bytes(job: Job, stored: float) -> float:
    layout = job.layout
    if layout.margin is not None:
        return stored
    # Blended tiles are kept whole, in float32; what they share is kept by each.
    shared = (layout.size / (layout.size - layout.overlap)) ** 2
    return _values(job, lambda _: np.dtype(np.float32).itemsize) * shared


def require_elsewhere(job: Job, output: str) -> None:
    """Check, as ``require`` does, the outputs that lie on other disks than ``output``.

    Raises: StorageError, with the figures, where one lacks room.
    """
    needs: Dict[int, float] = {}
    folders: Dict[int, Path] = {}
    for raster in job.outputs.rasters:
        folder = _folder_that_is_there(raster.path)
        disk = _disk_of(folder)
        folders[disk] = folder
        needs[disk] = needs.get(disk, 0) + _file_bytes(job, raster)
    needs.pop(_disk_of(_folder_that_is_there(output)), None)
    for disk, need in needs.items():
        _refuse_little(int(need), folders[disk])


def _disk_of(folder: Path) -> int:
    return folder.stat().st_dev


def _folder_that_is_there(path: str) -> Path:
    folder = Path(path).absolute().parent
    return folder if folder.is_dir() else folder.parent  # the stages' is still to be made


def require(output: str, need: int) -> None:
    """Check that the output's disk has room for ``need`` bytes.

    What an earlier run left in the journal is taken off.

    Raises: StorageError, with the figures, where it has not.
    """
    folder = folder_of(output)
    there = sum(path.stat().st_size for path in folder.glob("*.block"))
    _refuse_little(need - there, Path(output).absolute().parent)


def _refuse_little(need: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if need > free:
        raise StorageError(
            f"this run needs {size_in_words(need)}, {size_in_words(free)} are free on the disk of "
            f"'{folder}'",
            "free some space, choose another folder, or a smaller --extent",
        )
