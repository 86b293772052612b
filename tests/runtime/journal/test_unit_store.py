"""Finished units on the disk: back as they were, and never as something else."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_runtime.journal import unit_store
from model_runtime.journal.unit_store import UnitStore, pack, unpack
from model_runtime.system import durable_files


def arrays(kind=np.uint16, count=2, shape=(3, 4, 5)):
    rng = np.random.default_rng(1)
    return tuple(rng.integers(0, 9000, shape).astype(kind) for _ in range(count))


@pytest.fixture
def store(tmp_path):
    return UnitStore(tmp_path)


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
@pytest.mark.parametrize("count", [1, 2])
def test_what_is_kept_comes_back(store, kind, count):
    store.write("8_-16", arrays(kind, count))
    found = store.read("8_-16")
    assert len(found) == count and store.names() == {"8_-16"}
    for one, other in zip(found, arrays(kind, count)):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == kind


def test_a_unit_of_nothing_differs_from_no_unit(store):
    store.write("0_0", ())
    assert store.read("0_0") == ()
    assert store.read("0_1") is None


def test_nan_survives(store):
    values = np.full((1, 2, 2), np.nan, np.float32)
    store.write("0_0", [values])
    assert np.isnan(store.read("0_0")[0]).all()


@given(st.data())
def test_any_changed_cut_or_added_byte_is_noticed(data):
    content = bytearray(b"".join(pack(arrays())))
    how = data.draw(st.sampled_from(["change", "cut", "add"]))
    place = data.draw(st.integers(0, len(content) - 1))
    if how == "change":
        content[place] ^= data.draw(st.integers(1, 255))
    elif how == "cut":
        del content[place:]
    else:
        content += data.draw(st.binary(min_size=1, max_size=9))
    with pytest.raises(ValueError):
        unpack(bytes(content))


@given(st.binary(max_size=200))
def test_garbage_is_no_unit(content):
    with pytest.raises(ValueError):
        unpack(content)


def test_a_write_that_fails_leaves_the_name_free(store, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable_files.os, "fsync", full)
    with pytest.raises(OSError):
        store.write("0_0", arrays())
    assert store.read("0_0") is None and store.names() == set()
    monkeypatch.undo()
    store.clear()
    assert list(store.folder.iterdir()) == []


def test_the_content_is_on_the_disk_before_it_has_its_name(store, monkeypatch):
    """The order of the calls is what a power cut tests."""
    calls = []
    real = os.fsync
    monkeypatch.setattr(durable_files.os, "fsync", lambda fd: (calls.append("sync"), real(fd)))
    replace = unit_store.Path.replace
    monkeypatch.setattr(
        unit_store.Path, "replace", lambda self, to: (calls.append("rename"), replace(self, to))[1]
    )
    store.write("0_0", arrays())
    assert calls == ["sync", "rename", "sync"]


def test_arrays_of_different_types_and_shapes_come_back(store):
    kept = (
        *arrays(np.uint16, 1, (8, 2, 3)),
        np.array([[[0, 255, 100], [1, 2, 3]]], np.uint8),
        *arrays(np.float32, 1, (1, 5, 2)),
    )
    store.write("0_0", kept)
    for one, other in zip(store.read("0_0"), kept):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


def test_arrays_of_a_type_that_is_not_kept_are_refused():
    with pytest.raises(ValueError):
        pack([np.zeros((1, 2, 2), np.int64)])


def test_clearing_touches_nothing_else(store, tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    store.write("0_0", arrays())
    store.drop("0_0")
    store.write("0_1", arrays())
    store.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
