"""Which files an input is: sizes, times and samples of their content, to notice a change."""

import hashlib
import os
from pathlib import Path
from typing import Dict, Sequence

SAMPLES = 16
SAMPLE_BYTES = 1 << 16
GONE = "gone"


def fingerprint_files(paths: Sequence[str]) -> Dict[str, str]:
    """Note for each path which file it is now.

    The whole content of a small file and SAMPLES parts of a large one are looked at: a file that
    was rewritten with its size and time kept is found out unless it changed elsewhere only.

    Returns: size, time and digest by path; "gone" for a file that is not there.
    """
    return {str(path): _of_file(Path(path)) for path in paths}


def content_of(path: str) -> str:
    """Note which file ``path`` is, without its time: a copy is equal.

    Returns: size and digest; "gone" for a file that is not there.
    """
    size, _, digest = (_of_file(Path(path)) + ",,").split(",")[:3]
    return f"{size},{digest}".strip(",")


def digest_of(path: str) -> str:
    """Note which content the file ``path`` has; neither its name nor what lies beside it counts.

    Returns: 32 hexadecimal digits; "" for what is not a file.
    """
    *_, digest = _of_file(Path(path)).split(", ")
    return "" if digest == GONE else digest


def _of_file(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            facts = os.fstat(stream.fileno())
            digest = hashlib.sha256()
            for start in _starts(facts.st_size):
                stream.seek(start)
                digest.update(stream.read(SAMPLE_BYTES))
    except (OSError, ValueError):  # no file system takes such a name
        return GONE
    return f"{facts.st_size} bytes, time {facts.st_mtime_ns}, {digest.hexdigest()[:32]}"


def _starts(size: int) -> Sequence[int]:
    if size <= SAMPLES * SAMPLE_BYTES:
        return range(0, size, SAMPLE_BYTES)
    last = size - SAMPLE_BYTES
    return [last * i // (SAMPLES - 1) for i in range(SAMPLES)]
