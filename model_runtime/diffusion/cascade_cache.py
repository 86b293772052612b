"""Loaded cascades, one at a time for a process, whoever of its threads works with it."""

import threading
from pathlib import Path
from typing import Any, Dict, Tuple

from . import cascade

_loading = threading.Lock()
_networks: Dict[Tuple, Any] = {}


def load(folder: Path, model, device: str, threads: int):
    """As cascade.load, once for a model (its files' SHA-256), device and threads in a process."""
    key = (repr(model), device, threads)
    with _loading:
        if key not in _networks:
            _networks.clear()  # one model at a time: many would fill the memory
            _networks[key] = cascade.load(folder, model, device, threads)
        return _networks[key]
