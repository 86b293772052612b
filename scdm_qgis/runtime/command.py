"""The worker's command line and environment."""

import os
from pathlib import Path
from typing import Dict, List, Mapping, Sequence

from ..model_runtime.contract import LIFELINE_VARIABLE, STDIN_LIFELINE
from .locate import WorkerPython

_STRIPPED = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD", "__PYVENV_LAUNCHER__")


def package_root() -> Path:
    """The plugin's folder, which holds ``model_runtime``."""
    return Path(__file__).resolve().parent.parent


def command(python: WorkerPython, arguments: Sequence[str]) -> List[str]:
    """The argv of ``python -m model_runtime`` with ``arguments``."""
    return [str(python.executable), "-m", "model_runtime", *arguments]


def environment(python: WorkerPython, environ: Mapping[str, str] = os.environ) -> Dict[str, str]:
    """The worker's environment variables.

    QGIS's PYTHONHOME, PYTHONPATH and LD_PRELOAD would break a foreign Python, so only QGIS's own
    keeps them. Either imports the bundled ``model_runtime`` before any other.
    """
    result = dict(environ)
    if not python.own:
        for name in _STRIPPED:
            result.pop(name, None)
    inherited = result.get("PYTHONPATH")
    root = str(package_root())
    result["PYTHONPATH"] = os.pathsep.join([root, inherited]) if inherited else root
    result["PYTHONUTF8"] = "1"
    result[LIFELINE_VARIABLE] = STDIN_LIFELINE  # the worker ends when QGIS does, however it does
    result["PYTHONDONTWRITEBYTECODE"] = "1"  # the plugin's folder stays as it was unpacked
    result["USE_PATH_FOR_GDAL_PYTHON"] = "YES"  # Windows: GDAL's libraries lie on QGIS's PATH
    return result
