"""What a worker refuses to make of many scenes: what would not be the client's."""

from dataclasses import replace

import numpy as np
import pytest

from model_runtime.__main__ import build_parser
from model_runtime.batch.scenes import Scene
from model_runtime.batch.task import DONE, Task, fingerprint_of
from model_runtime.commands.upsample import options_of
from model_runtime.errors import DeviceError, StorageError
from model_runtime.executors import dask_tasks
from model_runtime.pipeline import run_spec


@pytest.fixture
def task(write_raster, tiny_package, tmp_path):
    """A scene of 20 x 30 pixels."""
    source = write_raster("a.tif", np.full((3, 20, 30), 90, np.uint8))
    words = ["upsample", str(source), str(tmp_path / "o.tif"), "--model", str(tiny_package)]
    options = options_of(build_parser().parse_args(words))
    return Task(Scene("a", str(source)), options).with_fingerprint()


def test_the_clients_scene_is_made(task):
    outcome = dask_tasks.make_scene(task, run_spec.software())
    assert (outcome.state, outcome.message) == (DONE, "")


def test_another_file_under_the_scenes_name_is_refused(task, write_raster):
    write_raster("a.tif", np.full((3, 20, 30), 91, np.uint8))
    with pytest.raises(StorageError, match=r"another file '.*a\.tif'"):
        dask_tasks.make_scene(task, run_spec.software())


def test_another_model_is_refused(task, tiny_package):
    model = tiny_package / "model.json"
    model.write_text(model.read_text() + "\n")
    with pytest.raises(StorageError, match="another model"):
        dask_tasks.make_scene(task, run_spec.software())


def test_other_software_is_refused(task):
    with pytest.raises(DeviceError, match="a worker has"):
        dask_tasks.make_scene(task, {**run_spec.software(), "ONNX Runtime": "0"})


def test_what_a_scene_is_made_of_knows_its_options(task):
    assert fingerprint_of(replace(task.options, output="p.tif", threads=3)) == task.made_of
    assert fingerprint_of(replace(task.options, seed=7)) != task.made_of
