"""Standard streams that were closed before the start lead nowhere, instead of into a file.

The system gives the next file that is opened the lowest free number: with a closed stdout that is
stdout's, and a raster would receive what is printed.
"""

import os
import sys


def open_closed() -> None:
    """Lead what is closed of stdin, stdout and stderr to nowhere."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", errors="replace"))


def flush() -> None:
    """Write out what was printed; after that nothing is left to fail at exit.

    Raises: OSError where it cannot be written.
    """
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise
