"""The package as pip installs it: with the embedded model, the API and the command ``scdm``."""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TAKEN = ("pyproject.toml", "README.md", "LICENSE", "model_runtime")


def pip(*words):
    """Run pip without the network."""
    quiet = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", words[0], *quiet, *map(str, words[1:])],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the package installed from its wheel, built of a copy of the checkout."""
    # Imported, it would refuse the distutils that QGIS's tests have loaded.
    if int(metadata.version("setuptools").split(".")[0]) < 68:
        pytest.skip("building needs setuptools 68")
    folder = tmp_path_factory.mktemp("wheel")
    for name in TAKEN:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    pip("wheel", folder, "--no-build-isolation", "--wheel-dir", folder / "dist")
    (wheel,) = (folder / "dist").glob("scdm_qgis-*.whl")
    pip("install", wheel, "--target", folder / "site")
    return folder / "site"


@pytest.fixture
def run(site, tmp_path):
    """A function that runs a program in another folder, with the installed package alone."""

    def run_installed(*words):
        environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [sys.executable, *map(str, words)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run_installed


def test_the_installed_package_estimates_with_the_model_that_it_brings(run, site):
    pytest.importorskip("onnxruntime")
    program = (
        "import numpy, model_runtime\n"
        "made = model_runtime.load().estimate(numpy.full((3, 20, 30), 0.1, 'f4'), samples=2)\n"
        "print(model_runtime.__file__, made.mean.shape, made.spread.shape)\n"
    )
    done = run("-c", program)
    assert done.returncode == 0, done.stderr
    place, said = done.stdout.strip().split(" ", 1)
    assert Path(place).is_relative_to(site) and said == "(48, 20, 30) (48, 20, 30)"


def test_the_wheel_holds_every_file_that_is_not_code(site):
    inside = ROOT / "model_runtime"
    wanted = {
        path.relative_to(inside)
        for path in inside.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert {path for path in wanted if not (site / "model_runtime" / path).is_file()} == set()


def test_scdm_is_the_command_line_and_says_its_name(run, site):
    done = run(site / "bin" / "scdm", "describe")
    assert done.returncode == 0 and done.stdout.startswith("vnir48 "), done.stderr
    refused = run(site / "bin" / "scdm", "upsample")
    assert refused.returncode == 2 and "see scdm upsample --help" in refused.stderr
