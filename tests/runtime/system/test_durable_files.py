"""Files are the old ones or the new ones, and the system's errors are the user's."""

import os

import pytest

from model_runtime.errors import StorageError
from model_runtime.system import durable_files
from model_runtime.system.durable_files import atomic_write, make_folder, storage_errors


def full(_):
    raise OSError(28, "No space left on device")


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "a.json"
    for content in (b"one", b"another"):
        atomic_write(path, content[:2], content[2:])
        assert path.read_bytes() == content and list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    atomic_write(path, b"old")
    monkeypatch.setattr(durable_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    calls, real, replace = [], os.fsync, durable_files.Path.replace
    monkeypatch.setattr(durable_files.os, "fsync", lambda fd: (calls.append("sync"), real(fd)))
    monkeypatch.setattr(
        durable_files.Path, "replace", lambda a, b: (calls.append("rename"), replace(a, b))[1]
    )
    atomic_write(tmp_path / "a", b"")
    assert calls == ["sync", "rename", "sync"]


def test_errors_of_the_system_name_the_file_and_a_remedy(tmp_path):
    with pytest.raises(StorageError) as caught, storage_errors("a.tif", "make room"):
        full(0)
    assert caught.value.message == "'a.tif' cannot be written (No space left on device)"
    assert caught.value.remedy == "make room"


def test_a_folder_is_made_or_refused(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(str(tmp_path / "a" / "b"))
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be made"):
        make_folder(tmp_path / "file" / "c")
