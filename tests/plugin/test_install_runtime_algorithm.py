"""scdm:installruntime as QGIS runs it, on an environment that is there already."""

import shutil

import pytest
from qgis.core import QgsProcessingException

from scdm_qgis.runtime import install
from scdm_qgis.runtime.locate import environment_folder, python_of

DOCTOR = "print(json.dumps({'device': 'cpu', 'problems': []})); sys.exit(0)\n"
BROKEN = "print('no module named onnxruntime', file=sys.stderr); sys.exit(4)\n"


@pytest.fixture
def environment(fake_worker, qgis_app):
    """Puts an environment in the profile whose Python runs ``body``."""

    def make(body):
        python = python_of(environment_folder())
        python.parent.mkdir(parents=True)
        shutil.copy(fake_worker(body), python)
        (environment_folder() / install.DEVICE_NOTE).write_text("cpu")
        return environment_folder()

    yield make
    shutil.rmtree(environment_folder(), ignore_errors=True)


def run(log, **parameters):
    import processing

    return processing.run("scdm:installruntime", parameters, feedback=log)


def test_what_works_is_left_alone(registered, environment, log):
    folder = environment(DOCTOR)
    result = run(log, ACTION="install", DEVICE="cpu")
    assert result == {"FOLDER": str(folder), "PYTHON": str(python_of(folder))}
    assert any(text.endswith("works. Ready.") for text in log.infos)


def test_what_works_without_dask_is_made_anew_for_a_cluster(registered, environment, log, tmp_path):
    environment(DOCTOR)
    with pytest.raises(QgsProcessingException, match=r"lacks wheels of .*distributed"):
        run(log, DEVICE="cpu", CLUSTER=True, WHEELS=str(tmp_path))


def test_what_does_not_work_is_made_anew(registered, environment, log, tmp_path):
    """From an empty folder of wheels, so it fails and the old one stays."""
    folder = environment(BROKEN)
    with pytest.raises(QgsProcessingException, match=r"Installing onnxruntime.* failed"):
        run(log, ACTION="install", DEVICE="cpu", WHEELS=str(tmp_path))
    assert any("no module named onnxruntime" in text for text in log.warnings)
    assert [path for path in folder.parent.iterdir() if path.is_dir()] == [folder]


def test_remove(registered, environment, log):
    folder = environment(DOCTOR)
    assert run(log, ACTION="remove") == {"FOLDER": str(folder)}
    assert not folder.exists()


def test_a_missing_folder_of_wheels_is_told(registered, log, tmp_path):
    with pytest.raises(QgsProcessingException, match=r"none' does not exist: choose a folder"):
        run(log, ACTION="repair", WHEELS=str(tmp_path / "none"))
