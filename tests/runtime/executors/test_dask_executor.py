"""The client's side of a cluster: what it sends, takes back and refuses; the pool is a stand-in.

The pool works at an item in this process when it is asked for: order and counts are known.
"""

from contextlib import ExitStack, nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from model_runtime import tiling
from model_runtime.batch.scenes import Scene
from model_runtime.batch.task import DONE, FAILED, Task
from model_runtime.errors import DeviceError, InputError, StorageError
from model_runtime.executors import dask_pool
from model_runtime.executors.dask_executor import DaskExecutor, DaskUnits
from model_runtime.journal.unit_store import UnitStore
from model_runtime.package import manifest
from model_runtime.pipeline.options import UpsampleOptions
from model_runtime.pipeline.run_spec import software
from model_runtime.system import hardware

GIGABYTE = 1 << 30


class Pool:
    """Does items with ``work`` in this process; ``sent`` holds the names of all that were sent."""

    def __init__(self, work=None, workers=None):
        self.work, self.workers, self.sent, self.arguments = work, workers or {}, [], []

    def each(self, function, items):
        for name, arguments in items:
            self.sent.append(name)
            self.arguments.append(arguments)
            yield name, self.work(*arguments)

    def outcomes(self, function, items):
        return self.each(function, items)

    def on_all(self, function, *arguments):
        return self.workers


def worker(**other):
    """What a worker that is like this client says of itself."""
    return {**software(), "device": "cpu", "warnings": (), **other}


@pytest.fixture
def executor_on(monkeypatch):
    """A function: an executor whose cluster is ``pool``."""

    def make(pool, address="tcp://scheduler:8786"):
        monkeypatch.setattr(dask_pool, "open_pool", lambda address, tls: nullcontext(pool))
        return DaskExecutor(address, ExitStack())

    return make


@pytest.fixture
def store(tmp_path):
    return UnitStore(tmp_path, "run")


def layout(margin):
    return tiling.Layout(600, 900, tiling.Window(0, 0, 600, 900), 32, 8, margin, 8)


def all_units(margin):
    return [unit for piece in layout(margin).pieces() for unit in piece.units]


def kept_by_workers(store, warnings=(), empty=()):
    """What a worker does: keeps a unit in the journal that client and workers share."""

    def make(spec, unit):
        if unit.name in empty:
            return False, len(unit.tiles), warnings
        store.write(unit.name, [np.full((1, 2, 3), unit.window.row0, np.uint16)])
        return True, len(unit.tiles), warnings

    return make


def taken(pool, store, margin, said=None):
    """Every unit of every piece, as the loop takes them; names and tiles of what was finished."""
    done, said = [], [] if said is None else said
    units = DaskUnits(pool, SimpleNamespace(layout=layout(margin)), store, said.append)
    arrays = {}
    for unit in all_units(margin):
        if unit.name not in arrays:  # what is kept is read from the journal by the loop itself
            arrays[unit.name] = units.arrays(unit, lambda *what: done.append(what))
    return arrays, done


@pytest.mark.parametrize("margin", [8, None])
def test_each_unit_is_sent_once_and_every_tile_is_counted(store, margin):
    pool = Pool(kept_by_workers(store))
    arrays, done = taken(pool, store, margin)
    names = {unit.name for unit in all_units(margin)}
    assert sorted(pool.sent) == sorted(names) == sorted(arrays)
    tiles = {unit.name: len(unit.tiles) for unit in all_units(margin)}
    assert dict(done) == tiles and len(done) == len(tiles)


@pytest.mark.parametrize("margin", [8, None])
def test_what_the_journal_has_is_not_sent(store, margin):
    first, *others = {unit.name: unit for unit in all_units(margin)}.values()
    kept_by_workers(store)(None, first)
    pool = Pool(kept_by_workers(store))
    units = DaskUnits(pool, SimpleNamespace(layout=layout(margin)), store, lambda _: None)
    for unit in others:
        units.arrays(unit, lambda *_: None)
    assert first.name not in pool.sent and set(pool.sent) == {unit.name for unit in others}


def test_a_unit_of_the_journal_that_was_damaged_is_made_again(store):
    unit = all_units(8)[0]
    store.write(unit.name, [np.zeros((1, 2, 3), np.uint16)])
    pool = Pool(kept_by_workers(store))
    units = DaskUnits(pool, SimpleNamespace(layout=layout(8)), store, lambda _: None)
    (values,) = units.arrays(unit, lambda *_: None)
    assert pool.sent == [unit.name] and values.shape == (1, 2, 3)


def test_nothing_comes_of_a_unit_without_a_valid_pixel(store):
    empty = all_units(8)[1].name
    arrays, done = taken(Pool(kept_by_workers(store, empty=(empty,))), store, 8)
    assert arrays[empty] == () and store.read(empty) is None
    assert empty in dict(done)
    assert all(arrays[name] for name in arrays if name != empty)


def test_a_journal_that_workers_do_not_share_is_told(store):
    pool = Pool(lambda spec, unit: (True, 1, ()))  # kept, but elsewhere
    with pytest.raises(StorageError, match=r"is not in '.*client and workers share"):
        taken(pool, store, 8)


def test_a_unit_that_arrives_damaged_is_told(store):
    def make(spec, unit):
        (store.folder / f"run-{unit.name}.block").write_bytes(b"SCDMBLK3 cut off")
        return True, 1, ()

    with pytest.raises(StorageError, match=r"cannot be read \(its checksum is wrong\)"):
        taken(Pool(make), store, 8)


def test_a_warning_of_all_workers_is_told_once(store):
    said = []
    taken(Pool(kept_by_workers(store, warnings=("little memory", "slow disk"))), store, 8, said)
    assert said == ["little memory", "slow disk"]


def test_alike_workers_give_their_device_and_each_warning_once(executor_on, tiny_package):
    found = {"tcp://a:1": worker(warnings=("old driver",))}
    found["tcp://b:1"] = worker(warnings=("old driver", "little memory"))
    options, model = UpsampleOptions(), manifest.read(tiny_package)
    runtime, cascade = executor_on(Pool(workers=found)).prepare(options, tiny_package, model)
    assert cascade is None and runtime.device == "cpu"
    assert runtime.providers == ("CPUExecutionProvider",)
    assert runtime.warnings == ("old driver", "little memory")


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"device": "cuda"}, "worker tcp://b:1 has device cuda, worker tcp://a:1 cpu"),
        ({"version": "0.0.1"}, "worker tcp://b:1 has version 0.0.1, this client "),
        ({"ONNX Runtime": "0.1"}, "worker tcp://b:1 has ONNX Runtime 0.1, this client "),
    ],
)
def test_workers_that_would_give_other_numbers_are_refused(executor_on, tiny_package, other, says):
    pool = Pool(workers={"tcp://a:1": worker(), "tcp://b:1": worker(**other)})
    executor, model = executor_on(pool), manifest.read(tiny_package)
    with pytest.raises(DeviceError, match=says):
        executor.prepare(UpsampleOptions(), tiny_package, model)


@pytest.mark.parametrize(
    ("address", "options", "share"),
    [
        ("local:4", UpsampleOptions(), (2, GIGABYTE)),
        ("local:16", UpsampleOptions(), (1, GIGABYTE // 4)),
        ("local:4", UpsampleOptions(threads=3, memory_limit=7), (3, 7)),
        ("tcp://scheduler:8786", UpsampleOptions(), (1, None)),
        ("tcp://scheduler:8786", UpsampleOptions(threads=3, memory_limit=7), (3, 7)),
    ],
)
def test_local_workers_share_cores_and_half_of_the_memory(
    executor_on, monkeypatch, address, options, share
):
    monkeypatch.setattr(hardware, "cores", lambda: 8)
    monkeypatch.setattr(hardware, "memory", lambda: {"available": 8 * GIGABYTE})
    assert executor_on(Pool(), address).share(options) == share


@pytest.fixture
def tasks(write_raster, tiny_package, tmp_path):
    """Two scenes."""
    found = []
    for name in "ab":
        source = write_raster(f"{name}.tif", np.full((3, 8, 8), 90, np.uint8))
        output = str(tmp_path / f"{name}_made.tif")
        options = UpsampleOptions(input=str(source), output=output, model=str(tiny_package))
        found.append(Task(Scene(name, str(source)), options).with_fingerprint())
    return found


def test_a_worker_s_error_is_the_outcome_of_its_scene_alone(executor_on, tasks):
    def make(task, of_client):
        if task.scene.name == "a":
            return InputError("no bands", "choose some")
        return task.outcome(DONE)

    pool = Pool(make, workers={"tcp://a:1": worker()})
    first, second = executor_on(pool).scenes(tasks[0].options, iter(tasks), None)
    assert (first.state, first.kind, first.message) == (FAILED, "input", "no bands")
    assert (first.remedy, first.input) == ("choose some", tasks[0].scene.path)
    assert (second.state, second.name) == (DONE, "b")


def test_a_scene_is_sent_with_a_worker_s_share_and_stays_the_same_scene(executor_on, tasks):
    pool = Pool(lambda task, of_client: task.outcome(DONE), workers={"tcp://a:1": worker()})
    options = replace(tasks[0].options, threads=3, memory_limit=7)
    sent = replace(tasks[0], options=options)
    list(executor_on(pool).scenes(options, iter([sent]), None))
    ((task, of_client),) = pool.arguments
    assert (task.options.threads, task.options.memory_limit) == (3, 7)
    assert task.made_of == tasks[0].made_of and of_client == software()


def test_scenes_are_taken_as_they_are_asked_for(executor_on, tasks):
    pool = Pool(lambda task, of_client: task.outcome(DONE), workers={"tcp://a:1": worker()})
    outcomes = executor_on(pool).scenes(tasks[0].options, iter(tasks), None)
    assert next(outcomes).name == "a" and pool.sent == ["a"]
