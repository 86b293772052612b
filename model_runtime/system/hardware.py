"""The machine: processor cores and memory that this process may use."""

import ctypes
import os
import sys
from pathlib import Path
from typing import Callable, Dict, Optional

from ..errors import DeviceError

_MEMINFO = Path("/proc/meminfo")


def cores() -> int:
    """Count the cores on which this process may run.

    Returns: at least 1.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> Dict[str, Optional[int]]:
    """Find out how much memory there is.

    Returns: ``total`` and ``available`` in bytes; None where the system does not report it.
    """
    if _MEMINFO.is_file():
        return _from_meminfo(_MEMINFO.read_text(encoding="ascii"))
    if sys.platform == "win32":
        return _from_windows()
    if "SC_PHYS_PAGES" in os.sysconf_names:
        return {
            "total": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            "available": None,
        }
    return {"total": None, "available": None}


def resident() -> int:
    """Find out how much memory this process holds.

    Returns: bytes; 0 where the system does not report it.
    """
    return _status_bytes("VmRSS") or 0


def growth(action: Callable[[], object]) -> Optional[int]:
    """Measure by how much the memory of the process rises while ``action`` runs.

    Returns: bytes at the highest point; None where the system does not report it.
    """
    if not _reset_peak():
        return None
    before = resident()
    action()
    peak = _status_bytes("VmHWM")
    return None if peak is None else max(peak - before, 0)


def _reset_peak() -> bool:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _status_bytes(key: str) -> Optional[int]:
    try:
        text = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    entries = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return int(entries[key].split()[0]) * 1024 if key in entries else None


def require_memory(needed: int, what: str, remedy: str) -> None:
    """Check that as many bytes are available as ``what`` needs.

    Raises: DeviceError with the figures and ``remedy``.
    """
    available = memory()["available"]
    if available is not None and needed > available:
        raise DeviceError(
            f"{what} needs {needed / 2**30:.1f} GiB of memory, {available / 2**30:.1f} are free",
            remedy,
        )


def _from_meminfo(text: str) -> Dict[str, Optional[int]]:
    entries = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    total, available = (
        int(entries[key].split()[0]) * 1024 if key in entries else None
        for key in ("MemTotal", "MemAvailable")
    )
    return {"total": total, "available": available}


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = [("dwLength", ctypes.c_ulong), ("dwMemoryLoad", ctypes.c_ulong)] + [
        (name, ctypes.c_ulonglong)
        for name in (
            "ullTotalPhys",
            "ullAvailPhys",
            "ullTotalPageFile",
            "ullAvailPageFile",
            "ullTotalVirtual",
            "ullAvailVirtual",
            "ullAvailExtendedVirtual",
        )
    ]


def _from_windows() -> Dict[str, Optional[int]]:
    status = _MemoryStatus(dwLength=ctypes.sizeof(_MemoryStatus))
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return {"total": None, "available": None}
    return {"total": status.ullTotalPhys, "available": status.ullAvailPhys}
