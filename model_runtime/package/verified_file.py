"""A file of a model package, read once and held against the SHA-256 that ``model.json`` names."""

import hashlib
from pathlib import Path

from ..errors import PackageError
from .entries import ModelFile
from .json_node import REMEDY

MAX_FILE_BYTES = 2 << 30


def read_verified(folder: Path, entry: ModelFile) -> bytes:
    """Read a file of the package in ``folder`` and check its hash; it is read only once.

    Returns: its content.
    Raises: PackageError where it is missing, a link, too large or not the manifest's.
    """
    path = Path(folder) / entry.file
    if path.is_symlink() or not path.is_file():
        raise PackageError(f"{entry.file} is not a plain file in {folder}", REMEDY)
    if path.stat().st_size > MAX_FILE_BYTES:
        raise PackageError(f"{path} is larger than {MAX_FILE_BYTES} bytes", REMEDY)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PackageError(f"{path} cannot be read ({error.strerror})", REMEDY) from error
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise PackageError(f"{path} has SHA-256 {found}, not {entry.sha256}", REMEDY)
    return content
