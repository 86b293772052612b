"""This process as executor: what it loads and runs on, and that scenes do not hurt each other."""

import numpy as np
import pytest
from doubles import RecordedEvents
from osgeo import gdal

from model_runtime.batch.scenes import Scene
from model_runtime.batch.task import DONE, FAILED, Task
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import Sampling
from model_runtime.executors.local import LocalExecutor
from model_runtime.package import manifest
from model_runtime.pipeline.options import UpsampleOptions

gdal.UseExceptions()


@pytest.fixture
def loads():
    """The folders that a cascade was loaded from; ``loads.load`` loads and notes it."""

    class Loads(list):
        def load(self, folder, *words):
            self.append(folder)
            return load_cascade(folder, *words)

    return Loads()


def test_the_package_is_loaded_and_said_to_run_on_what_it_does(tiny_package, loads):
    options = UpsampleOptions(device="cpu", threads=1)
    model = manifest.read(tiny_package)
    runtime, loaded = LocalExecutor(loads.load).prepare(options, tiny_package, model)
    assert loads == [tiny_package]
    assert (runtime.device, runtime.providers) == ("cpu", ("CPUExecutionProvider",))
    rgb = np.full((3, 16, 24), 0.2, np.float32)
    how = Sampling("ddim", 2, 1, (0.0, 0.0), 0)
    assert loaded.estimate(rgb, 0, 0, how).mean.shape == (8, 16, 24)


def test_threads_and_memory_are_those_asked_for():
    assert LocalExecutor().share(UpsampleOptions(threads=3, memory_limit=7)) == (3, 7)
    assert LocalExecutor().share(UpsampleOptions()) == (0, None)


def task(write_raster, tiny_package, tmp_path, name):
    source = write_raster(f"{name}.tif", np.full((3, 20, 30), 90, np.uint8))
    options = UpsampleOptions(
        input=str(source), output=str(tmp_path / f"{name}_made.tif"), model=str(tiny_package)
    )
    return Task(Scene(name, str(source)), options).with_fingerprint()


def test_scenes_are_made_one_after_the_other_and_an_error_is_its_own(
    write_raster, tiny_package, tmp_path, loads
):
    tasks = [task(write_raster, tiny_package, tmp_path, name) for name in "abc"]
    (tmp_path / "b.tif").write_bytes(b"II*\0 broken")
    outcomes = LocalExecutor(loads.load).scenes(tasks[0].options, iter(tasks), RecordedEvents())
    assert not (tmp_path / "a_made.tif").exists()  # nothing is made before it is asked for
    assert [outcome.state for outcome in outcomes] == [DONE, FAILED, DONE]
    one, other = (gdal.Open(str(tmp_path / f"{name}_made.tif")).ReadAsArray() for name in "ac")
    np.testing.assert_array_equal(one, other)
    assert not (tmp_path / "b_made.tif").exists()
