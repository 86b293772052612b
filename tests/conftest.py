"""What all tests share: a model package of a few kilobytes, small rasters, the real scenes."""

import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

# No deadline: how long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")

SHARED = ROOT.parent / "shared" / "data"
TINY_NM = tuple(400.0 + 75 * i for i in range(8))
TINY_INFLUENCE = 2  # one 3 x 3 convolution in each of two stages


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real scenes beside the checkout; the test is skipped without it."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the real scenes in {SHARED}")
    return SHARED


def _denoiser(condition_bands: int, bands: int, seed: int) -> bytes:
    """prediction (x0) = tanh(3 x 3 convolution of the condition) + 0.05 x_t + t / 10^5."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(seed)
    kernel = rng.normal(0, 0.15, (bands, condition_bands, 3, 3)).astype(np.float32)
    sizes = {
        "x": (TensorProto.FLOAT, ["n", bands, "h", "w"]),
        "condition": (TensorProto.FLOAT, ["n", condition_bands, "h", "w"]),
        "timestep": (TensorProto.INT64, ["n"]),
    }
    nodes = [
        helper.make_node("Conv", ["condition", "kernel"], ["mixed"], pads=[1, 1, 1, 1]),
        helper.make_node("Tanh", ["mixed"], ["clean"]),
        helper.make_node("Mul", ["x", "small"], ["rest"]),
        helper.make_node("Add", ["clean", "rest"], ["spatial"]),
        helper.make_node("Cast", ["timestep"], ["time"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["time", "tiny"], ["shift"]),
        helper.make_node("Reshape", ["shift", "shape"], ["shift4"]),
        helper.make_node("Add", ["spatial", "shift4"], ["prediction"]),
    ]
    constants = {
        "kernel": kernel,
        "small": np.float32(0.05),
        "tiny": np.float32(1e-5),
        "shape": np.array([-1, 1, 1, 1], np.int64),
    }
    graph = helper.make_graph(
        nodes,
        "denoiser",
        [helper.make_tensor_value_info(name, *size) for name, size in sizes.items()],
        [helper.make_tensor_value_info("prediction", *sizes["x"])],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def make_tiny_package(folder: Path, influence=TINY_INFLUENCE) -> Path:
    """A two-stage package (3 -> 2 -> 8 bands) in ``folder``: real ONNX, not trained."""
    import hashlib

    from model_runtime.diffusion import schedule
    from model_runtime.package import manifest

    digest = schedule.digest(schedule.betas("linear", 50, 1e-3, 0.2))
    diffusion = manifest.Schedule("linear", 50, 1e-3, 0.2, digest)
    stages = []
    for name, condition, bands, final in (("a", 3, 2, (0, 4)), ("b", 2, 8, tuple(range(8)))):
        content = _denoiser(condition, bands, seed=condition)
        (folder / f"{name}.onnx").write_bytes(content)
        file = manifest.ModelFile(f"{name}.onnx", hashlib.sha256(content).hexdigest())
        stages.append(
            manifest.Stage(file, None, condition, bands, final, "x0", diffusion, 0.0, 1.0)
        )
    (folder / "MODEL_CARD.md").write_text("A model for tests: it was not trained.\n")
    _tiny_manifest(tuple(stages), influence).write(folder)
    return folder


def _tiny_manifest(stages, influence):
    from model_runtime.package import manifest

    inputs = (("red", 640, 82), ("green", 550, 82), ("blue", 465, 70))
    return manifest.Manifest(
        name="tiny",
        version="1",
        licence="GPL-2.0-or-later",
        card="MODEL_CARD.md",
        input_unit="reflectance",
        input_bands=tuple(manifest.InputBand(*band) for band in inputs),
        output_unit="reflectance",
        wavelength_nm=TINY_NM,
        fwhm_nm=(80.0,) * 8,
        normalisation=manifest.Normalisation((0.2,) * 3, (0.2,) * 3, (0.3,) * 8, (0.2,) * 8),
        stages=stages,
        tile=manifest.Tile(8, 32, 8, influence),
        qualities={
            "fast": manifest.Quality("ddim", 2, 1),
            "balanced": manifest.Quality("dpm-solver++", 3, 1),
            "best": manifest.Quality("ddpm", 5, 2),
        },
        domain=manifest.Domain((0.0, 0.01, 0.5, 0.99, 1.0), ((0.0, 0.01, 0.1, 0.5, 0.8),) * 3),
    )


@pytest.fixture(scope="session")
def tiny_package(tmp_path_factory) -> Path:
    """The folder of a two-stage model package that anything may read and nothing may change."""
    pytest.importorskip("onnxruntime")
    return make_tiny_package(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_whole_tile_package(tmp_path_factory) -> Path:
    """As ``tiny_package``, but of a network said to see its whole tile: tiles are blended."""
    pytest.importorskip("onnxruntime")
    return make_tiny_package(tmp_path_factory.mktemp("whole"), influence=None)


@pytest.fixture
def write_raster(tmp_path):
    """A function that writes a GeoTIFF: (name, values (bands, rows, cols), **how) -> path."""
    from osgeo import gdal, gdal_array, osr

    gdal.UseExceptions()

    def write(name, values, epsg=32617, transform=(500000, 2, 0, 4100000, 0, -2), **how):
        values = np.asarray(values)
        bands, rows, cols = values.shape
        kind = how.get("kind") or gdal_array.NumericTypeCodeToGDALTypeCode(values.dtype)
        path = tmp_path / name
        dataset = gdal.GetDriverByName("GTiff").Create(
            str(path), cols, rows, bands, kind, how.get("options", [])
        )
        if epsg:
            reference = osr.SpatialReference()
            reference.ImportFromEPSG(epsg)
            dataset.SetSpatialRef(reference)
        if transform:
            dataset.SetGeoTransform(transform)
        for i in range(bands):
            band = dataset.GetRasterBand(i + 1)
            if how.get("nodata") is not None:
                band.SetNoDataValue(how["nodata"])
            if how.get("scale") is not None:
                band.SetScale(how["scale"])
            if how.get("colours"):
                band.SetColorInterpretation(how["colours"][i])
            band.WriteArray(values[i])
        return path

    return write


@pytest.fixture
def command():
    """A function that runs ``python -m model_runtime`` in a process of its own."""

    def run(*words, **how):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-m", "model_runtime", *map(str, words)],
            capture_output=True,
            text=True,
            env=environment,
            timeout=300,
            **how,
        )

    return run
