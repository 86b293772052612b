"""The Python of README, of docs/python.md and of the notebook, run as it stands."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from pages import ROOT, blocks

NOTEBOOK = ROOT / "docs" / "python.ipynb"


def python_blocks(page):
    """The text of each Python block of a page."""
    return [block.text for block in blocks(ROOT / page) if block.language == "python"]


@pytest.fixture
def run_python(tmp_path):
    """A function that runs a program beside a small picture ortho.tif."""

    def run(program):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.mark.parametrize(
    "text", [text for page in ("README.md", "docs/python.md") for text in python_blocks(page)]
)
def test_the_pages_python_runs(run_python, write_raster, text):
    if "rioxarray" in text and run_python("import rioxarray").returncode:
        pytest.skip("needs rioxarray")
    write_raster("ortho.tif", np.random.default_rng(0).integers(5, 250, (3, 24, 32)).astype("u1"))
    done = run_python(text)
    assert done.returncode == 0, done.stderr
    said = [line.split("  # ")[1] for line in text.splitlines() if line.strip().startswith("print")]
    assert done.stdout.splitlines() == said


def test_the_notebook_runs_from_the_first_cell_to_the_last(tmp_path, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("onnxruntime")
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    names = {}
    for number, cell in enumerate(cells("code"), start=1):
        exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
    assert names["means"]["grass"] > max(names["means"]["soil"], names["means"]["roof"])
    assert isinstance(names["cube"], xarray.DataArray)
    assert names["cube"].dims == ("wavelength", "y", "x")
    assert len(names["axes"].lines) == len(names["SURFACES"])


def test_the_notebook_holds_no_outputs_that_could_grow_old():
    assert json.loads(NOTEBOOK.read_text(encoding="utf-8"))["nbformat"] == 4
    assert {cell["execution_count"] for cell in cells("code")} == {None}
    assert [cell["outputs"] for cell in cells("code") if cell["outputs"]] == []


def cells(kind):
    """The notebook's cells of a kind."""
    book = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return [cell for cell in book["cells"] if cell["cell_type"] == kind]
