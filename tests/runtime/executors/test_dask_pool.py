"""A cluster of real processes: addresses, retries, lost workers, what is said of failures."""

import os
import signal
import sys
import threading
import warnings
from pathlib import Path

import pytest

from model_runtime.errors import DeviceError, InputError, MemoryShortage, StorageError
from model_runtime.executors import dask_pool

REASON = "needs Dask: pip install '.[cluster]'"


@pytest.mark.parametrize(
    "address",
    ["", "local", "local:", "local:0", "local:-1", "local:two", "local:999", "local:²"]
    + ["8786", "host:8786", "tcp://", "http://host:8786", "tcp:/host", "tcp://host"]
    + ["tcp://host:http", "tcp://host:99999", "tcp://[::1", "tcp://:8786", "tcp://a:1/b"]
    + ["tcp://user@host:1", "tls://\x1b[2Jhost:1", "tcp://host:1\x00"],
)
def test_an_address_that_cannot_be_is_refused(address):
    with pytest.raises(InputError, match="--cluster"):
        dask_pool.check(address)


@pytest.mark.parametrize(
    "address", ["local:1", "local:64", "tcp://host:8786", "tls://10.0.0.1:1", "tcp://[::1]:8786"]
)
def test_addresses(address):
    dask_pool.check(address)


def test_without_dask_the_remedy_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DeviceError) as caught, dask_pool.open_pool("local:1"):
        raise AssertionError("opened")
    assert "[cluster]" in caught.value.remedy


@pytest.fixture(scope="module")
def pool():
    pytest.importorskip("distributed", reason=REASON)
    with dask_pool.open_pool("local:2") as opened:
        yield opened


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """A function that writes new certificates into files."""
    distributed = pytest.importorskip("distributed", reason=REASON)

    def write():
        made = distributed.Security.temporary()
        contents = made.tls_ca_file, made.tls_client_cert, made.tls_client_key
        folder = tmp_path_factory.mktemp("pem")
        for name, content in zip(("ca", "cert", "key"), contents):
            (folder / name).write_text(content)
        return dask_pool.Certificates(*(str(folder / name) for name in ("ca", "cert", "key"))), made

    return write


def test_a_local_cluster_lets_nobody_in_without_its_certificate(pool, pem):
    """Any user of the machine reaches its ports; who is let in runs code as the one who runs it."""
    import distributed

    address = pool._client.scheduler.address
    workers = pool._client.scheduler_info()["workers"]
    assert all(found.startswith("tls://127.0.0.1:") for found in (address, *workers))
    for scheme, security in (("tcp", None), ("tls", pem()[1])):
        with pytest.raises(OSError):
            distributed.Client(
                address.replace("tls", scheme), timeout=2, security=security, set_as_default=False
            )


def test_a_scheduler_with_certificates(pem):
    import distributed

    given, security = pem()
    with distributed.LocalCluster(
        n_workers=1,
        processes=False,
        security=security,
        protocol="tls://",
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
    ) as running:
        address = running.scheduler_address
        with dask_pool.open_pool(address, given) as opened:
            assert list(opened.each(squared, [("a", (3,))])) == [("a", 9)]
        with pytest.raises(InputError, match="needs certificates"), dask_pool.open_pool(address):
            raise AssertionError("opened")
        with pytest.raises(DeviceError), dask_pool.open_pool(address, pem()[0]):
            raise AssertionError("opened")


@pytest.mark.parametrize(
    "address, given, rule",
    [
        ("tls://host:1", {"cert": None}, "--tls-cert is missing"),
        ("tls://host:1", {"key": "/nowhere"}, "'/nowhere' does not exist"),
        ("tcp://host:1", {}, "uses no TLS"),
        ("local:2", {}, "its own certificates"),
    ],
)
def test_certificates_that_are_no_use_are_refused(pem, address, given, rule):
    files = {**vars(pem()[0]), **given}
    with pytest.raises(InputError, match=rule):
        dask_pool.check(address, dask_pool.certificates(**files))


def squared(number):
    return number * number


def fails_once(mark, number):
    if not Path(mark).exists():
        Path(mark).touch()
        raise StorageError("the network had a hiccup", "wait")
    return number


def fails(kind):
    raise kind("what", "and what to do")


def killed_once(mark):
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def test_each_item_is_done_once_and_read_only_as_tasks_are_under_way(pool, monkeypatch):
    monkeypatch.setattr(dask_pool, "LEAST_AHEAD", 32)
    read = []

    def items():
        for i in range(3 * dask_pool.LEAST_AHEAD):
            read.append(i)
            yield str(i), (i,)

    done = {}
    for name, result in pool.each(squared, items()):
        done[name] = result
        assert len(read) - len(done) < 2 * dask_pool.LEAST_AHEAD
    assert done == {str(i): i * i for i in read}
    assert len(read) == 3 * dask_pool.LEAST_AHEAD


def test_nothing_to_do_is_soon_done(pool):
    assert list(pool.each(squared, [])) == []


def test_a_task_that_fails_is_tried_again(pool, tmp_path):
    assert list(pool.each(fails_once, [("a", (str(tmp_path / "mark"), 7))])) == [("a", 7)]


@pytest.mark.parametrize("kind", [InputError, MemoryShortage, StorageError])
def test_an_error_comes_back_as_it_was_raised(pool, kind):
    with pytest.raises(kind) as caught:
        list(pool.each(fails, [("a", (kind,))]))
    assert (caught.value.message, caught.value.remedy) == ("what", "and what to do")
    assert type(caught.value) is kind


def test_an_error_of_one_task_is_an_outcome_among_others(pool):
    outcomes = dict(pool.outcomes(fails, [("a", (InputError,)), ("b", (StorageError,))]))
    assert {name: type(error) for name, error in outcomes.items()} == {
        "a": InputError,
        "b": StorageError,
    }


def test_a_fault_of_the_software_stays_one(pool):
    with pytest.raises(ZeroDivisionError):
        list(pool.each(divmod, [("a", (1, 0))]))


def waits_until_unwanted(mark):
    Path(mark).touch()
    for _ in range(6000):
        if dask_pool.is_cancelled():
            Path(mark).unlink()
            return
        threading.Event().wait(0.01)


# Before the tests that kill workers: it takes two at a time, and not every one comes back.
def test_a_task_hears_that_nobody_wants_it_any_more(pool, tmp_path):
    mark = tmp_path / "running"
    assert not dask_pool.is_cancelled()  # no task at all
    future = pool._client.submit(waits_until_unwanted, str(mark))
    assert happens(mark.exists)
    assert next(pool.each(waits_once, [("a", (0,))]))[1] is False  # a task that is wanted
    future.cancel()
    assert happens(lambda: not mark.exists())


def waits_once(_):
    return dask_pool.is_cancelled()


def happens(condition):
    """Whether it comes true within a minute."""
    return any(condition() or threading.Event().wait(0.01) for _ in range(6000))


def test_the_task_of_a_killed_worker_is_done_by_another(pool, tmp_path):
    items = [("a", (str(tmp_path / "mark"),))]
    (outcome,) = pool.each(killed_once, items)
    assert outcome[0] == "a" and outcome[1] > 0


def killed_if(ends_its_worker):
    if ends_its_worker:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_a_task_that_ends_every_worker_fails_alone(pool):
    """The others are not taken for guilty, and what they had made is not missed."""
    items = [(name, (name == "c",)) for name in "abcdefgh"]
    outcomes = dict(pool.outcomes(killed_if, items))
    assert isinstance(outcomes.pop("c"), DeviceError)
    assert outcomes == dict.fromkeys("abdefgh", "done")


def test_a_second_cluster_takes_no_port_of_the_first(pool):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Port")
        with dask_pool.open_pool("local:1") as second:
            assert list(second.each(squared, [("a", (3,))])) == [("a", 9)]


def test_no_scheduler_is_a_device_error(monkeypatch):
    pytest.importorskip("distributed", reason=REASON)
    monkeypatch.setattr(dask_pool, "WAIT_SECONDS", 1)
    with pytest.raises(DeviceError, match="no cluster"), dask_pool.open_pool("tcp://127.0.0.1:1"):
        raise AssertionError("opened")
