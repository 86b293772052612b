"""Modeler, batch and script use of the algorithms in a real QGIS."""

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import packing
import pytest
from osgeo import gdal

ROOT = Path(__file__).resolve().parents[2]
CHAIN = ROOT / "docs" / "models" / "check_on_cube.model3"


@pytest.fixture
def cube(write_raster, tmp_path):
    """A measured cube: 16 bands from 400 to 1000 nm, reflectance."""
    nm = np.linspace(400, 1000, 16)
    values = np.random.default_rng(4).uniform(0.05, 0.5, (16, 24, 40)).astype(np.float32)
    path = write_raster("truth.tif", values)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for number, centre in enumerate(nm, 1):
        band = dataset.GetRasterBand(number)
        band.SetMetadataItem("wavelength", f"{centre}")
        band.SetMetadataItem("wavelength_units", "Nanometers")
    return path


def spoken(answer):
    """The JSON that qgis_process printed, after whatever Qt had to say."""
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return json.loads(answer.stdout[answer.stdout.index("{") :])


def test_a_model_chains_simulate_upsample_evaluate(qgis_process, cube, tiny_package, tmp_path):
    """An output is called RGB or simulate:RGB, as the QGIS has it: it takes the one it knows."""
    words = [f"CUBE={cube}", f"MODEL={tiny_package}", "QUALITY=fast"]
    for step, name, file in (
        ("simulate", "RGB", "rgb.tif"),
        ("upsample", "ESTIMATE", "estimate.tif"),
        ("evaluate", "REPORT", "page.html"),
    ):
        words += [f"{name}={file}", f"{step}:{name}={file}"]
    results = spoken(qgis_process("--json", "run", str(CHAIN), "--", *words, cwd=tmp_path))
    named = {name.rpartition(":")[2]: value for name, value in results["results"].items()}
    assert Path(named["ESTIMATE"]).name == "estimate.tif"
    assert gdal.Open(str(tmp_path / "rgb.tif")).RasterCount == 3
    assert gdal.Open(str(tmp_path / "estimate.tif")).RasterCount == 8
    assert "<html" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A folder with ONNX Runtime and all it needs as wheels."""
    # Here, not above: the plugin's tests put the assembled plugin first on the path.
    from scdm_qgis.runtime.wheels import onnxruntime_version

    version = onnxruntime_version(sys.version_info[:2])
    if importlib.metadata.version("onnxruntime") != version:
        pytest.skip(f"needs onnxruntime {version}, which scdm:installruntime installs")
    folder = tmp_path_factory.mktemp("wheels")
    packing.pack("onnxruntime", folder)
    return folder


def write_batch(write_raster):
    """Three pictures, wider than high; their names."""
    names = ["north", "south", "west"]
    for seed, name in enumerate(names):
        values = np.random.default_rng(seed).integers(20, 230, (3, 12, 20), np.uint8)
        write_raster(f"{name}.tif", values)
    return names


def test_all_four_in_a_script(
    plugins_folder, wheels, tiny_package, cube, write_raster, tmp_path, monkeypatch
):
    """The runtime that the script installs is the one that runs the rest."""
    names = write_batch(write_raster)
    monkeypatch.delenv("SCDM_PYTHON", raising=False)
    words = [plugins_folder, tmp_path / "profile", wheels, tiny_package, CHAIN, cube]
    script = Path(__file__).with_name("all_four.py")
    answer = subprocess.run(
        [sys.executable, script, *map(str, words)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        timeout=300,
    )
    results = json.loads(answer.stdout.strip().splitlines()[-1] if answer.stdout else "{}")
    assert "remove" in results, answer.stderr
    environment = Path(results["installruntime"]["FOLDER"])
    assert environment.is_relative_to(tmp_path / "profile") and not environment.exists()
    assert results["upsample"]["SEED"] == 1 and results["upsample"]["DEVICE_USED"] == "cpu"
    assert 0 < results["evaluate"]["SAM"] < 90 and 0 < results["evaluate"]["RMSE"] < 1
    estimates = ["estimate.tif", "e.tif", *(f"cube_{name}.tif" for name in names)]
    assert [gdal.Open(str(tmp_path / name)).RasterCount for name in estimates] == [8] * 5
    pages = [tmp_path / name for name in ("page.html", "metrics.html", "m.html")]
    assert all("<html" in page.read_text(encoding="utf-8") for page in pages)


def test_the_runtime_is_installed_used_and_removed(
    qgis_process, wheels, tiny_package, write_raster, tmp_path
):
    """scdm:installruntime in qgis_process, offline; then an upsample without SCDM_PYTHON."""
    write_batch(write_raster)
    install = ("--json", "run", "scdm:installruntime", "--")
    made = spoken(qgis_process(*install, f"WHEELS={wheels}", SCDM_PYTHON=""))["results"]
    try:
        assert Path(made["PYTHON"]).is_file()
        words = ("INPUT=north.tif", "OUTPUT=cube.tif", "QUALITY=fast", f"MODEL={tiny_package}")
        upsample = ("--json", "run", "scdm:upsample", "--", *words)
        spoken(qgis_process(*upsample, cwd=tmp_path, SCDM_PYTHON=""))
        assert gdal.Open(str(tmp_path / "cube.tif")).RasterCount == 8
    finally:
        spoken(qgis_process(*install, "ACTION=remove", SCDM_PYTHON=""))
    assert not Path(made["FOLDER"]).exists()


SCRIPT = """
import json, sys
sys.path[:0] = [{processing!r}, {plugins!r}]
from qgis.core import QgsApplication, QgsProject
application = QgsApplication([], False)
application.initQgis()
from processing.core.Processing import Processing
import processing
Processing.initialize()
import scdm_qgis
plugin = scdm_qgis.classFactory(None)
plugin.initProcessing()
names = {names!r}
for name in names:
    processing.runAndLoadResults("scdm:upsample", {{
        "INPUT": name + ".tif", "OUTPUT": name + "_cube.tif", "QUALITY": "fast",
        "MODEL": {model!r}}})
layers = QgsProject.instance().mapLayers().values()
print(json.dumps(sorted([one.name(), one.bandCount(), one.styleManager().currentStyle(),
    one.metadata().abstract()] for one in layers)))
sys.stdout.flush()
QgsProject.instance().removeAllMapLayers()
"""


def test_a_batch_of_three_in_one_session(
    qgis_script, plugins_folder, write_raster, tiny_package, tmp_path
):
    names = write_batch(write_raster)
    script = SCRIPT.format(
        processing="/usr/share/qgis/python/plugins",
        plugins=str(plugins_folder),
        names=names,
        model=str(tiny_package),
    )
    answer = qgis_script(script, tmp_path)
    assert answer.returncode == 0 or answer.stdout.strip(), answer.stderr
    layers = json.loads(answer.stdout.strip().splitlines()[-1])
    assert [layer[:3] for layer in layers] == [
        [f"{name} spectra", 8, "Natural colour"] for name in names
    ]
    assert all(f"of '{name}'" in layer[3] for name, layer in zip(names, layers))
