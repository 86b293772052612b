"""Arrays that are made once and kept in a folder, from which they are mapped into memory."""

import os
import shutil
from pathlib import Path
from typing import Callable, Dict, Optional

import numpy as np

from model_runtime.errors import StorageError, one_line

Arrays = Dict[str, np.ndarray]


class CacheNotWritable(StorageError):
    """What was made cannot be kept: no fault of what it was made of."""


def mapped(folder: Path, key: str, make: Callable[[], Arrays]) -> Arrays:
    """The arrays kept under ``key`` in ``folder``, read-only; ``make`` makes those not there yet.

    Several processes may ask at once: each sees whole arrays. Raises CacheNotWritable.
    """
    place = Path(folder) / key
    found = _read(place)
    if found is None:
        _write(place, make())
        found = _read(place)
    if found is None:
        raise CacheNotWritable(f"{place} cannot be read back", "delete it, or set data.cache")
    return found


def _read(place: Path) -> Optional[Arrays]:
    """None where nothing whole is there."""
    try:
        files = sorted(place.glob("*.npy"))
        arrays = {f.stem: np.load(f, mmap_mode="r", allow_pickle=False) for f in files}
    except (OSError, ValueError, EOFError):  # damaged: made again
        shutil.rmtree(place, ignore_errors=True)
        return None
    return arrays or None


def _write(place: Path, arrays: Arrays) -> None:
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    try:
        part.mkdir(parents=True, exist_ok=True)
        for name, array in arrays.items():
            np.save(part / f"{name}.npy", array, allow_pickle=False)
        if not place.exists():  # another process may have been quicker
            part.rename(place)
    except OSError as error:
        if not place.exists():
            raise CacheNotWritable(
                f"{place.parent} cannot be written ({one_line(error)})",
                "make room, or set another data.cache",
            ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
