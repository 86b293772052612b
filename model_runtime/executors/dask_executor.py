"""The workers of a cluster as the engine of a run: they make, the client puts together."""

from argparse import Namespace
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from .. import tiling
from ..batch.task import Outcome, Task
from ..diffusion.onnx_session import PROVIDERS
from ..errors import DeviceError, ScdmError, StorageError
from ..events import Events
from ..journal.block_store import Arrays, Store
from ..pipeline import sheets
from ..pipeline.estimation import Job
from ..pipeline.production import Asked
from ..pipeline.run_spec import ALIKE, Order, software
from ..system import hardware
from . import dask_pool, dask_tasks

SEE_FOLDER = "put OUTPUT into a folder that client and workers share under one path"


@dataclass(frozen=True)
class Workers:
    """Stands for the workers' cascades where a run says what it runs on."""

    device: str
    warnings: List[str] = field(default_factory=list)

    @property
    def providers(self) -> List[str]:
        return PROVIDERS[self.device]


class Farm:
    """Workers of the Dask cluster at ``address`` make blocks, sheets and scenes.

    The cluster is opened when it is first needed: what is wrong with the input is said before.
    """

    def __init__(
        self, address: str, stack: ExitStack, tls: Optional[dask_pool.Certificates] = None
    ):
        self.address, self._stack, self._tls, self._opened = address, stack, tls, None

    @property
    def pool(self) -> dask_pool.Pool:
        if self._opened is None:
            self._opened = self._stack.enter_context(dask_pool.opened(self.address, self._tls))
        return self._opened

    def network(self, args, folder, model) -> Workers:
        """What the workers run on; raises DeviceError unless they are all alike."""
        found = self._alike(args.device)
        first = next(iter(found.values()))
        warnings = dict.fromkeys(w for about in found.values() for w in about["warnings"])
        return Workers(first["device"], list(warnings))

    def _alike(self, device: str) -> Dict[str, Dict[str, Any]]:
        """What the workers say of themselves; raises DeviceError unless they are all alike."""
        found = self.pool.on_all(dask_tasks.about, device)
        _require_alike(found)
        return found

    def fitted(self, args, job: Job, asked: Asked, warn) -> Job:
        """``job`` as it is: each worker sees to its own memory."""
        return job

    def share(self, args) -> Tuple[int, Any]:
        """Threads and memory limit of a worker: of this machine, an Nth each."""
        count = dask_pool.local_workers(self.address)
        available = hardware.memory()["available"] if count else None
        limit = available // (2 * count) if available else None
        threads = max(1, hardware.cores() // count) if count else 1
        return args.threads or threads, args.memory_limit or limit

    def source(self, order: Order, job: Job, store: Store, warn) -> "Blocks":
        """Where Estimation gets its units from."""
        return Blocks(self.pool, order, store, warn)

    def sheets(self, order: Order, job: Job, store: Store, windows: List, tally: Events):
        """As OneMachine's, in the order in which they are done."""
        by_name = {sheets.name_of(window): window for window in windows}
        items = ((name, (order, window)) for name, window in by_name.items())
        told = Once(tally.warning)
        for name, (filled, tile_count, warnings) in self.pool.each(dask_tasks.make_sheet, items):
            told.all(warnings)
            yield by_name[name], filled, tile_count

    def scenes(self, args, tasks: Iterable[Task], tally: Events) -> Iterator[Outcome]:
        """Make scenes, each on one worker, in the order in which they are done."""
        self._alike(args.device)
        under_way: Dict[str, Task] = {}

        def items() -> Iterator[dask_pool.Item]:
            for task in tasks:
                under_way[task.scene.name] = task
                yield task.scene.name, (self._shared(task), software())

        for name, outcome in self.pool.outcomes(dask_tasks.make_scene, items()):
            task = under_way.pop(name)
            yield task.failed(outcome) if isinstance(outcome, ScdmError) else outcome

    def _shared(self, task: Task) -> Task:
        threads, memory = self.share(task.args)
        args = Namespace(**{**vars(task.args), "threads": threads, "memory_limit": memory})
        return replace(task, args=args)


def _require_alike(found: Dict[str, Dict[str, Any]]) -> None:
    """Equal results take equal software and equal devices."""
    first, mine = next(iter(found)), software()
    for address, about in found.items():
        for name, have in (*mine.items(), ("device", found[first]["device"])):
            if about[name] != have:
                other = "this client" if name in mine else f"worker {first}"
                raise DeviceError(
                    f"worker {address} has {name} {about[name]}, {other} {have}",
                    f"give --device, or {ALIKE}",
                )


class Blocks:
    """Units that a cluster's workers make, a bounded number ahead, and put into ``store``."""

    def __init__(self, pool: dask_pool.Pool, order: Order, store: Store, warn):
        self._pool, self._order, self._store = pool, order, store
        self._told = Once(warn)
        self._stored = store.names()
        self._kept: Dict[str, bool] = {}
        self._coming = pool.each(dask_tasks.make_unit, self._items())

    def _items(self) -> Iterator[dask_pool.Item]:
        """The units that the store lacks, each once."""
        before, sent = frozenset(self._stored), set()
        blended = self._order.layout.margin is None  # a unit is then part of several pieces
        for piece in self._order.layout.pieces():
            for unit in piece.units:
                if unit.name not in before and unit.name not in sent:
                    if blended:
                        sent.add(unit.name)
                    yield unit.name, (self._order, unit)

    def arrays(self, unit: tiling.Unit, done: Callable[[str, int], None]) -> Arrays:
        """What is kept of ``unit``; ``done`` hears (name, tiles) of what is finished."""
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
        """A block that the store has lost or that was damaged there."""
        return self._pool.each(dask_tasks.make_unit, [(unit.name, (self._order, unit))])

    def _read(self, name: str) -> Arrays:
        try:
            arrays = self._store.read(name)
        except (OSError, ValueError) as error:
            raise StorageError(f"block {name} cannot be read ({error})", SEE_FOLDER) from error
        if arrays is None:
            raise StorageError(
                f"a worker's block {name} is not in '{self._store.folder}'", SEE_FOLDER
            )
        return arrays


class Once:
    """Tells each warning once, whichever and however many workers have it."""

    def __init__(self, warn: Callable[[str], None]):
        self._warn, self._heard = warn, set()

    def all(self, warnings) -> None:
        for message in warnings:
            if message not in self._heard:
                self._heard.add(message)
                self._warn(message)
