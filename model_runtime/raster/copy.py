"""Copies a raster into another format with all that it says of its bands."""

import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Callable, Iterator, List

from ..contract import PART_SUFFIX
from ..errors import InputError, StorageError, one_line
from ..system import final_names
from ..system.cancellation import tidy
from ..system.durable_files import sync_file, sync_folder, write_durably
from ..system.file_lock import take_lock
from .dataset import DAMAGED, files_read, open_dataset, open_with_sidecars
from .envi_file import check_envi_name, check_envi_place
from .format_copy import CUT_OFF, make_copy, refuse_cut_off
from .writer import WritingErrors, check_name

READING_SIGNS = ("IReadBlock", "TIFFRead", "Read error", "ReadEncoded", CUT_OFF)
LOCK_NAME, ENDING_NAME = "lock", "ending"


def check_copy(source: str, output: str, form: str, overwrite: bool) -> None:
    """Check that ``output`` can be a copy of ``source`` in ``form``, one of COPY_DRIVERS.

    Raises: InputError where it cannot.
    """
    dataset = open_dataset(source)
    if form == "cog":
        check_name(output)
        target = final_names.geotiff(output)
    else:
        check_envi_name(output)
        check_envi_place(dataset.GetGeoTransform(can_return_null=True), dataset.GetGCPCount() > 0)
        target = final_names.envi(output)
    folder = _folder_beside(Path(output))
    unfinished = _ending(folder) == _command(source, form)
    if folder.is_dir() and not unfinished:
        _sweep(folder)
    final_names.check([target], files_read(source), overwrite or unfinished)


def copy_as(
    source: str, output: str, form: str, tell: Callable[[float], None], overwrite: bool = True
) -> None:
    """Copy ``source`` with all that it says of its bands; ``tell`` hears the share that is done.

    Call ``check_copy`` first. If it fails, what was there is left as it was.

    Raises: InputError for an unreadable source, StorageError.
    """
    dataset, target = open_with_sidecars(source), Path(output)
    overwrite = overwrite or _ending(_folder_beside(target)) == _command(source, form)
    with _place_beside(target) as made, WritingErrors(target):
        try:
            make_copy(dataset, made, form, tell, target.name)
        except RuntimeError as error:
            if _is_damaged(dataset, error):
                raise InputError(
                    f"'{source}' cannot be read ({one_line(error)})", DAMAGED
                ) from error.with_traceback(None)
            raise
        refuse_cut_off(dataset, made, form)
        for path in _files_beside(made):
            sync_file(path)
        # From now on the same command may replace what this one has given its name.
        write_durably(made.parent / ENDING_NAME, _command(source, form))
        sync_folder(made.parent)
        _move_all(made, target, overwrite)


def _command(source: str, form: str) -> bytes:
    return os.fsencode(f"{form} of {Path(source).absolute()}")


def _ending(folder: Path) -> bytes:
    """What the run was that was cut off there while its files got their names; b"" for none."""
    try:
        return (folder / ENDING_NAME).read_bytes()
    except OSError:
        return b""


def _folder_beside(target: Path) -> Path:
    return target.parent / f".{target.name}{PART_SUFFIX}"


def _is_damaged(dataset, error: RuntimeError) -> bool:
    """Whether the source, and not the disk, is why a copy failed.

    GDAL has no types of errors: one that speaks of reading may be of its own half-written file.
    """
    if not any(sign in str(error) for sign in READING_SIGNS):
        return False
    try:
        for number in range(1, dataset.RasterCount + 1):
            dataset.GetRasterBand(number).Checksum()
    except RuntimeError:
        return True
    return False


@contextmanager
def _place_beside(target: Path) -> Iterator[Path]:
    """A path of the same name in a hidden folder beside ``target``; the folder goes.

    It has one name and a lock, so that what a killed run left there is found and removed.
    """
    folder = _folder_beside(target)
    with WritingErrors(target):
        folder.mkdir(exist_ok=True)
        lock = take_lock(folder / LOCK_NAME)
    if lock is None:
        raise StorageError(f"another run is making '{target}'", "wait for it, or name another file")
    remove = tidy_folder(folder)
    try:
        with WritingErrors(target):
            _empty(folder)
        yield folder / target.name
    finally:
        remove()
        os.close(lock)


def tidy_folder(folder: Path) -> Callable[[], None]:
    """Register the removal of ``folder`` before a forced exit.

    Returns: a function that removes it now.
    """

    def remove() -> None:
        with suppress(OSError):
            _empty(folder)  # the mark of the end last: until then the same run may still end
        shutil.rmtree(folder, ignore_errors=True)

    done = tidy(remove)

    def now() -> None:
        remove()
        done()

    return now


def _sweep(folder: Path) -> None:
    """Remove what a killed run left, if that is not still running."""
    with suppress(OSError):
        lock = take_lock(folder / LOCK_NAME)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _empty(folder: Path) -> None:
    """Without the mark of an end: until the new one, what has its name may be replaced."""
    for path in folder.iterdir():
        if path.name not in (LOCK_NAME, ENDING_NAME):
            path.unlink()


def _files_beside(made: Path) -> List[Path]:
    own = LOCK_NAME, ENDING_NAME
    return [path for path in made.parent.iterdir() if path.name not in own]


def _move_all(made: Path, target: Path, overwrite: bool) -> None:
    """Move ``made`` and its sidecars beside ``target``, the raster itself last."""
    if overwrite:
        Path(f"{target}.aux.xml").unlink(missing_ok=True)
    for path in sorted(_files_beside(made), key=lambda path: path == made):
        final_names.give_name(path, target.parent / path.name, overwrite)
    sync_folder(target.parent)
