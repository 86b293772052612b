"""docs/events.md says what the commands really write: events, fields, kinds and exit codes."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from pages import ROOT, blocks

from model_runtime import errors
from model_runtime.events import Events

PAGE = ROOT / "docs" / "events.md"


@pytest.fixture
def picture(write_raster):
    """A small picture ``ortho.tif`` in the test's folder."""
    values = np.random.default_rng(0).integers(5, 250, (3, 16, 24)).astype(np.uint8)
    return write_raster("ortho.tif", values)


def table(heading):
    """First cell -> the other cells of each row of the table below ``heading``."""
    section = PAGE.read_text(encoding="utf-8").split(f"{heading}\n", 1)[1]
    section = section.split("\n## ", 1)[0]
    rows = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    cells = [[cell.strip() for cell in row.split(" | ")] for row in rows]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_every_event_is_listed_with_its_fields():
    # What comes after the last tile is said by ``at``, and written as ``progress``.
    said = {name for name in vars(Events) if not name.startswith("_")} - {"at"}
    listed = table("## The events")
    assert said <= set(listed)
    for name, fields in (("progress", ["done", "total"]), ("scene", ["name", "state", "message"])):
        assert all(f"`{field}`" in listed[name][0] for field in fields)


def test_every_kind_of_error_is_listed_with_its_exit_code():
    listed = table("## Errors and exit codes")
    for kind in (errors.InputError, errors.PackageError, errors.DeviceError, errors.StorageError):
        assert listed[kind.kind][0] == str(kind.exit_code)
    assert listed["cancelled"][0] == str(errors.CancelledError.exit_code)
    assert listed["internal"][0] == str(errors.InternalError.exit_code)


def test_the_example_has_the_fields_of_a_real_run(command, picture, tmp_path):
    example = [json.loads(line) for line in block("json").splitlines()]
    words = block("sh").split()
    done = command(*words[3:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    real = [json.loads(line) for line in done.stdout.splitlines()]
    for name in ("started", "done"):
        (shown,) = (event for event in example if event["event"] == name)
        (given,) = (event for event in real if event["event"] == name)
        assert list(shown) == list(given)
        assert [type(value) for value in shown.values()] == [type(v) for v in given.values()]


def run_reader(folder):
    """Run the page's Python reader in ``folder``, as a program of its own."""
    script = folder / "reader.py"
    script.write_text(block("python"), encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_reader_reads_a_run(picture, tmp_path):
    done = run_reader(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "cube.tif"
    assert (tmp_path / "cube.tif").is_file()


def test_the_reader_fails_with_the_reason(tmp_path):
    done = run_reader(tmp_path)
    assert done.returncode == 1
    assert "ortho.tif" in done.stderr


def block(language):
    """The first block of ``language`` on the page."""
    return next(item.text for item in blocks(PAGE) if item.language == language)
