"""This process as the executor of a run: it computes everything."""

from dataclasses import replace
from pathlib import Path
from typing import Callable, Iterable, Iterator, List, Optional, Tuple

from .. import tiling
from ..batch.run_scene import run_scene
from ..batch.task import Outcome, Task
from ..diffusion import cascade_cache
from ..diffusion.cascade import Cascade
from ..diffusion.load import load_cascade
from ..events import Events
from ..journal.unit_store import UnitStore
from ..package.manifest import Manifest
from ..pipeline import memory_budget, sheets
from ..pipeline.job import Job, RuntimeInfo, runtime_of
from ..pipeline.options import UpsampleOptions
from ..pipeline.run_spec import RunSpec
from ..pipeline.work_units import LocalUnits, UnitMaker


class LocalExecutor:
    """Computes in this process; ``load`` gives cascades as load_cascade does."""

    def __init__(self, load: Optional[Callable[..., Cascade]] = None):
        self._load = load

    def prepare(
        self, options: UpsampleOptions, folder: Path, model: Manifest
    ) -> Tuple[RuntimeInfo, Cascade]:
        """Load the cascade of the package in ``folder``.

        Returns: what it runs on, and the cascade.
        Raises: PackageError, DeviceError.
        """
        loaded = (self._load or load_cascade)(folder, model, options.device, options.threads)
        return runtime_of(loaded), loaded

    def fit(self, options: UpsampleOptions, job: Job, warn: Callable[[str], None]) -> Job:
        """Choose tiles that the memory holds.

        Returns: ``job``, in smaller tiles where they have to be.
        Raises: MemoryShortage where no tile fits.
        """
        return replace(job, layout=memory_budget.fit_layout(job, options.memory_limit, warn))

    def share(self, options: UpsampleOptions) -> Tuple[int, Optional[int]]:
        """Take threads and memory limit from ``options``: this process has them alone.

        Returns: threads (0: as many as there are cores) and bytes, None without a limit.
        """
        return options.threads, options.memory_limit

    def source(
        self, spec: RunSpec, job: Job, store: UnitStore, warn: Callable[[str], None]
    ) -> LocalUnits:
        """Make units in this process, when they are asked for.

        Returns: where Estimation gets its units from.
        """
        return LocalUnits(UnitMaker(job, warn), store)

    def sheets(
        self, spec: RunSpec, job: Job, store: UnitStore, windows: List[tiling.Window], tally: Events
    ) -> Iterator[Tuple[tiling.Window, bool, int]]:
        """Make the sheets of ``windows``, one after the other.

        Returns: each window, whether it has a valid pixel, and its number of tiles.
        Raises: InputError, PackageError, DeviceError, StorageError.
        """
        maker = UnitMaker(job, tally.warning)
        for window in windows:
            yield window, *sheets.make(job, spec.run, window, maker, store, tally)

    def scenes(
        self, options: UpsampleOptions, tasks: Iterable[Task], tally: Events
    ) -> Iterator[Outcome]:
        """Make scenes, one after the other, with the cascade of the first.

        Returns: their outcomes.
        Raises: CancelledError.
        """
        for task in tasks:
            yield run_scene(task, LocalExecutor(self._load or cascade_cache.load), tally)
