"""Bands that share a file block are read with each block unpacked once, to the same values."""

import json
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.raster import band_reading
from model_runtime.tiling import Window

VALUES = np.random.default_rng(0).integers(0, 3000, (7, 90, 130)).astype(np.uint16)
LAYOUTS = {
    "strips": ["INTERLEAVE=PIXEL"],
    "tiles": ["INTERLEAVE=PIXEL", "TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=16"],
    "bands": ["INTERLEAVE=BAND"],
}


@pytest.fixture(params=LAYOUTS)
def dataset(request, write_raster):
    path = write_raster("a.tif", VALUES, options=LAYOUTS[request.param])
    return gdal.Open(str(path))


def as_it_is(band, **place):
    return band.ReadAsArray(**place)


@pytest.mark.parametrize("held", [1, 60_000, 64 << 20])
@pytest.mark.parametrize("window", [None, Window(0, 0, 90, 130), Window(17, 5, 40, 101)])
def test_the_values_are_the_files(dataset, monkeypatch, held, window):
    monkeypatch.setattr(band_reading, "HELD_BYTES", held)
    found = band_reading.read_stack(dataset, [3, 1, 7], as_it_is, window)
    w = window or Window(0, 0, 90, 130)
    rows, cols = slice(w.row0, w.row0 + w.rows), slice(w.col0, w.col0 + w.cols)
    np.testing.assert_array_equal(found, VALUES[[2, 0, 6], rows, cols])


@pytest.mark.parametrize("held", [1, 64 << 20])
@pytest.mark.parametrize("shape", [(9, 13), (7, 11), (90, 130), (1, 1), (89, 129)])
def test_thinned_it_is_what_gdal_gives(dataset, monkeypatch, held, shape):
    monkeypatch.setattr(band_reading, "HELD_BYTES", held)
    found = band_reading.read_stack(dataset, [2, 5], as_it_is, shape=shape)
    size = {"buf_xsize": shape[1], "buf_ysize": shape[0]}
    expected = [dataset.GetRasterBand(i).ReadAsArray(**size) for i in (2, 5)]
    np.testing.assert_array_equal(found, np.stack(expected))


def test_the_cache_has_its_size_again(dataset):
    before = gdal.GetCacheMax()
    band_reading.read_stack(dataset, [1, 2], as_it_is)
    assert gdal.GetCacheMax() == before


def bytes_read(action):
    """Bytes that the process reads from files during ``action``."""
    counters = Path("/proc/self/io")
    if not counters.is_file():
        pytest.skip("the system does not count them")

    def count():
        return int(counters.read_text().split()[1])

    before = count()
    action()
    return count() - before


@pytest.mark.parametrize("shape", [None, (30, 60)])
def test_no_block_is_read_for_each_band_again(dataset, shape):
    """With a cache that holds a part of the file only."""
    size = Path(dataset.GetDescription()).stat().st_size
    before = gdal.GetCacheMax()
    gdal.SetCacheMax(1 << 14)
    try:
        every = range(1, 8)
        action = lambda: band_reading.read_stack(dataset, every, as_it_is, shape=shape)  # noqa: E731
        assert bytes_read(action) < 2 * size
    finally:
        gdal.SetCacheMax(before)


def test_simulating_says_how_far_it_is(command, tmp_path, write_raster, tiny_package):
    path = write_raster("cube.tif", np.full((8, 1100, 12), 2000, np.uint16), scale=1e-4)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for i in range(8):
        said = {"wavelength": str(400 + 75 * i), "wavelength_units": "Nanometers"}
        dataset.GetRasterBand(i + 1).SetMetadata(said)
    del dataset
    words = ["simulate-rgb", path, tmp_path / "o.tif", "--model", tiny_package, "--events"]
    done = command(*words)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    progress = [event for event in events if event["event"] == "progress"]
    assert done.returncode == 0 and progress[-1] == {
        "event": "progress",
        "done": 1100,
        "total": 1100,
    }
