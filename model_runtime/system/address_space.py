"""The limit of a process's address space (``ulimit -v``): where it is too tight, nothing is begun.

OpenBLAS asks again and again, for ever, for memory that the system refuses, GDAL ends the process
and threads cannot start: none of it can be told in words once it has begun. So the limit is
looked at before NumPy is imported; this file imports nothing but the standard library.
"""

import os
from pathlib import Path
from typing import Optional

from ..errors import DeviceError

MIB = 2**20
# Measured on two cores: 850 MiB were enough for a small picture now and then, 1290 not always.
# Each thread reserves a stack and heaps of its own.
LEAST_BYTES, BYTES_PER_CORE = 1280 * MIB, 128 * MIB


def require_room() -> None:
    """Check that the address space is large enough for any command.

    Raises: DeviceError with the figures.
    """
    limit = _limit()
    need = LEAST_BYTES + BYTES_PER_CORE * _cores()
    if limit is not None and limit < need:
        raise DeviceError(
            f"the address space of a process is limited to {limit / MIB:.0f} MiB (ulimit -v), "
            f"this machine's {_cores()} cores need {need / MIB:.0f}",
            "raise the limit, or lift it: ulimit -v unlimited",
        )


def free_bytes() -> Optional[int]:
    """Find out how much address space this process may still reserve.

    Returns: bytes; None where there is no limit.
    """
    limit = _limit()
    if limit is None:
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return limit
    return max(0, limit - pages * os.sysconf("SC_PAGE_SIZE"))


def _limit() -> Optional[int]:
    try:
        import resource
    except ImportError:  # Windows has none
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
