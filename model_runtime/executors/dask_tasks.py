"""What a cluster's worker does: makes one unit, one sheet or one scene, and tells in few words."""

import signal
import threading
from typing import Any, Callable, Dict, Tuple

from .. import tiling
from ..batch.run_scene import run_scene
from ..batch.task import Outcome, Task, fingerprint_of
from ..diffusion import cascade_cache, device_choice
from ..errors import CancelledError, StorageError
from ..events import Events
from ..pipeline import run_spec, sheets
from ..pipeline.run_spec import OpenRun, RunSpec
from ..pipeline.work_units import keep
from . import dask_pool
from .local import LocalExecutor

# Kept, tiles, warnings.
Made = Tuple[bool, int, Tuple[str, ...]]

_thread = threading.local()  # an open raster is for one thread


def dask_setup(_) -> None:
    """Dask calls this in a local worker's process: the terminal's signals are for the client.

    It ends the workers, and removes what they leave.
    """
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def about(device: str) -> Dict[str, Any]:
    """Say what this worker runs and what ``device`` means here.

    Returns: versions by name, the device taken, and warnings.
    Raises: DeviceError where ONNX Runtime or the device is missing.
    """
    # Without a trial: workers have to be alike, and near ties would fall either way.
    choice = device_choice.choose_device(device)
    return {**run_spec.software(), "device": choice.device, "warnings": list(choice.warnings)}


def make_unit(work: RunSpec, unit: tiling.Unit) -> Made:
    """Make a unit and keep it in the run's journal.

    Returns: whether it has a valid pixel, its number of tiles, and new warnings.
    Raises: InputError, PackageError, DeviceError, StorageError.
    """
    here = _open(work)
    arrays = here.maker.make(unit)
    if arrays:
        keep(here.store, unit.name, arrays)
    return bool(arrays), len(unit.tiles), _new_warnings(here)


def make_sheet(work: RunSpec, window: tiling.Window) -> Made:
    """Make a sheet of all the run's outputs.

    Returns: whether it has a valid pixel, its number of tiles, and new warnings.
    Raises: InputError, PackageError, DeviceError, StorageError.
    """
    here = _open(work)
    events = Quiet(here.warnings.append)
    filled, count = sheets.make(here.job, work.run, window, here.maker, here.store, events)
    return filled, count, _new_warnings(here)


def make_scene(task: Task, of_client: Dict[str, str]) -> Outcome:
    """Make one of many scenes as one machine would.

    Returns: its outcome, which holds the scene's own error where it failed.
    Raises: DeviceError for other software than the client's, StorageError for another model or
        input.
    """
    run_spec.require_software(of_client)
    if fingerprint_of(task.options) != task.made_of:
        raise StorageError(
            f"a worker has another model than the client, or another file '{task.options.input}'",
            "put INPUT and --model where client and workers share them under one path",
        )
    return run_scene(task, LocalExecutor(cascade_cache.load), Quiet(lambda _: None))


class Quiet(Events):
    """Hears warnings only, and stops a task that nobody wants any more."""

    def __init__(self, warn: Callable[[str], None]):
        self._warn = warn

    def warning(self, message):
        """Hand the message on."""
        self._warn(message)

    def progress(self, done, total, doing=""):
        """Say nothing.

        Raises: CancelledError where nobody wants the task any more.
        """
        if dask_pool.is_cancelled():
            raise CancelledError("cancelled")


def _open(work: RunSpec) -> OpenRun:
    """``work``, opened by this thread when its first unit comes."""
    key = (work.journal, work.run)
    if getattr(_thread, "key", None) != key:
        _thread.key, _thread.opened = None, None
        _thread.opened = run_spec.open_run(work, cascade_cache.load)
        _thread.key = key
    return _thread.opened


def _new_warnings(here: OpenRun) -> Tuple[str, ...]:
    told = tuple(here.warnings)
    here.warnings.clear()
    return told
