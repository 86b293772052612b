"""Which ONNX Runtime goes with which Python and device."""

from typing import Tuple

# The last release for each Python that still has a QGIS of 3.22 or later, newest first.
TESTED = (((3, 11), "1.31.1"), ((3, 10), "1.23.2"), ((3, 9), "1.19.2"))
OLDEST = TESTED[-1][0]


def onnxruntime_version(python: Tuple[int, int]) -> str:
    """The version for ``python``; raises ValueError for one that is too old."""
    for oldest, version in TESTED:
        if python >= oldest:
            return version
    raise ValueError(
        f"QGIS's Python is {python[0]}.{python[1]}: the runtime needs {OLDEST[0]}.{OLDEST[1]} "
        "or newer, so use a newer QGIS"
    )


def requirements(python: Tuple[int, int], device: str) -> Tuple[str, ...]:
    """What pip installs for ``device`` 'cpu' or 'cuda'; raises ValueError as above."""
    version = onnxruntime_version(python)
    if device == "cuda":
        return (f"onnxruntime-gpu[cuda,cudnn]=={version}", "numpy")
    return (f"onnxruntime=={version}", "numpy")
