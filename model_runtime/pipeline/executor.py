"""What a run asks of whoever computes: this process, or the workers of a cluster."""

from pathlib import Path
from typing import Callable, Iterator, List, Optional, Protocol, Tuple

from .. import tiling
from ..events import Events
from ..journal.unit_store import UnitStore
from ..package.manifest import Manifest
from .job import Estimator, Job, RuntimeInfo
from .options import UpsampleOptions
from .run_spec import RunSpec
from .work_units import UnitSource


class Executor(Protocol):
    """Computes units and sheets of a run; executors/ has the two that there are."""

    def prepare(
        self, options: UpsampleOptions, folder: Path, model: Manifest
    ) -> Tuple[RuntimeInfo, Optional[Estimator]]:
        """What computes, and the loaded cascade where that is this process; raises DeviceError."""

    def fit(self, options: UpsampleOptions, job: Job, warn: Callable[[str], None]) -> Job:
        """``job`` in tiles that the memory holds; raises MemoryShortage."""

    def share(self, options: UpsampleOptions) -> Tuple[int, Optional[int]]:
        """Threads and bytes of memory of each process that computes."""

    def source(
        self, spec: RunSpec, job: Job, store: UnitStore, warn: Callable[[str], None]
    ) -> UnitSource:
        """Where the loop over the raster gets its units from."""

    def sheets(
        self, spec: RunSpec, job: Job, store: UnitStore, windows: List[tiling.Window], tally: Events
    ) -> Iterator[Tuple[tiling.Window, bool, int]]:
        """Make sheets: each window with whether it has a valid pixel, and its number of tiles."""
