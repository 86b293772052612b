"""This process as the executor of a run: it computes everything."""

from dataclasses import replace
from pathlib import Path
from typing import Callable, Iterable, Iterator, List, Optional, Tuple

from .. import tiling
from ..batch.run_scene import run_scene
from ..batch.task import Outcome, Task
from ..diffusion import cascade, cascade_cache
from ..diffusion.cascade import Cascade
from ..events import Events
from ..journal.unit_store import UnitStore
from ..package.manifest import Manifest
from ..pipeline import memory_budget, sheets
from ..pipeline.job import Job, RuntimeInfo
from ..pipeline.options import UpsampleOptions
from ..pipeline.run_spec import RunSpec, runtime_of
from ..pipeline.work_units import LocalUnits, UnitMaker


class LocalExecutor:
    """Computes in this process; ``load`` gives cascades as cascade.load does."""

    def __init__(self, load: Optional[Callable[..., Cascade]] = None):
        self._load = load

    def prepare(
        self, options: UpsampleOptions, folder: Path, model: Manifest
    ) -> Tuple[RuntimeInfo, Cascade]:
        """The cascade of the package in ``folder``, and what it runs on."""
        loaded = (self._load or cascade.load)(folder, model, options.device, options.threads)
        return runtime_of(loaded), loaded

    def fit(self, options: UpsampleOptions, job: Job, warn: Callable[[str], None]) -> Job:
        """``job`` in tiles that the memory holds; raises MemoryShortage."""
        return replace(job, layout=memory_budget.fit_layout(job, options.memory_limit, warn))

    def share(self, options: UpsampleOptions) -> Tuple[int, Optional[int]]:
        """The threads and the memory limit of each of those who work."""
        return options.threads, options.memory_limit

    def source(
        self, spec: RunSpec, job: Job, store: UnitStore, warn: Callable[[str], None]
    ) -> LocalUnits:
        """Where Estimation gets its units from."""
        return LocalUnits(UnitMaker(job, warn), store)

    def sheets(
        self, spec: RunSpec, job: Job, store: UnitStore, windows: List[tiling.Window], tally: Events
    ) -> Iterator[Tuple[tiling.Window, bool, int]]:
        """Make the sheets of ``windows``: each with whether it has a valid pixel, and its tiles."""
        maker = UnitMaker(job, tally.warning)
        for window in windows:
            yield window, *sheets.make(job, spec.run, window, maker, store, tally)

    def scenes(
        self, options: UpsampleOptions, tasks: Iterable[Task], tally: Events
    ) -> Iterator[Outcome]:
        """Make scenes, one after the other, with the cascade of the first."""
        for task in tasks:
            yield run_scene(task, LocalExecutor(self._load or cascade_cache.load), tally)
