"""What a raster of this software holds, where its bands look like another one's."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.contract import CONTENT_TAG, MEAN_CONTENT, SPREAD_CONTENT
from model_runtime.errors import InputError
from model_runtime.raster import dataset

gdal.UseExceptions()


@pytest.fixture
def holding(write_raster):
    """A function: content -> a raster of that content."""

    def write(content):
        path = write_raster("a.tif", [[[1]]])
        if content:
            gdal.Open(str(path), gdal.GA_Update).SetMetadataItem(CONTENT_TAG, content)
        return str(path)

    return write


def test_a_spread_is_not_spectra(holding):
    with pytest.raises(InputError, match="is the spread of an estimate, not spectra"):
        dataset.refuse_spread(holding(SPREAD_CONTENT))


@pytest.mark.parametrize("content", [None, MEAN_CONTENT])
def test_others_are_spectra(holding, content):
    assert dataset.refuse_spread(holding(content)) is None


def test_an_estimate_is_no_spread(holding):
    with pytest.raises(InputError, match=r"is no spread \(mean of the samples\)"):
        dataset.require_spread(holding(MEAN_CONTENT))


@pytest.mark.parametrize("content", [None, SPREAD_CONTENT])
def test_a_spread_and_what_says_nothing_are(holding, content):
    assert dataset.require_spread(holding(content)) is None


@pytest.mark.skipif(gdal.GetDriverByName("netCDF") is None, reason="this GDAL has no netCDF")
def test_a_file_of_subdatasets_names_one(write_raster, tmp_path):
    path = tmp_path / "several.nc"
    picture = gdal.Open(str(write_raster("a.tif", np.ones((3, 4, 5), np.uint8))))
    gdal.GetDriverByName("netCDF").CreateCopy(str(path), picture)
    with pytest.raises(InputError, match="holds no raster band of its own") as refused:
        dataset.open_dataset(str(path))
    assert refused.value.remedy.endswith(":Band1")


def test_a_raster_that_is_not_there_is_not_called_damaged(tmp_path):
    with pytest.raises(InputError, match="does not exist") as refused:
        dataset.files_read(str(tmp_path / "cube.tif"))
    assert refused.value.remedy == "check the path"
