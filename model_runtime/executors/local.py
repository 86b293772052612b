"""This process as the engine of a run: it makes everything."""

from dataclasses import replace
from typing import Any, Callable, Iterable, Iterator, List, Optional, Tuple

from ..batch import run_scene
from ..batch.task import Outcome, Task
from ..diffusion import cascade, cascade_cache
from ..events import Events
from ..journal.block_store import Store
from ..pipeline import memory_budget, sheets
from ..pipeline.estimation import Here, Job, UnitMaker
from ..pipeline.production import Asked, stored_as
from ..pipeline.run_spec import Order


class OneMachine:
    """This process makes everything; ``load`` gives networks as cascade.load does."""

    def __init__(self, load: Optional[Callable] = None):
        self._load = load

    def network(self, args, folder, model):
        """The cascade of the package in ``folder``."""
        return (self._load or cascade.load)(folder, model, args.device, args.threads)

    def fitted(self, args, job: Job, asked: Asked, warn) -> Job:
        """``job`` in tiles that the memory holds; raises MemoryShortage."""
        stored, count = stored_as(job, asked), len(asked.outputs)
        return replace(
            job, layout=memory_budget.fitted(job, stored, count, args.memory_limit, warn)
        )

    def share(self, args) -> Tuple[int, Any]:
        """The threads and the memory limit of each of those who work."""
        return args.threads, args.memory_limit

    def source(self, order: Order, job: Job, store: Store, warn) -> Here:
        """Where Estimation gets its units from."""
        return Here(_maker(order, job, warn), store)

    def sheets(self, order: Order, job: Job, store: Store, windows: List, tally: Events):
        """Make the sheets of ``windows``: each with whether it has a valid pixel, and its tiles."""
        maker = _maker(order, job, tally.warning)
        for window in windows:
            yield window, *sheets.make(job, order, window, maker, store, tally)

    def scenes(self, args, tasks: Iterable[Task], tally: Events) -> Iterator[Outcome]:
        """Make scenes, one after the other, with the networks of the first."""
        for task in tasks:
            yield run_scene.made(task, OneMachine(self._load or cascade_cache.load), tally)


def _maker(order: Order, job: Job, warn) -> UnitMaker:
    return UnitMaker(job, stored_as(job, order.asked), len(order.asked.outputs), warn)
