"""A model package's folder: filled aside, checked, and only then given its name."""

import shutil
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Iterator

from model_runtime import manifest
from model_runtime.errors import InputError


@contextmanager
def new_package(folder: Path) -> Iterator[Path]:
    """A folder to fill with ``model.json``, its card and graphs; it becomes ``folder`` at the end.

    On an error, in the filling or in the package, nothing is left. Raises InputError where
    ``folder`` is there and not empty, PackageError where what was filled in is no package.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is there and not empty", "choose a new folder for the package")
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        _check(part)
        if folder.is_dir():
            folder.rmdir()
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _check(folder: Path) -> None:
    for stage in manifest.read(folder).stages:
        for entry in (stage.denoiser, stage.condition_encoder):
            if entry is not None:
                manifest.verified_bytes(folder, entry)


def model_file(path: Path) -> manifest.ModelFile:
    """The manifest's entry of the ONNX file at ``path``."""
    return manifest.ModelFile(Path(path).name, sha256(Path(path).read_bytes()).hexdigest())
