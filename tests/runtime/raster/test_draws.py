"""Which draws and spreads belong to an estimate."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.errors import InputError
from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.draws import refuse_other_run

NM = np.array([450.0, 550.0, 650.0])
RUN = {
    "SCDM_INPUT_FINGERPRINT": "ab",
    "SCDM_MODEL_SHA256": "cd",
    "SCDM_RADIOMETRY_GAIN": "0.092,0.092,0.092",
    "SCDM_SEED": "0",
}


@pytest.fixture
def raster(tmp_path):
    """A function that writes a small cube with the given tags."""

    def make(name, tags):
        values = np.full((3, 4, 5), 0.1, np.float32)
        write_cube(
            str(tmp_path / name), Cube(values, NM, np.full(3, 20.0), "reflectance"), "float32", {}
        )
        dataset = gdal.Open(str(tmp_path / name), gdal.GA_Update)
        dataset.SetMetadata(tags)
        return str(tmp_path / name)

    return make


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("INPUT_FINGERPRINT", "ac"),  # another flight on the same grid
        ("RADIOMETRY_GAIN", "0.222,0.222,0.222"),  # the same picture, read otherwise
        ("MODEL_SHA256", "ce"),
    ],
)
def test_draws_of_another_run_on_the_same_grid_are_refused(raster, name, other):
    cube, draw = raster("cube.tif", RUN), raster("draw.tif", {**RUN, f"SCDM_{name}": other})
    with pytest.raises(InputError, match=f"{name.lower().replace('_', ' ')} is {other}, not"):
        refuse_other_run(cube, draw)


@pytest.mark.parametrize("tags", [RUN, {}, {**RUN, "SCDM_SEED": "1"}])
def test_draws_of_the_run_and_of_other_software_are_taken(raster, tags):
    refuse_other_run(raster("cube.tif", RUN), raster("draw.tif", tags))
