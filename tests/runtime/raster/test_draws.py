"""Which draws and spreads belong to an estimate."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.errors import InputError
from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.draws import find_draws, refuse_other_run

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


def test_a_copy_beside_the_draws_is_none_of_them(tmp_path):
    for name in ("sample_001.tif", "sample_001 (copy).tif", "sample_002.tif", "sample_2.old.tif"):
        (tmp_path / name).touch()
    names = [path.rsplit("/", 1)[1] for path in find_draws(str(tmp_path))]
    assert names == ["sample_001.tif", "sample_002.tif"]


@pytest.mark.parametrize(
    ("name", "other", "why"),
    [
        ("INPUT_FINGERPRINT", "ac", "made of another picture"),  # a flight on the same grid
        ("RADIOMETRY_GAIN", "0.2,0.2,0.2", "its radiometry gain is 0.2,0.2,0.2, not 0.09"),
        ("MODEL_SHA256", "ce", "its model sha256 is ce, not cd"),
    ],
)
def test_draws_of_another_run_on_the_same_grid_are_refused(raster, name, other, why):
    cube, draw = raster("cube.tif", RUN), raster("draw.tif", {**RUN, f"SCDM_{name}": other})
    with pytest.raises(InputError, match=why):
        refuse_other_run(cube, draw)


@pytest.mark.parametrize("tags", [RUN, {}, {**RUN, "SCDM_SEED": "1"}])
def test_draws_of_the_run_and_of_other_software_are_taken(raster, tags):
    refuse_other_run(raster("cube.tif", RUN), raster("draw.tif", tags))
