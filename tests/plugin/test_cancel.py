"""Cancelling in QGIS ends the real worker and leaves no output."""

import sys
from pathlib import Path

import numpy as np
import pytest
from qgis.core import QgsProcessing, QgsProcessingException, QgsProcessingUtils


@pytest.fixture
def impatient(log):
    """A feedback whose user cancels as soon as anything is done."""
    log.progressChanged.connect(lambda percent: log.cancel() if percent > 0 else None)
    return log


@pytest.fixture
def cancelled(registered, impatient, write_raster, tiny_package, monkeypatch):
    """A function: runs the algorithm to OUTPUT until its user cancels."""
    import processing

    monkeypatch.setenv("SCDM_PYTHON", sys.executable)
    values = np.random.default_rng(1).integers(20, 230, (3, 400, 500), np.uint8)
    picture = write_raster("field.tif", values)

    def run(output):
        parameters = {"INPUT": str(picture), "OUTPUT": str(output), "MODEL": str(tiny_package)}
        with pytest.raises(QgsProcessingException, match="Cancelled"):
            processing.run("scdm:upsample", parameters, feedback=impatient)
        assert 0 < impatient.progress() < 100

    return run


def test_no_output_is_left(cancelled, tmp_path):
    """What is finished stays beside a file of the user's, for the same run to go on from."""
    cancelled(tmp_path / "cube.tif")
    assert list(tmp_path.glob("cube*")) in ([], [tmp_path / "cube.tif.blocks"])


def test_nothing_is_left_of_a_temporary_output(cancelled):
    folder = Path(QgsProcessingUtils.tempFolder())
    before = set(folder.rglob("*.part")) | set(folder.rglob("*.blocks"))
    cancelled(QgsProcessing.TEMPORARY_OUTPUT)
    assert set(folder.rglob("*.part")) | set(folder.rglob("*.blocks")) == before
