"""Builds the runtime's environment beside the old one and renames it when it is whole.

A virtual environment of QGIS's own Python that sees QGIS's packages: so the worker has QGIS's
GDAL, and NumPy stays the one that this GDAL was built with.
"""

import contextlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional, Tuple

from ..translation import tr
from . import wheels as wheel_list
from .locate import python_of

CONSTRAINTS = "scdm-constraints.txt"
HASHED = "scdm-hashed.txt"
DEVICE_NOTE = "scdm-device.txt"  # the device, and CLUSTER where Dask came along
CLUSTER = "cluster"

Run = Callable[[str, List[str]], None]
"""Runs a step (its title, its argv); raises when it fails."""


@dataclass(frozen=True)
class Recipe:
    """What to build: ``folder`` is where it ends, ``wheels`` a folder to install from offline.

    ``hashes``: {"name==version": SHA-256 of its wheels}; such a requirement is installed only from
    a wheel with one of them.
    """

    base_python: Path
    base_has_pip: bool
    folder: Path
    device: str
    requirements: Tuple[str, ...]
    numpy_version: str
    wheels: Optional[Path] = None
    cluster: bool = False
    hashes: Dict[str, List[str]] = field(default_factory=wheel_list.known_hashes)

    @property
    def hash_lines(self) -> List[str]:
        """Lines of the requirements whose wheels are known by their hashes."""
        lines = [wheel_list.hash_line(name, self.hashes) for name in self.requirements]
        return [line for line in lines if line]

    @property
    def others(self) -> List[str]:
        """The other requirements; NumPy only where QGIS has none."""
        unknown = [r for r in self.requirements if not wheel_list.hash_line(r, self.hashes)]
        return [name for name in unknown if name != "numpy" or not self.numpy_version]


def build(recipe: Recipe, run: Run, check: Callable[[Path], None]) -> Path:
    """Make the environment; its interpreter.

    ``check`` gets the new interpreter before anything is replaced. When a step, the check or the
    renaming fails, its exception comes through, the old environment stays and nothing else does.
    """
    building = recipe.folder.with_name(recipe.folder.name + ".building")
    _remove(building)
    recipe.folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        run(tr("Making the environment"), venv_command(recipe, building))
        (building / CONSTRAINTS).write_text(constraints(recipe), encoding="utf-8")
        (building / HASHED).write_text("\n".join([*recipe.hash_lines, ""]), encoding="utf-8")
        title = tr("Installing {}").format(", ".join(recipe.requirements))
        for argv in pip_commands(recipe, building):
            run(title, argv)
        (building / DEVICE_NOTE).write_text(_note(recipe), encoding="utf-8")
        check(python_of(building))
        _replace(recipe.folder, building)
    finally:
        _remove(building)
    return python_of(recipe.folder)


def venv_command(recipe: Recipe, building: Path) -> List[str]:
    """The argv that makes the empty environment.

    pip is bundled only where QGIS's Python has none to share: Debian splits ``ensurepip`` off.
    """
    share = ["--without-pip"] if recipe.base_has_pip else []
    return [str(recipe.base_python), "-m", "venv", "--system-site-packages", *share, str(building)]


def other_sources(environ: Mapping[str, str] = os.environ) -> List[str]:
    """The environment's variables that send pip to other sources of packages."""
    names = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CONFIG_FILE")
    return [name for name in names if environ.get(name)]


def pip_commands(recipe: Recipe, building: Path) -> List[List[str]]:
    """The argvs that install; ``python -m pip``, since scripts would keep the old folder's name.

    What is known by its hashes comes first and alone: pip checks the hashes of all or of none.
    """
    argv = [str(python_of(building)), "-m", "pip", "install", "--disable-pip-version-check"]
    argv += ["--no-input", "--progress-bar=off", "--retries=2", "--only-binary=:all:"]
    if recipe.wheels is not None:
        argv += ["--no-index", f"--find-links={recipe.wheels}"]
    hashed = [*argv, "--no-deps", "--require-hashes", f"--requirement={building / HASHED}"]
    others = [*argv, f"--constraint={building / CONSTRAINTS}", *recipe.others]
    return [hashed] * bool(recipe.hash_lines) + [others] * bool(recipe.others)


def constraints(recipe: Recipe) -> str:
    """pip's constraint file: QGIS's NumPy, or nothing where QGIS has none."""
    return f"numpy=={recipe.numpy_version}\n" if recipe.numpy_version else ""


def _note(recipe: Recipe) -> str:
    return f"{recipe.device} {CLUSTER}" if recipe.cluster else recipe.device


def installed_device(folder: Path) -> str:
    """The device that the environment in ``folder`` was made for; empty when it is not whole."""
    return "".join(_read_note(folder)[:1])


def has_cluster(folder: Path) -> bool:
    """Whether the environment in ``folder`` was made with Dask."""
    return CLUSTER in _read_note(folder)


def _read_note(folder: Path) -> List[str]:
    note = folder / DEVICE_NOTE
    if not (note.is_file() and python_of(folder).is_file()):
        return []
    return note.read_text(encoding="utf-8").split()


def remove(folder: Path) -> bool:
    """Remove the environment; whether there was one. Raises OSError when a file is in use."""
    if not folder.exists():
        return False
    leaving = folder.with_name(folder.name + ".removing")
    _remove(leaving)
    folder.rename(leaving)  # at once, so that no half of it is found
    shutil.rmtree(leaving)
    return True


def _replace(folder: Path, building: Path) -> None:
    old = folder.with_name(folder.name + ".old")
    _remove(old)
    if folder.exists():
        folder.rename(old)
    try:
        building.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    _remove(old)


def _remove(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
