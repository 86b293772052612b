"""What a cluster's worker does: makes one block, one sheet or one scene, and tells in few words."""

import signal
import threading
from typing import Any, Callable, Dict, Tuple

from .. import tiling
from ..batch import run_scene, task
from ..diffusion import cascade_cache, onnx_session
from ..errors import CancelledError, StorageError
from ..events import Events
from ..pipeline import run_spec, sheets
from ..pipeline.estimation import keep
from ..pipeline.run_spec import Opened, Order
from . import dask_pool, local

# Kept, tiles, warnings.
Made = Tuple[bool, int, Tuple[str, ...]]

_thread = threading.local()  # an open raster is for one thread


def dask_setup(_) -> None:
    """Dask calls this in a local worker's process: Ctrl-C is for the client, which ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def about(device: str) -> Dict[str, Any]:
    """What this worker runs and what ``device`` means here; raises DeviceError."""
    taken, warnings = onnx_session.pick_device(device)
    return {**run_spec.software(), "device": taken, "warnings": warnings}


def make_unit(work: Order, unit: tiling.Unit) -> Made:
    """Make a unit and keep it in the run's journal. Raises ScdmError."""
    here = _opened(work)
    arrays = here.maker.made(unit)
    if arrays:
        keep(here.store, unit.name, arrays)
    return bool(arrays), len(unit.tiles), _new_warnings(here)


def make_sheet(work: Order, window: tiling.Window) -> Made:
    """Make a sheet of all the run's outputs. Raises ScdmError."""
    here = _opened(work)
    events = Quiet(here.warnings.append)
    filled, count = sheets.make(here.job, work, window, here.maker, here.store, events)
    return filled, count, _new_warnings(here)


def make_scene(scene_task: task.Task, of_client: Dict[str, str]) -> task.Outcome:
    """Make one of many scenes as one machine would; its errors are its outcome.

    Raises DeviceError, StorageError where the software, the model or the input is not the client's.
    """
    run_spec.require_software(of_client)
    args = scene_task.args
    if task.made_of(args) != scene_task.made_of:
        raise StorageError(
            f"a worker has another model than the client, or another file '{args.input}'",
            "put INPUT and --model where client and workers share them under one path",
        )
    return run_scene.made(scene_task, local.OneMachine(cascade_cache.load), Quiet(lambda _: None))


class Quiet(Events):
    """Hears warnings only, and stops a task that nobody wants any more."""

    def __init__(self, warn: Callable[[str], None]):
        self.warning = warn

    def progress(self, done, total):
        if dask_pool.unwanted():
            raise CancelledError("cancelled")


def _opened(work: Order) -> Opened:
    """``work``, opened by this thread when its first block comes."""
    key = (work.journal, work.run)
    if getattr(_thread, "key", None) != key:
        _thread.key, _thread.opened = None, None
        _thread.opened = run_spec.opened(work, cascade_cache.load)
        _thread.key = key
    return _thread.opened


def _new_warnings(here: Opened) -> Tuple[str, ...]:
    told = tuple(here.warnings)
    here.warnings.clear()
    return told
