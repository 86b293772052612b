"""Locks on what a run makes beside its OUTPUT, so that two runs at once do not write one file."""

import os
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Iterable, Iterator, Optional

from ..errors import StorageError
from .cancellation import tidy
from .durable_files import storage_errors
from .file_lock import take_lock


@contextmanager
def hold_locks(targets: Iterable[str]) -> Iterator[None]:
    """Hold a lock on each of ``targets``, files or folders: the hidden file .NAME.lock beside it.

    Raises: StorageError where another run holds one.
    """
    with ExitStack() as stack:
        for target in targets:
            stack.enter_context(_hold(Path(target)))
        yield


@contextmanager
def _hold(target: Path) -> Iterator[None]:
    whole = target.resolve()  # a folder may be named '..'
    path = whole.parent / f".{whole.name}.lock"
    with storage_errors(target):
        handle = _take(path)
    if handle is None:
        raise StorageError(f"another run is making '{target}'", "wait for it, or name another file")
    remove = tidy(lambda: path.unlink(missing_ok=True))
    try:
        yield
    finally:
        remove()
        if os.name == "nt":  # where an open file cannot be removed
            os.close(handle)
        with suppress(OSError):
            path.unlink()
        if os.name != "nt":
            os.close(handle)


def _take(path: Path) -> Optional[int]:
    """A lock on the file that has this name still: the last holder may just have removed it."""
    while True:
        handle = take_lock(path)
        if handle is None or _is_named(path, handle):
            return handle
        os.close(handle)


def _is_named(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
