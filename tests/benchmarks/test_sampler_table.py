"""The table of samplers, made by the real commands with a small model."""

import numpy as np
import pytest
import sampler_table as table

from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.georeference import Georeference


def test_a_row_a_run_with_both_stages_judged(tiny_package, tmp_path, capsys):
    nm = np.linspace(390, 940, 40)
    values = np.random.default_rng(0).uniform(0.1, 0.4, (40, 9, 12)).astype(np.float32)
    scene = tmp_path / "scene.tif"
    cube = Cube(values, nm, np.full(40, 15.0), "reflectance", Georeference(None, None))
    write_cube(str(scene), cube, "float32", {})
    table.main([str(tiny_package), str(scene), "--runs", "ddim:2", "ddpm:50", "--threads", "1"])
    lines = capsys.readouterr().out.splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    assert cells[0] == list(table.HEADS)
    assert [line[:2] for line in cells[2:]] == [["ddim", "2"], ["ddpm", "50"]]
    angles = np.array([[float(line[2]), float(line[4])] for line in cells[2:]])
    assert (angles > 0).all() and (angles < 90).all()
    assert all(float(line[-1]) > 0.1 for line in cells[2:])  # a Python that loads ONNX Runtime


def test_an_unknown_sampler_is_refused(capsys):
    with pytest.raises(SystemExit):
        table.parse(["model", "scene", "--runs", "euler:5"])
    assert "euler:5" in capsys.readouterr().err
