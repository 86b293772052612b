"""Which ONNX Runtime goes with which Python and device."""

from typing import Tuple

from ..translation import tr

# The last release for each Python that still has a QGIS of 3.22 or later, newest first.
TESTED = (((3, 11), "1.31.1"), ((3, 10), "1.23.2"), ((3, 9), "1.19.2"))
# As pyproject.toml has them: Dask, and the certificates of a cluster on this computer.
CLUSTER = ("distributed>=2024.8,<2026.9", "cryptography>=38")
# How much memory is free; on Linux the system is asked directly.
MEMORY = "psutil>=5.9; sys_platform != 'linux'"
OLDEST = TESTED[-1][0]


def onnxruntime_version(python: Tuple[int, int]) -> str:
    """The version for ``python``; raises ValueError for one that is too old."""
    for oldest, version in TESTED:
        if python >= oldest:
            return version
    text = tr("QGIS's Python is {have}: the runtime needs {oldest} or newer, so use a newer QGIS")
    have, oldest = ("{}.{}".format(*version) for version in (python, OLDEST))
    raise ValueError(text.format(have=have, oldest=oldest))


def requirements(python: Tuple[int, int], device: str, cluster: bool = False) -> Tuple[str, ...]:
    """What pip installs for ``device`` 'cpu' or 'cuda'; raises ValueError as above."""
    version = onnxruntime_version(python)
    name = "onnxruntime-gpu[cuda,cudnn]" if device == "cuda" else "onnxruntime"
    return (f"{name}=={version}", "numpy", MEMORY, *(CLUSTER if cluster else ()))
