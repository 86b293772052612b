"""No kill and no full disk costs a file: a part of what ``crashing.py`` tries."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("crashing.py")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
SCENARIOS = (
    "upsample",
    "upsample, all outputs",
    "upsample over old files",
    "upsample to COG",
    "upsample to ENVI",
    "upsample to ENVI over old",
    "upsample to sheets",
    "scenes",
    "convert to ENVI",
    "ENVI over old",
    "convert to COG",
    "COG over old",
    "simulate-rgb",
    "simulate-rgb over old",
    "evaluate",
)


def broken(package, folder, name, *options):
    """What was tried of a scenario and what was wrong."""
    words = [sys.executable, PROGRAM, package, folder, "--only", name, *options]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost(tiny_package, tmp_path, name):
    """Killed before every seventh step; the disk full at three sizes."""
    found = broken(tiny_package, tmp_path / "f", name, "--every", "7", "--sizes", "3")
    assert found["faults"] == []
    assert found["kills"] > 0 and found["full_disks"] > 0


def test_nor_on_a_cluster(tiny_package, tmp_path):
    pytest.importorskip("distributed", reason="needs Dask: pip install '.[cluster]'")
    found = broken(tiny_package, tmp_path / "f", "cluster", "--every", "20", "--sizes", "0")
    assert found["faults"] == [] and found["kills"] > 0
