"""Finished blocks of a run on the disk: each a checksummed file, there as a whole or not at all.

A block is written beside its name, brought to the disk and renamed, so that a kill or a power cut
leaves either nothing or the block. A folder of files, not one file: workers of any number may add
to it. Blocks are not compressed: a fast model makes them quicker than zlib could pack them.
"""

import hashlib
import struct
import uuid
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import numpy as np

from ..system.durable_files import Buffer, sync_folder, write_durably

MAGIC = b"SCDMBLK2"
# Magic, type, arrays, bands, rows, cols, bytes that follow, SHA-256 of all that and the bytes.
_HEAD = struct.Struct("<8s5IQ")
_DIGEST_BYTES = 32
_TYPES = (np.dtype("<u2"), np.dtype("<f4"))
SUFFIX, PART_SUFFIX = ".block", ".block.part"

Arrays = Tuple[np.ndarray, ...]


class UnitStore:
    """The blocks in ``folder``, which exists; those of the run named ``run``, or all.

    A worker that a cut-off run left behind may still write its last block: into names that no
    other run takes for its own.
    """

    def __init__(self, folder: Path, run: str = ""):
        self.folder = Path(folder)
        self._prefix = f"{run}-" if run else ""

    def write(self, name: str, arrays: Sequence[np.ndarray]) -> None:
        """Keep ``arrays``, uint16 or float32 of one shape (bands, rows, cols); none: nothing there.

        Raises OSError.
        """
        # Two workers may make one block, where one of them was given up too soon.
        part = self.folder / f"{self._prefix}{name}-{uuid.uuid4().hex[:8]}{PART_SUFFIX}"
        write_durably(part, *pack(arrays))
        part.replace(self._path(name))
        sync_folder(self.folder)

    def read(self, name: str) -> Optional[Arrays]:
        """The arrays kept under ``name``; None where there are none. Raises OSError, ValueError."""
        try:
            content = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        return unpack(content)

    def drop(self, name: str) -> None:
        """Forget a block."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> set:
        """The blocks there are, damaged ones too."""
        found = self.folder.glob(f"{self._prefix}*{SUFFIX}")
        return {path.name[len(self._prefix) : -len(SUFFIX)] for path in found}

    def clear(self) -> None:
        """Forget all blocks, half-written ones too; nothing else in the folder is touched."""
        for pattern in (f"{self._prefix}*{SUFFIX}", f"{self._prefix}*{PART_SUFFIX}"):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{self._prefix}{name}{SUFFIX}"


def pack(arrays: Sequence[np.ndarray]) -> List[Buffer]:
    """The file of a block, in parts: what is large is not copied."""
    kind, shape = 0, (0, 0, 0)
    if arrays:
        kind, shape = _TYPES.index(arrays[0].dtype), arrays[0].shape
        if any(array.shape != shape or array.dtype != _TYPES[kind] for array in arrays):
            raise ValueError("a block's arrays have one type and one shape")
    payload = [np.ascontiguousarray(array).data.cast("B") for array in arrays]
    head = _HEAD.pack(MAGIC, kind, len(arrays), *shape, sum(map(len, payload)))
    digest = hashlib.sha256(head)
    for part in payload:
        digest.update(part)
    return [head, digest.digest(), *payload]


def unpack(content: bytes) -> Arrays:
    """The arrays of a block's file; raises ValueError for one that is not whole."""
    start = _HEAD.size + _DIGEST_BYTES
    head, digest, payload = content[: _HEAD.size], content[_HEAD.size : start], content[start:]
    if hashlib.sha256(head + payload).digest() != digest:
        raise ValueError("the block's checksum is wrong")
    magic, kind, count, bands, rows, cols, size = _HEAD.unpack(head)
    if magic != MAGIC or size != len(payload):
        raise ValueError("this is no block")
    values = np.frombuffer(payload, _TYPES[kind])
    return tuple(values.reshape(count, bands, rows, cols)) if count else ()
