"""Work on the workers of a Dask cluster: the only file of the runtime that imports dask.

Dask's scheduler spreads the tasks, steals work for idle workers, runs the tasks of lost workers
again and shows it all on its dashboard; here is only what it does not know: how many tasks to have
under way, and what its failures mean to a user.
"""

import functools
import itertools
import os
import shutil
import tempfile
import uuid
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple
from urllib.parse import urlsplit

from ..errors import DeviceError, InputError, ScdmError, one_line
from ..system import cancellation, hardware

TLS = "tls"
REMOTE = ("tcp", TLS)
LOCAL = "local:"
MOST_LOCAL = 256
WAIT_SECONDS = 30
# A task that fails (a network's hiccup) is tried again, on whichever worker is free.
RETRIES = 2
# Tasks under way for each of the workers' threads: the next lie ready while one runs, and what a
# client and a scheduler hold does not grow with the raster.
AHEAD = 8
LEAST_AHEAD = 256
# They are sent so many at a time: a message costs more than a task.
BATCHES = 8
WORKER_SETUP = "model_runtime.executors.dask_tasks"  # its dask_setup
INSTALL = "pip install '.[cluster]', or leave --cluster away"
_RULE = "give tcp://HOST:PORT of a Dask scheduler, or local:N for N processes of this machine"

_TLS_OPTIONS = ("--tls-ca-file", "--tls-cert", "--tls-key")
# Whoever reaches a port of Dask's runs code as the one who opened it: of a local cluster, only who
# holds a certificate that lives as long as the run; and no web pages beside it.
_NO_PAGES: Dict[str, List] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}

Item = Tuple[str, Tuple[Any, ...]]


@dataclass(frozen=True)
class Certificates:
    """Files in PEM by which a ``tls://`` scheduler and its client know each other."""

    ca_file: str
    cert: str
    key: str


def certificates(ca_file: Optional[str], cert: Optional[str], key: Optional[str]):
    """Check the files of the three options.

    Returns: the Certificates, None where no option is given.
    Raises: InputError for some of the three only, or for a file that does not exist.
    """
    given = dict(zip(_TLS_OPTIONS, (ca_file, cert, key)))
    if not any(given.values()):
        return None
    for option, path in given.items():
        if not path:
            raise InputError(
                f"{option} is missing", f"give all three of {', '.join(_TLS_OPTIONS)}, or none"
            )
        if not Path(path).is_file():
            raise InputError(f"{option} '{path}' does not exist", "name a file in PEM format")
    return Certificates(*map(str, given.values()))


def check(address: str, tls: Optional[Certificates] = None) -> None:
    """Refuse an address that no cluster can have, or that ``tls`` is not for.

    Raises: InputError.
    """
    if not address.startswith(LOCAL):
        scheme = _scheme_of_remote(address)
        if tls and scheme != TLS:
            raise InputError(
                f"--cluster '{address}' uses no TLS", "give tls://HOST:PORT with certificates"
            )
        return
    local_workers(address)
    if tls:
        raise InputError(
            f"--cluster '{address}' makes its own certificates",
            f"leave {', '.join(_TLS_OPTIONS)} out",
        )


def _scheme_of_remote(address: str) -> str:
    try:
        parts = urlsplit(address)
        whole = parts.hostname and parts.port and f"{parts.scheme}://{parts.netloc}" == address
    except ValueError:  # a port that is not a number, half of an IPv6 address
        whole = False
    if not whole or parts.scheme not in REMOTE or "@" in address or not address.isprintable():
        raise InputError(f"--cluster is '{address}'", _RULE)
    return parts.scheme


def local_workers(address: str) -> int:
    """Read the N of ``local:N``.

    Returns: N, 0 for an address of another kind.
    Raises: InputError for an N that is not a whole number from 1 to MOST_LOCAL.
    """
    if not address.startswith(LOCAL):
        return 0
    text = address[len(LOCAL) :]
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_LOCAL):
        raise InputError(f"--cluster is '{address}'", f"give local:1 to local:{MOST_LOCAL}")
    return int(text)


def is_cancelled() -> bool:
    """Ask Dask whether the task of this thread was cancelled or its client is gone.

    Returns: whether it was; False in a thread that is not a worker's.
    """
    try:
        worker = _import_distributed().get_worker()
        task = worker.state.tasks.get(worker.get_current_task())
    except (ValueError, KeyError):  # no worker's thread
        return False
    return task is None or task.state not in ("executing", "long-running")


class Pool:
    """A cluster's workers, in the hands of ``client`` (distributed.Client)."""

    def __init__(self, client, address: str):
        self._client, self.address = client, address

    def on_all(self, function: Callable, *arguments) -> Dict[str, Any]:
        """Run ``function(*arguments)`` on every worker there is now.

        Returns: the results, by the worker's address.
        Raises: DeviceError where the cluster fails, and what ``function`` raises.
        """
        with _translate_errors(self.address):
            return self._client.run(function, *arguments)

    def each(self, task: Callable, items: Iterable[Item]) -> Iterator[Tuple[str, Any]]:
        """Run ``task(*arguments)`` for each (name, arguments) of ``items``.

        A task has one argument or more. ``items`` is read only as far as tasks are under way.

        Returns: (name, result) of each task, as they are done.
        Raises: what a task raised RETRIES + 1 times; DeviceError when one lost so many workers, or
            the cluster fails.
        """
        for name, outcome in self._run_tasks(task, items, lambda n: max(LEAST_AHEAD, AHEAD * n)):
            if isinstance(outcome, ScdmError):
                raise outcome
            yield name, outcome

    def outcomes(self, task: Callable, items: Iterable[Item]) -> Iterator[Tuple[str, Any]]:
        """Run tasks as ``each`` does, but give the ScdmError of a task instead of its result.

        Only as many tasks are under way as there are threads: to Dask, a worker's end is the fault
        of all tasks that it was given, those that lay ready too.

        Returns: (name, result or ScdmError) of each task, as they are done.
        Raises: DeviceError when the cluster fails.
        """
        return self._run_tasks(task, items, lambda n: max(1, n))

    def _run_tasks(self, task: Callable, items: Iterable[Item], at_most: Callable[[int], int]):
        """As ``outcomes``, with ``at_most(threads)`` tasks under way."""
        names: Dict[Any, str] = {}
        waiting, limit = iter(items), 0
        done = _import_distributed().as_completed()
        with _translate_errors(self.address):
            while True:
                if len(names) <= limit - limit // BATCHES:
                    limit = at_most(self._threads())  # workers come and go
                    count = max(0, limit - len(names))
                    sent = self._send(task, list(itertools.islice(waiting, count)))
                    names.update(sent)
                    done.update(list(sent))
                if not names:
                    return
                for future, outcome in self._gather(done.next_batch(), done.add):
                    yield names.pop(future), outcome

    def _gather(self, futures: List, again: Callable) -> Iterator[Tuple[Any, Any]]:
        """Futures with their outcomes; ``again`` hears of those whose worker died with the result.

        Results come in one message: asking a worker for each costs more than a task.
        """
        states = {future: future.status for future in futures}
        good = [future for future, state in states.items() if state == "finished"]
        results = dict(zip(good, self._client.gather(good)))
        for future, state in states.items():
            if state in ("pending", "lost"):
                again(future)
            else:
                yield future, results[future] if future in results else self._error(future)

    def _error(self, future) -> ScdmError:
        error = future.exception() if future.status == "error" else CancelledError()
        told = error if isinstance(error, ScdmError) else _to_scdm_error(error, self.address)
        if told is None or isinstance(error, CancelledError):
            raise told or error
        return told

    def _send(self, task: Callable, items: List[Item]) -> Dict[Any, str]:
        """Futures of ``items``, each with its name."""
        if not items:
            return {}
        names, arguments = zip(*items)
        run = uuid.uuid4().hex  # a scheduler knows tasks by their keys: no two runs share one
        keys = [f"{task.__name__}-{run}-{name}" for name in names]
        # Not pure: else Dask would hash all arguments for keys, which they have.
        futures = self._client.map(task, *zip(*arguments), key=keys, retries=RETRIES, pure=False)
        return dict(zip(futures, names))

    def _threads(self) -> int:
        return sum(self._client.nthreads().values())


@contextmanager
def open_pool(address: str, tls: Optional[Certificates] = None) -> Iterator[Pool]:
    """Open the cluster at ``address``; local workers live as long as the context.

    ``tls`` is for tls://; None: as Dask's own configuration says.

    Returns: the pool of its workers.
    Raises: InputError where there are no certificates, DeviceError where there is no such cluster,
        or no Dask.
    """
    distributed = _import_distributed()
    with ExitStack() as stack:
        with _translate_errors(address):
            client = _connect(distributed, address, tls, stack)
        yield Pool(client, address)


def _connect(distributed, address: str, tls: Optional[Certificates], stack: ExitStack):
    """A client of a cluster that has a worker; ``stack`` closes what was opened."""
    count = local_workers(address)
    if count:
        folder = tempfile.mkdtemp(prefix="scdm-workers-")
        remove = functools.partial(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(remove)
        stack.callback(cancellation.tidy(remove))
        cluster = stack.enter_context(_local(distributed, count, folder))
        return stack.enter_context(distributed.Client(cluster))
    security = _security(distributed, address, tls)
    client = distributed.Client(address, timeout=WAIT_SECONDS, security=security)
    client = stack.enter_context(client)
    client.wait_for_workers(1, timeout=WAIT_SECONDS)
    return client


def _security(distributed, address: str, tls: Optional[Certificates]):
    """What Dask needs to know of certificates; raises InputError where it has none for tls://."""
    if tls:
        given = {"tls_ca_file": tls.ca_file, "tls_client_cert": tls.cert, "tls_client_key": tls.key}
        return distributed.Security(require_encryption=True, **given)
    security = distributed.Security()
    if _scheme_of_remote(address) == TLS and not security.tls_ca_file:
        raise InputError(
            f"--cluster '{address}' needs certificates",
            f"give {', '.join(_TLS_OPTIONS)}, or set distributed.comm.tls in Dask's configuration",
        )
    return security


def _local(distributed, count: int, folder: str):
    """``count`` processes of one thread: the network's own threads use the cores."""
    import dask

    memory = hardware.memory()["total"]
    _start_tracker()
    with dask.config.set(_NO_PAGES):
        return _local_cluster(distributed, count, folder, memory)


def _local_cluster(distributed, count: int, folder: str, memory: Optional[int]):
    return distributed.LocalCluster(
        security=_temporary_certificates(distributed),
        protocol=f"{TLS}://",
        host="127.0.0.1",
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,  # the run itself tells how far it is
        scheduler_kwargs={"dashboard_address": _ANY_PORT},  # its own port may be another's
        memory_limit=memory // count if memory else "auto",
        local_directory=folder,
        preload=WORKER_SETUP,
        silence_logs=_ERRORS_ONLY,
    )


def _temporary_certificates(distributed):
    try:
        return distributed.Security.temporary()
    except ImportError as error:
        raise DeviceError(
            f"--cluster local:N needs the package cryptography ({error})", INSTALL
        ) from error


def _start_tracker() -> None:
    """Start multiprocessing's tracker, which complains of what a cancelled run leaves to it."""
    from multiprocessing import resource_tracker

    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore:resource_tracker"
    try:
        resource_tracker.ensure_running()
    finally:
        os.environ.pop("PYTHONWARNINGS")
        if before is not None:
            os.environ["PYTHONWARNINGS"] = before


_ANY_PORT = "127.0.0.1:0"
_ERRORS_ONLY = 50  # logging.CRITICAL: what is wrong is said by the run


def _import_distributed():
    try:
        import distributed
    except ImportError as error:
        raise DeviceError(f"--cluster needs Dask ({error})", INSTALL) from error
    return distributed


@contextmanager
def _translate_errors(address: str) -> Iterator[None]:
    """Turns what Dask raises into a DeviceError; a task's own errors pass."""
    try:
        yield
    except ScdmError:
        raise
    except Exception as error:
        told = _to_scdm_error(error, address)
        if told is None:
            raise
        raise told from error


def _to_scdm_error(error: Exception, address: str):
    import ssl

    from distributed.scheduler import KilledWorker

    if isinstance(error, KilledWorker):
        return DeviceError(
            f"workers of {address} ended while on one and the same task ({error.task})",
            "see their logs: most often the memory ran out; give a smaller --tile",
        )
    if isinstance(error, CancelledError):
        return DeviceError(
            f"the scheduler {address} is gone", "start it and run the same again: it goes on"
        )
    if isinstance(error, ssl.SSLError):
        return DeviceError(
            f"the scheduler {address} and this client do not trust each other's certificates "
            f"({one_line(error)})",
            f"give the files of the scheduler's certificate authority: {', '.join(_TLS_OPTIONS)}",
        )
    if isinstance(error, (OSError, TimeoutError)):
        return DeviceError(
            f"no cluster with workers answers at {address} ({one_line(error)})",
            "start 'dask scheduler' and 'dask worker', and check the address",
        )
    if isinstance(error, ImportError):
        return DeviceError(
            f"the workers of {address} lack what a run needs ({error})",
            "install this software there, the same version, with its runtime and cluster extras",
        )
    return None
