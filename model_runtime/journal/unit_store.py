"""Finished work units of a run on the disk: each a checksummed file, whole or not there at all.

A unit is written beside its name, brought to the disk and renamed, so that a kill or a power cut
leaves either nothing or the unit. A folder of files, not one file: workers of any number may add
to it. Units are not compressed: a fast model makes them quicker than zlib could pack them.
"""

import hashlib
import math
import os
import struct
from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ..system.durable_files import Buffer, sync_folder, write_durably

MAGIC = b"SCDMBLK3"
# Magic, arrays, bytes of all arrays; SHA-256 of the rest; type, bands, rows, cols of each; arrays.
_HEAD, _ENTRY = struct.Struct("<8sIQ"), struct.Struct("<4I")
_DIGEST_BYTES = 32
_TYPES = (np.dtype("<u2"), np.dtype("<f4"), np.dtype("u1"))
SUFFIX, PART_SUFFIX = ".block", ".block.part"

Arrays = Tuple[np.ndarray, ...]


class UnitStore:
    """The units in ``folder``, which exists; those of the run named ``run``, or all.

    A worker that a cut-off run left behind may still write its last unit: into names that no
    other run takes for its own.
    """

    def __init__(self, folder: Path, run: str = ""):
        self.folder = Path(folder)
        self._prefix = f"{run}-" if run else ""

    def write(self, name: str, arrays: Sequence[np.ndarray]) -> None:
        """Keep ``arrays`` under ``name``: (bands, rows, cols) each, uint16, float32 or uint8.

        No arrays: there is nothing in that place.

        Raises: OSError.
        """
        # Two workers may make one unit, where one of them was given up too soon.
        part = self.folder / f"{self._prefix}{name}-{os.urandom(4).hex()}{PART_SUFFIX}"
        write_durably(part, *pack(arrays))
        part.replace(self._path(name))
        sync_folder(self.folder)

    def read(self, name: str) -> Optional[Arrays]:
        """Read the arrays kept under ``name``.

        Returns: (bands, rows, cols) each; None where nothing is kept.
        Raises: OSError; ValueError for a damaged file.
        """
        try:
            content = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        return unpack(content)

    def drop(self, name: str) -> None:
        """Remove what is kept under ``name``."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> set:
        """List what is kept, including damaged files.

        Returns: the names.
        """
        found = self.folder.glob(f"{self._prefix}*{SUFFIX}")
        return {path.name[len(self._prefix) : -len(SUFFIX)] for path in found}

    def clear(self) -> None:
        """Remove all that is kept, half-written files too, and nothing else in the folder."""
        for pattern in (f"{self._prefix}*{SUFFIX}", f"{self._prefix}*{PART_SUFFIX}"):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{self._prefix}{name}{SUFFIX}"


class UnkeptStore(UnitStore):
    """A store that takes units and keeps none: of a run that leaves nothing to go on from."""

    def write(self, name: str, arrays: Sequence[np.ndarray]) -> None:
        """Keep nothing under ``name``."""


def pack(arrays: Sequence[np.ndarray]) -> List[Buffer]:
    """Make the content of a file out of ``arrays``, (bands, rows, cols) each.

    Returns: its parts; large ones are not copied.
    """
    entries = [_ENTRY.pack(_TYPES.index(array.dtype), *array.shape) for array in arrays]
    payload = [np.ascontiguousarray(array).data.cast("B") for array in arrays]
    head = _HEAD.pack(MAGIC, len(arrays), sum(map(len, payload)))
    digest = hashlib.sha256(head)
    for part in (*entries, *payload):
        digest.update(part)
    return [head, digest.digest(), *entries, *payload]


def unpack(content: bytes) -> Arrays:
    """Take the arrays out of a file's content.

    Returns: (bands, rows, cols) each.
    Raises: ValueError where the content is damaged or cut off.
    """
    start = _HEAD.size + _DIGEST_BYTES
    head, digest, rest = content[: _HEAD.size], content[_HEAD.size : start], content[start:]
    if hashlib.sha256(head + rest).digest() != digest:
        raise ValueError("its checksum is wrong")
    magic, count, size = _HEAD.unpack(head)
    table = count * _ENTRY.size
    if magic != MAGIC or table + size != len(rest):
        raise ValueError("it is not a unit of a journal")
    return tuple(_arrays(_ENTRY.iter_unpack(rest[:table]), rest, table))


def _arrays(entries: Iterable[Tuple[int, ...]], rest: bytes, place: int) -> Iterator[np.ndarray]:
    """Yield the arrays that ``entries`` describe, one after the other from ``place`` on."""
    for kind, *shape in entries:
        count = math.prod(shape)
        yield np.frombuffer(rest, _TYPES[kind], count, place).reshape(shape)
        place += count * _TYPES[kind].itemsize
