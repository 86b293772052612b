"""The workers of a cluster as the executor of a run: they make, the client puts together."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Set, Tuple

from .. import tiling
from ..batch.task import Outcome, Task
from ..diffusion.onnx_session import PROVIDERS
from ..errors import DeviceError, ScdmError, StorageError
from ..events import Events
from ..journal.unit_store import Arrays, UnitStore
from ..package.manifest import Manifest
from ..pipeline import sheets
from ..pipeline.job import Job, RuntimeInfo
from ..pipeline.options import UpsampleOptions
from ..pipeline.run_spec import SAME_SOFTWARE, RunSpec, software
from ..system import hardware
from . import dask_pool, dask_tasks

SEE_FOLDER = "put OUTPUT into a folder that client and workers share under one path"


class DaskExecutor:
    """Workers of the Dask cluster at ``address`` make units, sheets and scenes.

    The cluster is opened when it is first needed: what is wrong with the input is said before.
    """

    def __init__(
        self, address: str, stack: ExitStack, tls: Optional[dask_pool.Certificates] = None
    ):
        self.address, self._stack, self._tls = address, stack, tls
        self._opened: Optional[dask_pool.Pool] = None

    @property
    def pool(self) -> dask_pool.Pool:
        if self._opened is None:
            self._opened = self._stack.enter_context(dask_pool.open_pool(self.address, self._tls))
        return self._opened

    def prepare(
        self, options: UpsampleOptions, folder: Path, model: Manifest
    ) -> Tuple[RuntimeInfo, None]:
        """Ask the workers what they run on.

        Returns: device, providers and warnings of them all, and None for the cascade.
        Raises: DeviceError unless they are all alike.
        """
        found = self._alike(options.device)
        first = next(iter(found.values()))
        warnings = dict.fromkeys(w for about in found.values() for w in about["warnings"])
        device = first["device"]
        return RuntimeInfo(device, tuple(PROVIDERS[device]), tuple(warnings)), None

    def _alike(self, device: str) -> Dict[str, Dict[str, Any]]:
        """What the workers say of themselves; raises DeviceError unless they are all alike."""
        found = self.pool.on_all(dask_tasks.about, device)
        _require_alike(found)
        return found

    def fit(self, options: UpsampleOptions, job: Job, warn: Callable[[str], None]) -> Job:
        """Leave ``job`` as it is: each worker sees to its own memory.

        Returns: ``job``.
        """
        return job

    def share(self, options: UpsampleOptions) -> Tuple[int, Optional[int]]:
        """Share this machine out among its own workers, an Nth each.

        Returns: threads and bytes of memory of a worker; for workers elsewhere 1 and None. What the
            options say comes first.
        """
        count = dask_pool.local_workers(self.address)
        available = hardware.memory()["available"] if count else None
        limit = available // (2 * count) if available else None
        threads = max(1, hardware.cores() // count) if count else 1
        return options.threads or threads, options.memory_limit or limit

    def source(
        self, spec: RunSpec, job: Job, store: UnitStore, warn: Callable[[str], None]
    ) -> "DaskUnits":
        """Have the workers make units, from the first one on.

        Returns: where Estimation gets its units from.
        """
        return DaskUnits(self.pool, spec, store, warn)

    def sheets(
        self, spec: RunSpec, job: Job, store: UnitStore, windows: List[tiling.Window], tally: Events
    ) -> Iterator[Tuple[tiling.Window, bool, int]]:
        """Make the sheets of ``windows`` on the workers.

        Returns: as LocalExecutor's, in the order in which they are done.
        Raises: DeviceError where the cluster fails; the ScdmError of a sheet.
        """
        by_name = {sheets.name_of(window): window for window in windows}
        items = ((name, (spec, window)) for name, window in by_name.items())
        told = WarnOnce(tally.warning)
        for name, (filled, tile_count, warnings) in self.pool.each(dask_tasks.make_sheet, items):
            told.all(warnings)
            yield by_name[name], filled, tile_count

    def scenes(
        self, options: UpsampleOptions, tasks: Iterable[Task], tally: Events
    ) -> Iterator[Outcome]:
        """Make scenes, each on one worker.

        Returns: the outcomes, in the order in which they are done.
        Raises: DeviceError where the workers differ or the cluster fails.
        """
        self._alike(options.device)
        under_way: Dict[str, Task] = {}

        def items() -> Iterator[dask_pool.Item]:
            for task in tasks:
                under_way[task.scene.name] = task
                yield task.scene.name, (self._limit_to_share(task), software())

        for name, outcome in self.pool.outcomes(dask_tasks.make_scene, items()):
            task = under_way.pop(name)
            yield task.failure(outcome) if isinstance(outcome, ScdmError) else outcome

    def _limit_to_share(self, task: Task) -> Task:
        threads, memory = self.share(task.options)
        options = replace(task.options, threads=threads, memory_limit=memory)
        return replace(task, options=options)


def _require_alike(found: Dict[str, Dict[str, Any]]) -> None:
    """Equal results take equal software and equal devices."""
    first, mine = next(iter(found)), software()
    for address, about in found.items():
        for name, have in (*mine.items(), ("device", found[first]["device"])):
            if about[name] != have:
                other = "this client" if name in mine else f"worker {first}"
                raise DeviceError(
                    f"worker {address} has {name} {about[name]}, {other} {have}",
                    f"give --device, or {SAME_SOFTWARE}",
                )


class DaskUnits:
    """Units that a cluster's workers make, a bounded number ahead, and put into ``store``."""

    def __init__(self, pool: dask_pool.Pool, spec: RunSpec, store: UnitStore, warn):
        self._pool, self._spec, self._store = pool, spec, store
        self._told = WarnOnce(warn)
        self._stored = store.names()
        self._kept: Dict[str, bool] = {}
        self._coming = pool.each(dask_tasks.make_unit, self._items())

    def _items(self) -> Iterator[dask_pool.Item]:
        """The units that the store lacks, each once."""
        before, sent = frozenset(self._stored), set()
        blended = self._spec.layout.margin is None  # a unit is then part of several pieces
        for piece in self._spec.layout.pieces():
            for unit in piece.units:
                if unit.name not in before and unit.name not in sent:
                    if blended:
                        sent.add(unit.name)
                    yield unit.name, (self._spec, unit)

    def arrays(self, unit: tiling.Unit, done: Callable[[str, int], None]) -> Arrays:
        """Wait for ``unit``; ``done`` hears (name, tiles) of everything that is finished meanwhile.

        Returns: what is kept, (bands, rows, cols) of each output; none without a valid pixel.
        Raises: StorageError where this client cannot read it; the ScdmError of a unit.
        """
        coming = self._again(unit) if unit.name in self._stored else self._coming
        while unit.name not in self._kept:
            name, (self._kept[name], tile_count, warnings) = next(coming)
            self._told.all(warnings)
            done(name, tile_count)
        if not self._kept[unit.name]:
            return ()
        del self._kept[unit.name]
        self._stored.add(unit.name)
        return self._read(unit.name)

    def __exit__(self, *_) -> None:
        """The workers keep what they make themselves; there is nothing to wait for."""

    def _again(self, unit: tiling.Unit) -> Iterator:
        """A unit that the store has lost or that was damaged there."""
        return self._pool.each(dask_tasks.make_unit, [(unit.name, (self._spec, unit))])

    def _read(self, name: str) -> Arrays:
        try:
            arrays = self._store.read(name)
        except (OSError, ValueError) as error:
            raise StorageError(
                f"the finished unit {name} cannot be read ({error})", SEE_FOLDER
            ) from error
        if arrays is None:
            raise StorageError(
                f"a worker's unit {name} is not in '{self._store.folder}'", SEE_FOLDER
            )
        return arrays


class WarnOnce:
    """Tells each warning once, whichever and however many workers have it."""

    def __init__(self, warn: Callable[[str], None]):
        self._warn = warn
        self._heard: Set[str] = set()

    def all(self, warnings) -> None:
        """Tell those of ``warnings`` that were not told yet."""
        for message in warnings:
            if message not in self._heard:
                self._heard.add(message)
                self._warn(message)
