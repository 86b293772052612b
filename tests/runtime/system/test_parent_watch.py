"""The worker ends when the program that holds its stdin does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model_runtime.contract import CANCELLED_EXIT, LIFELINE_VARIABLE, STDIN_LIFELINE

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def worker(write_raster, tiny_package, tmp_path):
    """A real worker, started by ``variables``, that has its first tile behind it."""
    picture = write_raster(
        "field.tif", np.random.default_rng(1).integers(20, 230, (3, 600, 700), np.uint8)
    )
    started = []

    def start(**variables):
        argv = [sys.executable, "-m", "model_runtime", "upsample", str(picture)]
        argv += [str(tmp_path / "cube.tif"), f"--model={tiny_package}", "--events", "--no-resume"]
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        )
        started.append(process)
        for line in process.stdout:
            if json.loads(line).get("done", 0) > 0:
                break
        return process

    yield start
    for process in started:
        process.kill()
        with process:  # waits, and closes its streams
            pass


def test_the_end_of_stdin_ends_the_worker_and_nothing_is_left(worker, tmp_path):
    process = worker(**{LIFELINE_VARIABLE: STDIN_LIFELINE})
    process.stdin.close()
    events = [json.loads(line) for line in process.stdout]
    assert process.wait(timeout=60) == CANCELLED_EXIT
    assert events[-1]["event"] == "error"
    assert list(tmp_path.glob("cube*")) == []


def test_without_the_variable_stdin_means_nothing(write_raster, tiny_package, tmp_path):
    """Stdin is at its end from the start: a worker that watched it would never finish."""
    values = np.random.default_rng(1).integers(20, 230, (3, 24, 28), np.uint8)
    picture = write_raster("field.tif", values)
    argv = [sys.executable, "-m", "model_runtime", "upsample", str(picture)]
    argv += [str(tmp_path / "cube.tif"), f"--model={tiny_package}", "--events", "--no-resume"]
    environment = {name: value for name, value in os.environ.items() if name != LIFELINE_VARIABLE}
    environment["PYTHONPATH"] = str(ROOT)
    ended = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "cube.tif").exists()
