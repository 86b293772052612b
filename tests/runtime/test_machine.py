"""Memory and cores of the machine."""

from model_runtime import machine


def test_meminfo_is_read_in_bytes():
    text = "MemTotal:       2048 kB\nMemFree:  1 kB\nMemAvailable:   1024 kB\n"
    assert machine._from_meminfo(text) == {"total": 2 << 20, "available": 1 << 20}


def test_what_an_old_kernel_does_not_say_is_unknown():
    assert machine._from_meminfo("MemTotal: 4 kB\n") == {"total": 4096, "available": None}


def test_this_machine_has_memory_and_cores():
    memory = machine.memory()
    assert machine.cores() >= 1
    assert memory["total"] is None or memory["total"] >= (memory["available"] or 0)
