"""Where the worker's Python is looked for, and in which order."""

import sys
from pathlib import Path

import pytest

from scdm_qgis.runtime import interpreter, locate
from scdm_qgis.runtime.command import environment
from scdm_qgis.runtime.locate import Places, RuntimeNotFound, WorkerPython, find, python_of


@pytest.fixture
def pythons(tmp_path):
    """Four files that could be the interpreter, by the place they lie in."""
    files = {name: tmp_path / name / "python" for name in ("variable", "setting", "own")}
    files["installed"] = python_of(tmp_path / "environment")
    for path in files.values():
        path.parent.mkdir(parents=True)
        path.touch()
    return files


@pytest.mark.parametrize("first", ["variable", "setting", "installed", "own"])
def test_the_order(pythons, tmp_path, first):
    order = ["variable", "setting", "installed", "own"]
    there = set(order[order.index(first) :])
    places = Places(
        variable=str(pythons["variable"]) if "variable" in there else "",
        setting=str(pythons["setting"]) if "setting" in there else "",
        environment=tmp_path / ("environment" if "installed" in there else "none"),
        own=lambda: pythons["own"],
    )
    found = find(places)
    assert found.executable == pythons[first]
    assert found.own == (first == "own")


@pytest.mark.parametrize("field", ["variable", "setting"])
def test_a_named_python_that_is_missing_is_not_skipped(pythons, tmp_path, field):
    values = {"variable": "", "setting": "", field: str(tmp_path / "no python")}
    places = Places(**values, environment=tmp_path / "environment", own=lambda: pythons["own"])
    with pytest.raises(RuntimeNotFound, match=r"no python', which is not a file"):
        find(places)


def test_nothing_found_says_what_to_do(tmp_path):
    places = Places("", "", tmp_path / "none", own=lambda: None)
    with pytest.raises(RuntimeNotFound, match="SCDM → Setup → Install runtime once"):
        find(places)


def test_can_execute_passes_the_remedy_on(registered, monkeypatch, tmp_path):
    from qgis.core import QgsApplication

    monkeypatch.setenv("SCDM_PYTHON", str(tmp_path / "gone"))
    create = QgsApplication.processingRegistry().createAlgorithmById
    able, message = create("scdm:upsample").canExecute()
    assert not able
    assert "SCDM_PYTHON" in message and "gone" in message
    assert create("scdm:installruntime").canExecute()[0]


def test_qgis_own_python_is_not_sys_executable(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/usr/bin/qgis")
    found = interpreter.own_python()
    assert found is not None
    assert found.name.startswith("python")
    assert Path(sys.prefix) in found.parents


def test_windows_interpreter_lies_beside_its_library(monkeypatch):
    monkeypatch.setattr(interpreter.os, "name", "nt")
    assert interpreter._names()[0] == "python.exe"


def test_a_foreign_python_does_not_inherit_what_breaks_it():
    inherited = {"PYTHONHOME": "/q", "PYTHONPATH": "/q/lib", "LD_PRELOAD": "/q.so", "PATH": "/bin"}
    foreign = environment(WorkerPython(Path("/p"), "test"), inherited)
    assert not {"PYTHONHOME", "LD_PRELOAD"} & set(foreign)
    assert "/q/lib" not in foreign["PYTHONPATH"]
    assert foreign["PATH"] == "/bin"
    own = environment(WorkerPython(Path("/p"), "test", own=True), inherited)
    assert own["PYTHONHOME"] == "/q"
    assert own["PYTHONPATH"].endswith("/q/lib")


def test_the_environment_is_one_per_profile_and_python(qgis_app):
    folder = locate.environment_folder()
    assert folder.is_absolute()
    assert folder.name == f"runtime-python{sys.version_info[0]}.{sys.version_info[1]}"
    assert Path(qgis_app.qgisSettingsDirPath()).absolute() in folder.parents
