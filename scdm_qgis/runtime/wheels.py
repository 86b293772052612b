"""Which ONNX Runtime goes with which Python and device, and the hashes of its wheels."""

import json
import platform
import sys
from pathlib import Path
from typing import Dict, List, Tuple

from ..translation import tr

# The last release for each Python that still has a QGIS of 3.22 or later, newest first.
TESTED = (((3, 11), "1.31.1"), ((3, 10), "1.23.2"), ((3, 9), "1.19.2"))
INTEL_MAC = "1.23.2"  # the last release with packages for Intel Macs, up to Python 3.13
# As pyproject.toml has them: Dask, and the certificates of a cluster on this computer.
CLUSTER = ("distributed>=2024.8,<2026.9", "cryptography>=38")
# How much memory is free; on Linux the system is asked directly.
MEMORY = "psutil==7.2.2; sys_platform != 'linux'"
OLDEST = TESTED[-1][0]
# Releases whose wheels are known by their hashes (scripts/lock_wheels.py). They need nothing but
# NumPy to run; the GPU's libraries and Dask come with too many others to be listed.
LOCKED = (*(f"onnxruntime=={version}" for _, version in TESTED), MEMORY.split(";")[0])
HASHES = Path(__file__).with_name("wheel_hashes.json")


def is_intel_mac() -> bool:
    """Whether this computer is one."""
    return sys.platform == "darwin" and platform.machine() == "x86_64"


def onnxruntime_version(python: Tuple[int, int]) -> str:
    """The version for ``python``; raises ValueError for one that is too old."""
    for oldest, version in TESTED:
        if python >= oldest:
            return INTEL_MAC if is_intel_mac() and python >= (3, 10) else version
    text = tr("QGIS's Python is {have}: the runtime needs {oldest} or newer, so use a newer QGIS")
    have, oldest = ("{}.{}".format(*version) for version in (python, OLDEST))
    raise ValueError(text.format(have=have, oldest=oldest))


def requirements(python: Tuple[int, int], device: str, cluster: bool = False) -> Tuple[str, ...]:
    """What pip installs for ``device`` 'cpu' or 'cuda'; raises ValueError as above."""
    version = onnxruntime_version(python)
    name = "onnxruntime-gpu[cuda,cudnn]" if device == "cuda" else "onnxruntime"
    return (f"{name}=={version}", "numpy", MEMORY, *(CLUSTER if cluster else ()))


def known_hashes() -> Dict[str, List[str]]:
    """{"name==version": the SHA-256 of each of its wheels} of ``LOCKED``."""
    return json.loads(HASHES.read_text(encoding="utf-8"))


def hash_line(requirement: str, hashes: Dict[str, List[str]]) -> str:
    """``requirement`` as pip takes it with its wheels' hashes; empty where they are not known."""
    known = hashes.get(requirement.split(";")[0], [])
    return " ".join([requirement, *(f"--hash=sha256:{digest}" for digest in known)]) * bool(known)
