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
        """Make ready to compute with the package in ``folder``.

        Returns: what computes, and the loaded cascade where that is this process.
        Raises: PackageError, DeviceError.
        """

    def fit(self, options: UpsampleOptions, job: Job, warn: Callable[[str], None]) -> Job:
        """Choose tiles that the memory holds.

        Returns: ``job``, in smaller tiles where they have to be.
        Raises: MemoryShortage where no tile fits.
        """

    def share(self, options: UpsampleOptions) -> Tuple[int, Optional[int]]:
        """Decide what each process that computes may take.

        Returns: threads and bytes of memory, None without a limit.
        """

    def source(
        self, spec: RunSpec, job: Job, store: UnitStore, warn: Callable[[str], None]
    ) -> UnitSource:
        """Make ready to make the units of ``spec``.

        Returns: where the loop over the raster gets its units from.
        """

    def sheets(
        self, spec: RunSpec, job: Job, store: UnitStore, windows: List[tiling.Window], tally: Events
    ) -> Iterator[Tuple[tiling.Window, bool, int]]:
        """Make the sheets of ``windows``; ``tally`` hears of their tiles.

        Returns: each window, whether it has a valid pixel, and its number of tiles.
        Raises: InputError, PackageError, DeviceError, StorageError.
        """
