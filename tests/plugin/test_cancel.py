"""Cancelling in QGIS ends the real worker and leaves nothing."""

import sys

import numpy as np
import pytest
from qgis.core import QgsProcessingException


@pytest.fixture
def impatient(log):
    """A feedback whose user cancels as soon as anything is done."""
    log.progressChanged.connect(lambda percent: log.cancel() if percent > 0 else None)
    return log


def test_nothing_is_left(registered, impatient, write_raster, tiny_package, tmp_path, monkeypatch):
    import processing

    monkeypatch.setenv("SCDM_PYTHON", sys.executable)
    values = np.random.default_rng(1).integers(20, 230, (3, 400, 500), np.uint8)
    picture = write_raster("field.tif", values)
    output = tmp_path / "cube.tif"
    parameters = {"INPUT": str(picture), "OUTPUT": str(output), "MODEL": str(tiny_package)}
    with pytest.raises(QgsProcessingException, match="Cancelled"):
        processing.run("scdm:upsample", parameters, feedback=impatient)
    assert 0 < impatient.progress() < 100
    assert list(tmp_path.glob("cube*")) == []
