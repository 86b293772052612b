"""Where the worker's Python is.

In this order: the environment variable SCDM_PYTHON, the plugin's setting, the environment that
scdm:installruntime made, QGIS's own Python if it can import onnxruntime.
"""

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping, Optional

from qgis.core import QgsApplication, QgsSettings

from ..translation import tr
from .interpreter import own_python

VARIABLE = "SCDM_PYTHON"
SETTING = "scdm/python"


class RuntimeNotFound(Exception):
    """No Python for the worker; the text says what to do."""


@dataclass(frozen=True)
class WorkerPython:
    """An interpreter for the worker; ``own``: it is QGIS's, so QGIS's PYTHONHOME is right."""

    executable: Path
    origin: str
    own: bool = False


@dataclass(frozen=True)
class Places:
    """Everything that decides which Python runs the worker."""

    variable: str
    setting: str
    environment: Path
    own: Callable[[], Optional[Path]]


def find(places: Places) -> WorkerPython:
    """The worker's Python; raises RuntimeNotFound with the remedy.

    A variable or setting that names no file is an error, not a reason to look further: the user
    asked for that one.
    """
    if places.variable:
        origin = tr("environment variable {}").format(VARIABLE)
        return WorkerPython(_existing_path(places.variable, origin), origin)
    if places.setting:
        origin = tr("QGIS setting {}").format(SETTING)
        return WorkerPython(_existing_path(places.setting, origin), origin)
    installed = python_of(places.environment)
    if installed.is_file():
        return WorkerPython(installed, "SCDM: Install runtime")
    own = places.own()
    if own is None:
        raise RuntimeNotFound(
            tr(
                "SCDM is not set up yet. Run Processing Toolbox → SCDM → Setup → Install runtime "
                "once (24 MB download)."
            )
        )
    return WorkerPython(own, tr("QGIS's own Python"), own=True)


def current_places(environ: Mapping[str, str] = os.environ) -> Places:
    """The places as this QGIS sees them now."""
    return Places(
        variable=environ.get(VARIABLE, "").strip(),
        setting=str(QgsSettings().value(SETTING, "") or "").strip(),
        environment=environment_folder(),
        own=_own_with_onnxruntime,
    )


def environment_folder() -> Path:
    """Where scdm:installruntime puts its environment: in the profile, one per Python version."""
    name = f"runtime-python{sys.version_info[0]}.{sys.version_info[1]}"
    return Path(QgsApplication.qgisSettingsDirPath()).absolute() / "scdm" / name


def python_of(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    if os.name == "nt":
        return environment / "Scripts" / "python.exe"
    return environment / "bin" / "python"


def _existing_path(text: str, origin: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        raise RuntimeNotFound(
            tr(
                "{origin} is '{text}', which is not a file: name a Python interpreter, or clear it"
            ).format(origin=origin, text=text)
        )
    return path.absolute()


def _own_with_onnxruntime() -> Optional[Path]:
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    return own_python()
