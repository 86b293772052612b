"""SCDM: estimates the spectrum of every pixel of an RGB picture.

In Python, ``load().estimate(rgb)``; on the command line, ``python -m model_runtime``.
"""

import importlib
from typing import Any

__version__ = "0.1.0"
__all__ = ["Estimate", "Model", "load"]


def __getattr__(name: str) -> Any:
    """The API, imported when it is asked for: the plugin and --help load neither it nor NumPy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(".api.model", __name__), name)
