"""A model package's folder: checked as the runtime would before it gets its name."""

from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Iterator

from model_runtime.package import manifest
from model_runtime.package.verified_file import read_verified

from .new_folder import new_folder


@contextmanager
def new_package(folder: Path) -> Iterator[Path]:
    """A folder to fill with ``model.json``, its card and graphs; it becomes ``folder`` at the end.

    On an error, in the filling or in the package, nothing is left. Raises InputError where
    ``folder`` is there and not empty, PackageError where what was filled in is not a package.
    """
    with new_folder(folder) as part:
        yield part
        for entry in manifest.read(part).graph_files:
            read_verified(part, entry)


def model_file(path: Path) -> manifest.ModelFile:
    """The manifest's entry of the ONNX file at ``path``."""
    return manifest.ModelFile(Path(path).name, sha256(Path(path).read_bytes()).hexdigest())
