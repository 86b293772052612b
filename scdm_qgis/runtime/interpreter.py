"""QGIS's own Python interpreter as a file that can be started.

``sys.executable`` is not asked: inside QGIS on Windows it is QGIS itself, and on Linux it is
whatever ``python3`` comes first in PATH.
"""

import os
import subprocess  # nosec B404: fixed argument lists, never a shell
import sys
import sysconfig
from pathlib import Path
from typing import Iterable, List, Optional

_PROBE = "import sys; print('%d.%d' % sys.version_info[:2])"
_PROBE_SECONDS = 30
_SUBFOLDERS = ("bin", "", "Scripts")  # POSIX; Windows and macOS's QGIS; an environment on Windows


def candidates(prefixes: Iterable[str], binary_folder: Optional[str]) -> List[Path]:
    """Where this Python's interpreter may lie, likeliest first."""
    folders = [Path(prefix, sub) for prefix in prefixes for sub in _SUBFOLDERS]
    if binary_folder:
        folders.append(Path(binary_folder))
    return [folder / name for folder in folders for name in _names()]


def _names() -> List[str]:
    if os.name == "nt":
        return ["python.exe", "python3.exe"]
    return [f"python{sys.version_info[0]}.{sys.version_info[1]}", "python3", "python"]


def own_python() -> Optional[Path]:
    """The interpreter of the Python that runs here; None when none answers with its version."""
    prefixes = (sys.prefix, sys.base_prefix)
    wanted = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for path in candidates(prefixes, sysconfig.get_config_var("BINDIR")):
        if path.is_file() and _version_of(path) == wanted:
            return path
    return None


def no_window_flags() -> int:
    """Process creation flags that keep Windows from opening a console; 0 elsewhere."""
    return getattr(subprocess, "CREATE_NO_WINDOW", 0)


def _version_of(path: Path) -> str:
    try:
        answer = subprocess.run(  # nosec B603: the interpreter found above, fixed arguments
            [str(path), "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
            creationflags=no_window_flags(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("ascii", "replace").strip()
