"""The machine: processor cores and memory that this process may use."""

import os
import shutil
import subprocess  # nosec B404: fixed argument lists, never a shell
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from ..errors import DeviceError

_MEMINFO = Path("/proc/meminfo")
_MIB = 2**20
_GPU_FACTS = "name,driver_version,memory.total,memory.used"
_GPU_SECONDS = 10  # do not hang with a driver that hangs


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
    psutil = _psutil()
    return {"total": None, "available": None} if psutil is None else _from_psutil(psutil)


def gpus() -> List[Dict[str, Any]]:
    """Ask NVIDIA's driver which GPUs there are.

    Returns: of each its ``name``, ``driver``, ``memory_bytes`` and ``used_bytes``, which are None
        where the driver does not say; none without nvidia-smi or where that fails.
    """
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    query = [command, f"--query-gpu={_GPU_FACTS}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(  # nosec B603: nvidia-smi where it is, fixed arguments
            query, capture_output=True, text=True, timeout=_GPU_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    lines = [line.split(", ") for line in done.stdout.splitlines()]
    return [_gpu(*fields) for fields in lines if len(fields) == _GPU_FACTS.count(",") + 1]


def _gpu(name: str, driver: str, total: str, used: str) -> Dict[str, Any]:
    memory, taken = (int(mib) * _MIB if mib.isdigit() else None for mib in (total, used))
    return {"name": name, "driver": driver, "memory_bytes": memory, "used_bytes": taken}


def resident() -> int:
    """Find out how much memory this process holds.

    Returns: bytes; 0 where the system does not report it.
    """
    found = _status_bytes("VmRSS")
    if found is None and (psutil := _psutil()) is not None:
        return int(psutil.Process().memory_info().rss)
    return found or 0


def growth(action: Callable[[], object]) -> Optional[int]:
    """Measure by how much the memory of the process rises while ``action`` runs.

    Returns: bytes at the highest point; None where the system does not report it.
    """
    if not _reset_peak():
        psutil = _psutil()
        return None if psutil is None else _peak_growth(psutil, action)
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


def _psutil() -> Any:
    """psutil, or None where it is not installed: on Linux the system is asked directly."""
    try:
        import psutil
    except ImportError:
        return None
    return psutil


def _from_psutil(psutil: Any) -> Dict[str, Optional[int]]:
    found = psutil.virtual_memory()
    return {"total": int(found.total), "available": int(found.available)}


def _peak_growth(psutil: Any, action: Callable[[], object]) -> Optional[int]:
    """As ``growth``, where the peak cannot be reset: by what the process holds afterwards at least.

    Windows reports the peak of the whole process, which tells if ``action`` raised it.
    """
    process = psutil.Process()
    before = process.memory_info()
    action()
    after = process.memory_info()
    peak = getattr(after, "peak_wset", after.rss)
    risen = peak if peak > getattr(before, "peak_wset", 0) else after.rss
    return max(int(risen) - int(before.rss), 0)
