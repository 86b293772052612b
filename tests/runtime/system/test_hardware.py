"""Memory and cores of the machine."""

import os
import sys

import pytest

from model_runtime.errors import DeviceError
from model_runtime.system import hardware


def test_meminfo_is_read_in_bytes():
    text = "MemTotal:       2048 kB\nMemFree:  1 kB\nMemAvailable:   1024 kB\n"
    assert hardware._from_meminfo(text) == {"total": 2 << 20, "available": 1 << 20}


def test_what_an_old_kernel_does_not_say_is_unknown():
    assert hardware._from_meminfo("MemTotal: 4 kB\n") == {"total": 4096, "available": None}


def test_this_machine_has_memory_and_cores():
    memory = hardware.memory()
    assert hardware.cores() >= 1
    assert memory["total"] is None or memory["total"] >= (memory["available"] or 0)


def test_what_does_not_fit_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(hardware, "memory", lambda: {"total": 8 << 30, "available": 3 << 30})
    hardware.require_memory(2 << 30, "this", "cut it")
    with pytest.raises(DeviceError, match=r"this needs 4.0 GiB of memory, 3.0 are free"):
        hardware.require_memory(4 << 30, "this", "cut it")


def test_where_the_free_memory_is_unknown_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(hardware, "memory", lambda: {"total": None, "available": None})
    hardware.require_memory(1 << 60, "this", "cut it")


def test_psutil_reports_what_the_system_does():
    psutil = pytest.importorskip("psutil")
    found, known = hardware._from_psutil(psutil), hardware.memory()
    assert found["total"] == pytest.approx(known["total"], rel=0.05)
    assert 0 < found["available"] <= found["total"]


def test_without_proc_what_the_process_holds_is_psutils(monkeypatch):
    """As on macOS and Windows: the limit of memory means something there too."""
    pytest.importorskip("psutil")
    monkeypatch.setattr(hardware, "_status_bytes", lambda _: None)
    monkeypatch.setattr(hardware, "_reset_peak", lambda: False)
    held = []
    grown = hardware.growth(lambda: held.append(bytearray(64 << 20)))
    assert hardware.resident() > 64 << 20 and grown >= 48 << 20


def test_without_proc_and_psutil_nothing_is_known(monkeypatch, tmp_path):
    monkeypatch.setattr(hardware, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(hardware, "_psutil", lambda: None)
    assert hardware.memory() == {"total": None, "available": None}


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """A function that puts a program in nvidia-smi's place: a shell script's lines."""

    def install(*lines):
        program = tmp_path / "nvidia-smi"
        program.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    return install


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_the_driver_says_which_gpus_there_are(nvidia_smi):
    nvidia_smi(
        "echo 'NVIDIA T4, 580.65.06, 15360, 400'", "echo 'NVIDIA GB10, 580.65.06, [N/A], [N/A]'"
    )
    first, second = hardware.gpus()
    assert first == {
        "name": "NVIDIA T4",
        "driver": "580.65.06",
        "memory_bytes": 15360 << 20,
        "used_bytes": 400 << 20,
    }
    assert second["memory_bytes"] is None and second["used_bytes"] is None


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
@pytest.mark.parametrize("lines", [["echo failed; exit 9"], ["echo 'No devices were found'"]])
def test_a_driver_that_fails_is_no_gpu(nvidia_smi, lines):
    nvidia_smi(*lines)
    assert hardware.gpus() == []


def test_without_nvidias_program_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hardware.gpus() == []
