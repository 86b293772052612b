"""A lock on a file, which the system releases when the process ends, however it ends."""

import os
import sys
from pathlib import Path
from typing import Optional


def take_lock(path: Path) -> Optional[int]:
    """Lock the file ``path``, which is made if it is missing.

    A link in its place is not followed. On a file system without locks nothing is locked: better a
    run without a lock than none.

    Returns: a handle that holds the lock until the process ends; None when another process has it.
    Raises: OSError.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        _lock_file(handle)
    except OSError as error:
        if _is_held(error):
            os.close(handle)
            return None
        # A file system without locks: better a run without one than none.
    return handle


def _lock_file(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_held(error: OSError) -> bool:
    return isinstance(error, (BlockingIOError, PermissionError))
