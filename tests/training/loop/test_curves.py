"""Curves as JSON lines."""

import json

import pytest

from model_runtime.errors import StorageError
from training.loop.curves import Curves


def lines(run):
    """The log's lines."""
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def write(run, stage, step, *steps):
    """Curves of ``stage`` that go on from ``step``, with a point at each of ``steps``."""
    with Curves(run, stage, step) as curves:
        for at in steps:
            curves.add(at, {"loss": at / 10})


def test_what_an_interrupted_run_wrote_after_its_checkpoint_is_written_once(tmp_path):
    write(tmp_path, 0, 0, 2, 4)
    write(tmp_path, 1, 0, 2, 4, 6)
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"stage": 2, "st')  # a kill in the middle of a line
    write(tmp_path, 1, 4, 6, 8)
    steps = [(line["stage"], line["step"]) for line in lines(tmp_path)]
    assert steps == [(1, 2), (1, 4), (2, 2), (2, 4), (2, 6), (2, 8)]


def test_what_is_no_number_is_null(tmp_path):
    """NaN is not JSON: other programs would stop there."""
    with Curves(tmp_path, 0, 0) as curves:
        curves.add(1, {"ssim": float("nan"), "rmse": 0.5})
    assert lines(tmp_path) == [{"stage": 1, "step": 1, "ssim": None, "rmse": 0.5}]


def test_a_log_that_cannot_be_written_is_named(tmp_path):
    with Curves(tmp_path, 0, 0) as curves:
        (tmp_path / "log.jsonl").mkdir()
        with pytest.raises(StorageError, match=r"log\.jsonl cannot be written"):
            curves.add(1, {"loss": 1.0})
