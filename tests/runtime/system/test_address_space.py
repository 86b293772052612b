"""A tight limit of the address space is told at once: nothing hangs and nothing is cut off."""

import functools
import sys

import pytest

from model_runtime.system import address_space

resource = pytest.importorskip("resource")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems ignore the limit")


def limited(megabytes):
    limit = megabytes << 20
    return functools.partial(resource.setrlimit, resource.RLIMIT_AS, (limit, limit))


@pytest.mark.parametrize("megabytes", [120, 200, 350, 550, 700, 900])
@pytest.mark.parametrize("words", [["doctor"], ["upsample", "a.tif", "b.tif"], ["--help"]])
def test_a_tight_limit_is_exit_4_in_words(command, tmp_path, megabytes, words):
    done = command(*words, cwd=tmp_path, preexec_fn=limited(megabytes))
    assert done.returncode == 4
    assert f"limited to {megabytes} MiB (ulimit -v)" in done.stderr
    assert "Traceback" not in done.stderr and not done.stdout


def test_a_generous_limit_is_no_hindrance(command, tmp_path, tiny_package, write_raster):
    import numpy as np

    values = np.random.default_rng(0).integers(5, 250, (3, 30, 40)).astype(np.uint8)
    words = ["upsample", write_raster("a.tif", values), tmp_path / "o.tif", "--model", tiny_package]
    done = command(*words, preexec_fn=limited(6000))
    assert done.returncode == 0, done.stderr


def test_what_is_left_is_below_the_limit(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (10 << 40, 10 << 40))
    assert 0 < address_space.free_bytes() < 10 << 40
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert address_space.free_bytes() is None
