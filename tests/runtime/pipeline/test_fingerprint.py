"""Which files an input is: every change that an accident makes is seen."""

import os

import pytest

from model_runtime.pipeline import fingerprint


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(bytes(range(256)) * 20_000)  # 5 MB: sampled, not read whole
    return path


def state(path):
    return fingerprint.fingerprint_files([str(path)])[str(path)]


def test_the_same_file_stays_the_same(file):
    assert state(file) == state(file)


def test_a_file_that_is_not_there_is_gone(tmp_path):
    assert state(tmp_path / "none.tif") == "gone"


@pytest.mark.parametrize("place", [0, 5_119_999])
def test_other_content_of_the_same_size_and_time_is_noticed(file, place):
    before, times = state(file), (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=times)
    assert state(file) != before


def test_a_new_time_is_noticed(file):
    before = state(file)
    os.utime(file, ns=(1, 1))
    assert state(file) != before


def test_every_byte_of_a_small_file_counts(tmp_path):
    path = tmp_path / "b.vrt"
    states = set()
    for place in range(0, 900, 100):
        content = bytearray(900)
        content[place] = 1
        path.write_bytes(content)
        os.utime(path, ns=(1, 1))
        states.add(state(path))
    assert len(states) == 9


def test_a_copy_has_the_digest_of_its_file_and_a_changed_one_another(file, tmp_path):
    copy = tmp_path / "b.tif"
    copy.write_bytes(file.read_bytes())
    assert fingerprint.digest_of(str(copy)) == fingerprint.digest_of(str(file)) != ""
    copy.write_bytes(file.read_bytes()[:-1] + b"?")
    assert fingerprint.digest_of(str(copy)) != fingerprint.digest_of(str(file))


def test_what_is_no_file_has_no_digest(tmp_path):
    assert fingerprint.digest_of("/vsicurl/https://example.org/a.tif") == ""
    assert fingerprint.digest_of(str(tmp_path)) == ""
