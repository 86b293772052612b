"""How the runtime's environment is built, replaced and removed."""

import hashlib
import subprocess
import zipfile
from pathlib import Path

import numpy
import pytest

from scdm_qgis.runtime import install, wheels
from scdm_qgis.runtime.install import Recipe
from scdm_qgis.runtime.interpreter import own_python
from scdm_qgis.runtime.locate import python_of
from scdm_qgis.runtime.pip_failure import explain_pip


@pytest.fixture
def recipe(tmp_path):
    """What to build, with a NumPy of our own choosing."""

    def make(**how):
        facts = {
            "base_python": Path("/q/python"),
            "base_has_pip": True,
            "folder": tmp_path / "scdm" / "runtime",
            "device": "cpu",
            "requirements": ("onnxruntime==1.31.1", "numpy", "more"),
            "numpy_version": "1.24.2",
        }
        return Recipe(**{**facts, **how})

    return make


class Recorder:
    """Runs nothing: notes each step and leaves the files that it would leave."""

    def __init__(self, fails_at=None):
        self.steps, self.fails_at = [], fails_at

    def __call__(self, title, argv):
        self.steps.append(argv)
        if len(self.steps) == self.fails_at:
            raise RuntimeError(f"step {self.fails_at}")
        if "venv" in argv:
            python = python_of(Path(argv[-1]))
            python.parent.mkdir(parents=True)
            python.write_text("new")


def nothing(python):
    """A check that finds nothing wrong."""


def test_the_steps(recipe, tmp_path):
    run, checked = Recorder(), []
    python = install.build(recipe(wheels=Path("/w")), run, checked.append)
    building = tmp_path / "scdm" / "runtime.building"
    made, hashed, installed = run.steps
    assert made == [
        *("/q/python", "-m", "venv", "--system-site-packages", "--without-pip", str(building))
    ]
    assert installed[:4] == [str(python_of(building)), "-m", "pip", "install"]
    assert installed[-1] == "more" and "numpy" not in installed
    assert {"--require-hashes", "--no-deps", f"--requirement={building / 'scdm-hashed.txt'}"} < set(
        hashed
    )
    for argv in (hashed, installed):
        assert {"--no-index", "--find-links=/w", "--only-binary=:all:"} <= set(argv)
    assert checked == [python_of(building)]
    assert python == python_of(tmp_path / "scdm" / "runtime") and python.is_file()
    assert (tmp_path / "scdm" / "runtime" / install.CONSTRAINTS).read_text() == "numpy==1.24.2\n"
    assert install.installed_device(tmp_path / "scdm" / "runtime") == "cpu"
    assert not building.exists()


def test_the_index_is_asked_only_without_wheels(recipe):
    for argv in install.pip_commands(recipe(), Path("/b")):
        assert "--no-index" not in argv


def test_numpy_is_installed_where_qgis_has_none(recipe):
    assert install.pip_commands(recipe(numpy_version=""), Path("/b"))[-1][-2:] == ["numpy", "more"]


@pytest.mark.parametrize("python", [(3, 9), (3, 10), (3, 11)])
def test_what_runs_on_the_processor_is_known_by_its_hashes(recipe, python):
    """Wheels of Windows, Linux and macOS: at least one each for Pythons of our own."""
    bare = recipe(requirements=wheels.requirements(python, "cpu"))
    assert bare.others == [] and len(bare.hash_lines) == 2
    assert all(line.count("--hash=sha256:") >= 5 for line in bare.hash_lines)


def test_the_listed_hashes_are_of_what_is_installed():
    assert set(wheels.known_hashes()) == set(wheels.LOCKED)


def test_pip_comes_along_where_qgis_has_none(recipe):
    argv = install.venv_command(recipe(base_has_pip=False), Path("/b"))
    assert "--without-pip" not in argv


@pytest.mark.parametrize("fails_at", [1, 2, 3, "check"])
def test_a_failure_leaves_what_was_there_and_nothing_half_made(recipe, tmp_path, fails_at):
    install.build(recipe(), Recorder(), nothing)
    folder = tmp_path / "scdm" / "runtime"
    (folder / "old").touch()

    def check(python):
        raise RuntimeError("does not start")

    with pytest.raises(RuntimeError):
        install.build(
            recipe(device="cuda"),
            Recorder(None if fails_at == "check" else fails_at),
            check if fails_at == "check" else nothing,
        )
    assert (folder / "old").exists()
    assert install.installed_device(folder) == "cpu"
    assert [path.name for path in folder.parent.iterdir()] == ["runtime"]


def test_a_new_one_takes_the_olds_place(recipe, tmp_path):
    folder = tmp_path / "scdm" / "runtime"
    install.build(recipe(), Recorder(), nothing)
    (folder / "old").touch()
    (folder.parent / "runtime.building").mkdir()  # left by a crash
    install.build(recipe(device="cuda"), Recorder(), nothing)
    assert not (folder / "old").exists()
    assert install.installed_device(folder) == "cuda"
    assert [path.name for path in folder.parent.iterdir()] == ["runtime"]


def test_remove(recipe, tmp_path):
    folder = tmp_path / "scdm" / "runtime"
    assert install.remove(folder) is False
    install.build(recipe(), Recorder(), nothing)
    assert install.remove(folder) is True
    assert list(folder.parent.iterdir()) == []


def test_an_environment_without_its_interpreter_is_not_installed(tmp_path):
    (tmp_path / install.DEVICE_NOTE).write_text("cpu")
    assert install.installed_device(tmp_path) == ""


@pytest.mark.parametrize(
    "python, version",
    [((3, 9), "1.19.2"), ((3, 10), "1.23.2"), ((3, 11), "1.31.1"), ((3, 14), "1.31.1")],
)
def test_the_wheel_for_each_python(python, version):
    assert wheels.requirements(python, "cpu")[0] == f"onnxruntime=={version}"
    assert wheels.requirements(python, "cuda")[0] == f"onnxruntime-gpu[cuda,cudnn]=={version}"


@pytest.mark.parametrize("python", [(3, 10), (3, 12)])
def test_an_intel_mac_gets_the_last_release_that_has_packages_for_it(monkeypatch, python):
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert wheels.requirements(python, "cpu")[0] == "onnxruntime==1.23.2"
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert (wheels.requirements(python, "cpu")[0] == "onnxruntime==1.31.1") == (python > (3, 10))


def test_cluster_support_brings_dask_and_is_noted(recipe, tmp_path):
    packages = wheels.requirements((3, 11), "cpu", cluster=True)
    assert any(name.startswith("distributed") for name in packages)
    assert not any(name.startswith("distributed") for name in wheels.requirements((3, 11), "cpu"))
    folder = tmp_path / "scdm" / "runtime"
    install.build(recipe(), Recorder(), nothing)
    assert not install.has_cluster(folder)
    install.build(recipe(cluster=True), Recorder(), nothing)
    assert install.has_cluster(folder) and install.installed_device(folder) == "cpu"


def test_a_python_that_is_too_old_is_told():
    with pytest.raises(ValueError, match=r"3\.8: the runtime needs 3\.9"):
        wheels.requirements((3, 8), "cpu")


def test_a_real_environment_from_a_folder_of_wheels(recipe, tmp_path):
    """A wheel of our own in onnxruntime's name: pip, venv and QGIS's packages are the real ones."""
    digest = write_wheel(tmp_path / "wheels", "onnxruntime", "1.31.1")
    real = recipe(
        base_python=own_python(),
        numpy_version=numpy.__version__,
        wheels=tmp_path / "wheels",
        requirements=("onnxruntime==1.31.1", "numpy"),
        hashes={"onnxruntime==1.31.1": [digest]},
    )
    python = install.build(real, run_step, nothing)
    script = "import onnxruntime, numpy, osgeo.gdal; print(onnxruntime.__file__, numpy.__version__)"
    answer = subprocess.run(
        [str(python), "-c", script], check=True, capture_output=True, text=True, env={"PATH": ""}
    )
    where, version = answer.stdout.split()
    assert Path(where).is_relative_to(real.folder)
    assert version == numpy.__version__


def test_a_wheel_with_another_hash_is_refused(recipe, tmp_path):
    """As one that somebody changed on its way."""
    write_wheel(tmp_path / "wheels", "onnxruntime", "1.31.1")
    real = recipe(
        base_python=own_python(),
        numpy_version=numpy.__version__,
        wheels=tmp_path / "wheels",
        requirements=("onnxruntime==1.31.1", "numpy"),
    )
    with pytest.raises(subprocess.CalledProcessError) as failure:
        install.build(real, run_step, nothing)
    said = explain_pip(failure.value.stderr, real.requirements, real.wheels, real.requirements)
    assert said.startswith("A downloaded package is not the one that was tested")
    assert not real.folder.exists()


def run_step(title, argv):
    subprocess.run(argv, check=True, capture_output=True, text=True)


def write_wheel(folder, name, version):
    """An empty package as a wheel; its SHA-256."""
    folder.mkdir()
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    file = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_another_source_of_packages_is_named():
    found = install.other_sources({"PIP_INDEX_URL": "http://elsewhere", "PIP_FIND_LINKS": ""})
    assert found == ["PIP_INDEX_URL"] and install.other_sources({}) == []
