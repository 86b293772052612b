"""Where a run's work is done: in this process, or by the workers of a cluster."""

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from . import cascade, cluster, many, memory_limit, sheets, worker
from . import order as orders
from .blocks import Store
from .estimation import Here, Job, UnitMaker
from .events import Events
from .farm import Farm
from .order import Order
from .production import Asked, stored_as


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
        return replace(job, layout=memory_limit.fitted(job, stored, count, args.memory_limit, warn))

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

    def scenes(self, args, tasks: Iterable[many.Task], tally: Events) -> Iterator[many.Outcome]:
        """Make scenes, one after the other, with the networks of the first."""
        for task in tasks:
            yield many.made(task, OneMachine(self._load or worker.load), tally)


def _maker(order: Order, job: Job, warn) -> UnitMaker:
    return UnitMaker(job, stored_as(job, order.asked), len(order.asked.outputs), warn)


@contextmanager
def opened(args) -> Iterator:
    """The engine that ``args`` ask for."""
    with ExitStack() as stack:
        if not args.cluster:
            yield OneMachine()
            return
        tls = cluster.certificates(args.tls_ca_file, args.tls_cert, args.tls_key)
        yield Farm(args.cluster, stack, tls)


def order_of(args, job: Job, asked: Asked, inputs: Dict[str, str], journal, engine) -> Order:
    """The run as any process can take it up."""
    threads, memory = engine.share(args)
    return Order(
        input=orders.everywhere(args.input),
        bands=tuple(job.picture.bands),
        inputs={str(Path(path).absolute()): state for path, state in inputs.items()},
        model=str(Path(args.model).absolute()) if args.model else None,
        model_sha256=asked.tags["SCDM_MODEL_SHA256"],
        device=job.cascade.device,
        threads=threads,
        memory_limit=memory,
        layout=job.layout,
        radiometry=job.radiometry,
        sampling=job.sampling,
        keep_stages=job.keep_stages,
        journal=str(journal.folder.absolute()),
        run=journal.run,
        asked=asked,
        software=orders.software(),
    )
