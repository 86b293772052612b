"""How the runtime's environment is built, replaced and removed."""

import subprocess
import zipfile
from pathlib import Path

import numpy
import pytest

from scdm_qgis.runtime import install, wheels
from scdm_qgis.runtime.install import Recipe
from scdm_qgis.runtime.interpreter import own_python
from scdm_qgis.runtime.locate import python_of


@pytest.fixture
def recipe(tmp_path):
    """What to build, with a NumPy of our own choosing."""

    def make(**how):
        facts = {
            "base_python": Path("/q/python"),
            "base_has_pip": True,
            "folder": tmp_path / "scdm" / "runtime",
            "device": "cpu",
            "requirements": ("onnxruntime==1.31.1", "numpy"),
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
    made, installed = run.steps
    assert made == [
        *("/q/python", "-m", "venv", "--system-site-packages", "--without-pip", str(building))
    ]
    assert installed[:4] == [str(python_of(building)), "-m", "pip", "install"]
    assert installed[-2:] == ["onnxruntime==1.31.1", "numpy"]
    assert {"--no-index", "--find-links=/w", "--only-binary=:all:"} <= set(installed)
    assert checked == [python_of(building)]
    assert python == python_of(tmp_path / "scdm" / "runtime") and python.is_file()
    assert (tmp_path / "scdm" / "runtime" / install.CONSTRAINTS).read_text() == "numpy==1.24.2\n"
    assert install.installed_device(tmp_path / "scdm" / "runtime") == "cpu"
    assert not building.exists()


def test_the_index_is_asked_only_without_wheels(recipe):
    assert "--no-index" not in install.pip_command(recipe(), Path("/b"))


def test_pip_comes_along_where_qgis_has_none(recipe):
    argv = install.venv_command(recipe(base_has_pip=False), Path("/b"))
    assert "--without-pip" not in argv


@pytest.mark.parametrize("fails_at", [1, 2, "check"])
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
    write_wheel(tmp_path / "wheels", "onnxruntime", "1.31.1")
    real = recipe(
        base_python=own_python(), numpy_version=numpy.__version__, wheels=tmp_path / "wheels"
    )

    def run(title, argv):
        subprocess.run(argv, check=True, capture_output=True)

    python = install.build(real, run, nothing)
    script = "import onnxruntime, numpy, osgeo.gdal; print(onnxruntime.__file__, numpy.__version__)"
    answer = subprocess.run(
        [str(python), "-c", script], check=True, capture_output=True, text=True, env={"PATH": ""}
    )
    where, version = answer.stdout.split()
    assert Path(where).is_relative_to(real.folder)
    assert version == numpy.__version__


def write_wheel(folder, name, version):
    """An empty package as a wheel."""
    folder.mkdir()
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


def test_another_source_of_packages_is_named():
    found = install.other_sources({"PIP_INDEX_URL": "http://elsewhere", "PIP_FIND_LINKS": ""})
    assert found == ["PIP_INDEX_URL"] and install.other_sources({}) == []
