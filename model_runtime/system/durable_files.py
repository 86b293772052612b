"""Files that are on the disk when they are said to be: written, synchronised, renamed.

The one way for all of the runtime: ``atomic_write`` for a file of bytes, ``storage_errors`` to
report what the system says against it.
"""

import os
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Union

from ..contract import PART_SUFFIX
from ..errors import StorageError

Buffer = Union[bytes, memoryview]
WRITABLE = "see that the folder is writable and the disk has room"
GOES_ON = "make room on the disk and run the same again: it goes on from here"


@contextmanager
def storage_errors(
    path: Union[str, Path], remedy: str = WRITABLE, cannot: str = "be written"
) -> Iterator[None]:
    """Turn OSErrors in the ``with`` statement into a StorageError about ``path``.

    Raises: StorageError, "'path' cannot be written (reason): remedy".
    """
    try:
        yield
    except OSError as error:
        said = error.strerror or error
        raise StorageError(f"'{path}' cannot {cannot} ({said})", remedy) from error


def atomic_write(path: Path, *parts: Buffer) -> None:
    """Write a file of ``parts`` beside ``path`` and rename it when it is on the disk.

    Whatever happens, either the old file or the new one is there.

    Raises: OSError.
    """
    part = Path(f"{path}{PART_SUFFIX}")
    try:
        write_durably(part, *parts)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(Path(path).parent)


def make_folder(folder: Union[str, Path]) -> None:
    """Make ``folder``, and those above it, where they are missing.

    Raises: StorageError.
    """
    with storage_errors(folder, "choose another folder", "be made"):
        Path(folder).mkdir(parents=True, exist_ok=True)


def write_durably(path: Path, *parts: Buffer) -> None:
    """Write a file of ``parts`` and make sure that it is on the disk.

    Raises: OSError.
    """
    path.unlink(missing_ok=True)
    with path.open("wb") as stream:
        for part in parts:
            stream.write(part)
        stream.flush()
        os.fsync(stream.fileno())


def sync_file(path: Path) -> None:
    """Make sure that what others wrote to ``path`` is on the disk.

    Raises: OSError.
    """
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Make sure that the names in ``folder`` are on the disk, where the system has a way to do so.

    Raises: OSError.
    """
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
