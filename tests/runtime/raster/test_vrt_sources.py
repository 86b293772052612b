"""A VRT of one file per band has the files' names, as Sentinel-2's and Landsat's bands come."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.raster.reader import RasterReader
from model_runtime.spectra.known_calibration import recognise

gdal.UseExceptions()
SAFE = "S2A_MSIL2A_20230510T101601_N0509_R065_T33UUU_20230510T161232.SAFE"


@pytest.fixture
def write(tmp_path):
    """A function that writes a raster ``name`` of random reflectance; returns its path."""

    def run(name, bands=1):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made = gdal.GetDriverByName("GTiff").Create(str(path), 6, 5, bands, gdal.GDT_UInt16)
        made.SetGeoTransform((0, 1, 0, 5, 0, -1))
        made.WriteArray(np.random.default_rng(0).integers(1100, 3000, (bands, 5, 6)))
        return str(path)

    return run


def stack(tmp_path, files, separate=True):
    path = str(tmp_path / "stack.vrt")
    assert gdal.BuildVRT(path, files, separate=separate) is not None
    return path


@pytest.mark.parametrize(
    ("files", "bands"),
    [
        ([f"T33UUU_20230510T101559_B0{n}_10m.tif" for n in (2, 3, 4)], [3, 2, 1]),
        ([f"R10m/T33UUU_B0{n}.tif" for n in (4, 3, 2)], [1, 2, 3]),
        ([f"LE07_L1TP_193026_20010601_20200917_02_T1_B{n}.TIF" for n in (1, 2, 3)], [3, 2, 1]),
        (["blue & more.tif", "green.tif", "nir.tif", "red.tif"], [4, 2, 1]),
        (["one.tif", "two.tif", "three.tif"], [1, 2, 3]),
    ],
)
def test_bands_are_chosen_by_the_files_of_a_stack(write, tmp_path, files, bands):
    path = stack(tmp_path, [write(name) for name in files])
    assert list(RasterReader(path, None).bands) == bands


def test_a_file_of_several_bands_names_none(write, tmp_path):
    whole = stack(tmp_path, [write("ortho_red.tif", 3)], separate=False)
    assert list(RasterReader(whole, None).bands) == [1, 2, 3]


def test_what_the_sources_names_say_of_the_values_counts(write, tmp_path):
    files = [write(f"{SAFE}/GRANULE/T33UUU_B0{n}_10m.tif") for n in (2, 3, 4)]
    known = recognise(RasterReader(stack(tmp_path, files), None).facts)
    assert (known.scale, known.offset) == (1e-4, -0.1)


def test_sources_that_contradict_each_other_say_nothing(write, tmp_path):
    files = [write(f"{SAFE.replace('N0509', of)}/a.tif", 3) for of in ("N0509", "N0301")]
    assert recognise(RasterReader(stack(tmp_path, files, separate=False), None).facts) is None
