"""Keeps one loaded cascade per process, shared by all of its threads."""

import threading
from pathlib import Path
from typing import Any, Dict, Tuple

from .load import load_cascade

_loading = threading.Lock()
_networks: Dict[Tuple, Any] = {}


def load(folder: Path, model, device: str, threads: int):
    """Load as ``load_cascade`` does, once per model (by its files' SHA-256), device and threads.

    Returns: the cascade.
    Raises: PackageError, DeviceError as ``load_cascade``.
    """
    key = (repr(model), device, threads)
    with _loading:
        if key not in _networks:
            _networks.clear()  # one model at a time: many would fill the memory
            _networks[key] = load_cascade(folder, model, device, threads)
        return _networks[key]
