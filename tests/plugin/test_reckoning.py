"""The time and the disk that a run will take, in the dialog before Run."""

import os

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProject,
    QgsRasterLayer,
    QgsSettings,
)
from qgis.PyQt.QtCore import QPoint

from scdm_qgis.algorithms.upsample_plan import plan_of, words
from scdm_qgis.runtime import reckoning

ROWS, COLS = 300, 400
SPEED = "scdm/seconds_per_megapixel"


@pytest.fixture
def busy(monkeypatch):
    """A function that says how busy the machine is: processes that wait for each core."""

    def say(load):
        monkeypatch.setattr(os, "cpu_count", lambda: 2)
        monkeypatch.setattr(os, "getloadavg", lambda: (2 * load, 0, 0), raising=False)

    return say


@pytest.fixture
def upsample(registered, busy):
    """The algorithm, an idle machine, and no run that is remembered."""
    busy(0)
    QgsSettings().remove(SPEED)
    yield QgsApplication.processingRegistry().createAlgorithmById("scdm:upsample")
    QgsSettings().remove(SPEED)


@pytest.fixture
def inputs(write_raster, tmp_path):
    """A function for parameters: a picture of ROWS x COLS pixels of 2 m, and others."""
    path = str(write_raster("big.tif", np.ones((3, ROWS, COLS), np.uint8)))
    return lambda **others: {"INPUT": path, "OUTPUT": str(tmp_path / "o.tif"), **others}


def plan(upsample, parameters):
    return plan_of(upsample, parameters, QgsProcessingContext())


@pytest.mark.parametrize(
    ("others", "numbers"),
    [
        ({}, ROWS * COLS * 48 * 2),
        ({"SPREAD": "s.tif"}, ROWS * COLS * 48 * 2 * 2),
        ({"RELIABILITY": "r.tif"}, ROWS * COLS * (48 * 2 + 1)),
        ({"DRAWS": "d", "SAMPLES": 5}, ROWS * COLS * 48 * 2 * 6),
        ({"DRAWS": "d", "QUALITY": "balanced"}, ROWS * COLS * 48 * 2 * 5),
        ({"EXTENT": "500000,500200,4099800,4100000"}, 100 * 100 * 48 * 2),
        ({"EXTENT": "499000,500200,4099800,4101000"}, 100 * 100 * 48 * 2),
    ],
)
def test_the_disk_is_that_of_the_outputs_values(upsample, inputs, others, numbers):
    assert plan(upsample, inputs(**others)).output_bytes == numbers


def test_the_size_is_that_of_the_values_in_the_file(upsample, inputs, command_output):
    layer = QgsRasterLayer(str(command_output), "o")
    values = layer.width() * layer.height() * layer.bandCount() * 2
    parameters = {"INPUT": str(command_output.with_name("field.tif")), "OUTPUT": "o.tif"}
    assert plan(upsample, parameters).output_bytes == values


@pytest.fixture
def command_output(rgb_path, tmp_path):
    """What the worker's own command makes of a picture with the embedded model."""
    import subprocess
    import sys

    pytest.importorskip("onnxruntime")
    output = tmp_path / "made.tif"
    words = ["-m", "model_runtime", "upsample", str(rgb_path), str(output)]
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return output


def test_what_lies_beside_the_output_while_it_runs(upsample, inputs):
    size = plan(upsample, inputs()).output_bytes
    assert plan(upsample, inputs()).peak_bytes == 2 * size
    assert plan(upsample, inputs(FORMAT="cog")).peak_bytes == 3 * size
    assert plan(upsample, inputs(OUTPUT="o.img")).peak_bytes == 3 * size
    assert plan(upsample, inputs(FORMAT="gtiff")).peak_bytes == 2 * size
    assert plan(upsample, inputs(OUTPUT="TEMPORARY_OUTPUT")).peak_bytes == size


def test_time_goes_by_the_last_run_of_the_same_kind(upsample, inputs):
    best = plan(upsample, inputs(QUALITY="best"))
    facts = {"rows": 1000, "columns": 2000, "seconds": 500.0 + reckoning.START_SECONDS}
    assert reckoning.seconds_by_last_run(best) is None
    reckoning.remember(best.kind, facts)
    again = reckoning.START_SECONDS + 250 * ROWS * COLS / 1e6
    assert reckoning.seconds_by_last_run(best) == pytest.approx(again)
    for others in ({"QUALITY": "fast"}, {"QUALITY": "best", "DEVICE": "cuda"}, {"STEPS": 9}):
        assert reckoning.seconds_by_last_run(plan(upsample, inputs(**others))) is None


@pytest.mark.parametrize(
    "odd", [{"seconds": 0.2}, {"reused": 3}, {"rows": None}, {"columns": 0}, {"seconds": "1"}]
)
def test_runs_that_tell_nothing_are_forgotten(upsample, inputs, odd):
    kind = plan(upsample, inputs()).kind
    reckoning.remember(kind, {"rows": 1000, "columns": 1000, "seconds": 50.0, **odd})
    assert reckoning.seconds_by_last_run(plan(upsample, inputs())) is None


def test_a_run_that_was_long_for_other_programs_sake_is_forgotten(upsample, inputs):
    kind = plan(upsample, inputs()).kind
    reckoning.remember(kind, {"rows": 300, "columns": 300, "seconds": 8.0}, slowed=2.0)
    assert reckoning.seconds_by_last_run(plan(upsample, inputs())) is None


def test_a_run_is_remembered(upsample, inputs, fake_worker, log, write_cube, tmp_path):
    import processing

    cube = write_cube("cube.tif", np.ones((3, 4, 5), np.float32), (460, 550, 640))
    fake_worker(
        f"import shutil\nshutil.copy({str(cube)!r}, argv[4])\n"
        "say(event='started', rows=1000, columns=1000)\nsay(event='done', seconds=21.2)"
    )
    processing.run("scdm:upsample", inputs(), feedback=log)
    assert reckoning.seconds_by_last_run(plan(upsample, inputs())) == pytest.approx(1.2 + 2.4)


def test_a_web_layer_has_the_pixels_that_are_asked_for(upsample, inputs, qgis_new_project):
    url = "type=xyz&url=http://localhost:9/{z}/{x}/{y}.png&zmax=3&zmin=0"
    layer = QgsRasterLayer(url, "tiles", "wms")
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    QgsProject.instance().addMapLayer(layer)
    words = {"INPUT": layer.id(), "EXTENT": "0,1000,0,500", "RESOLUTION": 2}
    assert plan_of(upsample, inputs(**words), context).pixels == 500 * 250
    assert plan_of(upsample, inputs(INPUT=layer.id()), context) is None


def test_what_the_dialog_says(upsample, inputs):
    def said(**others):
        return words(upsample, inputs(**others), QgsProcessingContext())

    assert said(QUALITY="best").startswith("About 5 s on two CPU cores; about 11.5 MB on disk, ")
    assert said(STEPS=7).startswith("Time: known after a first run of this kind; ")
    reckoning.remember(
        plan(upsample, inputs()).kind, {"rows": 1000, "columns": 1000, "seconds": 6000.0}
    )
    assert said().startswith("About 12 min, by your last run of this kind; ")
    assert words(upsample, {"INPUT": "nothing.tif"}, QgsProcessingContext()) == ""


def test_a_busy_machine_takes_longer_and_so_it_is_said(upsample, inputs, busy, monkeypatch):
    def said():
        return words(upsample, inputs(QUALITY="best"), QgsProcessingContext())

    busy(2)
    assert said().startswith("About 14 s on two CPU cores beside other programs; ")
    kind = plan(upsample, inputs(QUALITY="best")).kind
    facts = {"rows": 1000, "columns": 1000, "seconds": 1480.0}
    reckoning.remember(kind, facts, reckoning.slowdown())
    assert said().startswith("About 3 min, by your last run of this kind beside other programs; ")
    busy(0)
    assert said().startswith("About 60 s, by your last run of this kind; ")
    monkeypatch.delattr(os, "getloadavg")  # as on Windows
    assert said().startswith("About 60 s, by your last run of this kind; ")


def test_the_typical_figures_are_those_of_the_help(upsample):
    text = upsample.parameterDefinition("QUALITY").help()
    assert [f"{seconds:g} s" in text for seconds in reckoning.TYPICAL.values()] == [True] * 3


def test_the_dialog_follows_its_values(upsample, inputs, window, monkeypatch):
    monkeypatch.setattr(type(window), "browserModel", lambda _: None, raising=False)
    dialog = upsample.createCustomParametersWidget(None)
    assert dialog.expected.text() == ""
    dialog.setParameters(inputs())
    assert "11.5 MB on disk" in dialog.expected.text()
    dialog.setParameters(inputs(SPREAD="s.tif"))
    assert "23 MB on disk" in dialog.expected.text().replace("23.0", "23")
    dialog.close()


def test_what_the_dialog_says_does_not_scroll_out_of_sight(upsample, inputs, window, monkeypatch):
    monkeypatch.setattr(type(window), "browserModel", lambda _: None, raising=False)
    dialog = upsample.createCustomParametersWidget(None)
    dialog.setParameters(inputs())
    dialog.resize(700, 500)
    dialog.show()
    QgsApplication.processEvents()
    outer = dialog.expected.parentWidget()
    assert dialog.expected.isVisible() and outer is dialog
    assert dialog.expected.geometry().bottom() < dialog.runButton().mapTo(dialog, QPoint(0, 0)).y()
    dialog.close()
