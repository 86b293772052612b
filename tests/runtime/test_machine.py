"""Memory and cores of the machine."""

import ctypes
import platform
from concurrent.futures import ThreadPoolExecutor

import pytest

from model_runtime import machine
from model_runtime.errors import DeviceError


def test_meminfo_is_read_in_bytes():
    text = "MemTotal:       2048 kB\nMemFree:  1 kB\nMemAvailable:   1024 kB\n"
    assert machine._from_meminfo(text) == {"total": 2 << 20, "available": 1 << 20}


def test_what_an_old_kernel_does_not_say_is_unknown():
    assert machine._from_meminfo("MemTotal: 4 kB\n") == {"total": 4096, "available": None}


def test_this_machine_has_memory_and_cores():
    memory = machine.memory()
    assert machine.cores() >= 1
    assert memory["total"] is None or memory["total"] >= (memory["available"] or 0)


def test_what_does_not_fit_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(machine, "memory", lambda: {"total": 8 << 30, "available": 3 << 30})
    machine.require_memory(2 << 30, "this", "cut it")
    with pytest.raises(DeviceError, match=r"this needs 4.0 GiB of memory, 3.0 are free"):
        machine.require_memory(4 << 30, "this", "cut it")


def test_where_the_free_memory_is_unknown_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(machine, "memory", lambda: {"total": None, "available": None})
    machine.require_memory(1 << 60, "this", "cut it")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has a way to ask")
def test_what_another_thread_has_freed_is_given_back():
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]

    def fill_and_free():
        held = [libc.malloc(64 << 10) for _ in range(1000)]
        for pointer in held:
            ctypes.memset(pointer, 1, 64 << 10)
        for pointer in held[:-1]:  # the last one keeps the heap from shrinking by itself
            libc.free(pointer)
        return held[-1]

    with ThreadPoolExecutor(1) as pool:
        last = pool.submit(fill_and_free).result()
        before = machine.resident()
        machine.give_back()
        assert before - machine.resident() > 50 << 20
        libc.free(last)
