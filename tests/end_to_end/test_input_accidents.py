"""Inputs as they come: each is done as it should be, or refused with exit 2; nothing in between."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.__main__ import main

gdal.UseExceptions()
ROWS, COLS = 40, 50


def values(kind=np.uint8, low=5, high=250):
    rng = np.random.default_rng(0)
    return rng.uniform(low, high, (3, ROWS, COLS)).astype(kind)


def with_value(value, share=0.5):
    """Reflectance of which a part, from the left, is ``value``."""
    picture = values(np.float32, 0.02, 0.4)
    picture[:, :, : int(COLS * share)] = value
    return picture


def masked(write_raster, name, mask_all=False):
    """A raster with a mask of its own for the dataset."""
    path = write_raster(name, values())
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
    mask = np.full((ROWS, COLS), 255, np.uint8)
    mask[:, : COLS if mask_all else 20] = 0
    dataset.GetRasterBand(1).GetMaskBand().WriteArray(mask)
    return path


def huge(write_raster, tmp_path, side):
    """A virtual raster of side x side that holds a small picture in its corner."""
    small = write_raster("small.tif", values(), transform=(0, 1, 0, 0, 0, -1))
    path = tmp_path / "huge.vrt"
    bounds = (0, -side, side, 0)
    gdal.BuildVRT(str(path), [str(small)], outputBounds=bounds, srcNodata=0, VRTNodata=0)
    return path


ALPHA = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand, gdal.GCI_AlphaBand)
# Name: (what is written, how; share of the pixels that are masked in the output).
HALF_SEEN = np.where(np.arange(COLS) < COLS // 2, 0, 255) * np.ones((1, ROWS, 1))
DONE = {
    "one pixel": (values()[:, :1, :1], {}, 0),
    "one row": (values()[:, :1], {}, 0),
    "one column": (values()[:, :, :1], {}, 0),
    "signed": (values(np.int16, -300, 9000), {"nodata": -9999}, 0),
    "12 bits in 16": (values(np.uint16, 0, 4095), {}, 0),
    "double": (values(np.float64, 0.01, 0.5), {}, 0),
    "constant": (np.full((3, ROWS, COLS), 0.25, np.float32), {}, 0),
    "nodata": (with_value(-9999), {"nodata": -9999}, 0.5),
    "NaN": (with_value(np.nan), {}, 0.5),
    "NaN as nodata": (with_value(np.nan), {"nodata": np.nan}, 0.5),
    "infinite": (with_value(np.inf), {}, 0.5),
    "minus infinite": (with_value(-np.inf), {}, 0.5),
    "all but a pixel masked": (with_value(-1, 0.98), {"nodata": -1}, 0.98),
    "alpha": (
        np.concatenate([values(), HALF_SEEN.astype(np.uint8)]),
        {"colours": ALPHA},
        0.5,
    ),
    "odd blocks": (values(), {"options": ["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=48"]}, 0),
    "strips of 7": (values(), {"options": ["BLOCKYSIZE=7", "COMPRESS=LZW"]}, 0),
    "pixel interleaved": (values(), {"options": ["INTERLEAVE=PIXEL"]}, 0),
    "no georeference": (values(), {"epsg": None, "transform": None}, 0),
    "rotated": (values(), {"transform": (5, 2, 0.5, 9, 0.25, -2)}, 0),
}
REFUSED = {
    "complex": (values(np.complex64), {}),
    "all NaN": (with_value(np.nan, 1), {}),
    "all infinite": (with_value(np.inf, 1), {}),
    "all nodata": (with_value(-9999, 1), {"nodata": -9999}),
    "all transparent": (np.concatenate([values(), values()[:1] * 0]), {"colours": ALPHA}),
    "one band": (values()[:1], {}),
    "two bands": (values()[:2], {}),
}


@pytest.fixture
def run(tiny_package, tmp_path):
    """A function: upsample a file; (exit code, masked pixels of the output or None)."""

    def run(path, *options):
        output = tmp_path / "out" / "o.tif"
        output.parent.mkdir(exist_ok=True)
        words = ["upsample", path, output, "--model", tiny_package, *options]
        code = main(list(map(str, words)))
        left = [found.name for found in output.parent.iterdir()]
        assert left == (["o.tif"] if code == 0 else [])
        return code, gdal.Open(str(output)).ReadAsArray() == 65535 if code == 0 else None

    return run


@pytest.mark.parametrize("name", DONE)
def test_what_can_be_done_is_done(run, write_raster, name):
    content, how, share = DONE[name]
    code, nodata = run(write_raster("a.tif", content, **how))
    assert code == 0
    assert nodata.shape[1:] == content.shape[1:]
    assert nodata.mean() == pytest.approx(share, abs=0.001)
    assert (nodata == nodata[0]).all()


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused(run, write_raster, name, capsys):
    content, how = REFUSED[name]
    assert run(write_raster("a.tif", content, **how))[0] == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_mask_of_the_dataset_counts(run, write_raster):
    code, nodata = run(masked(write_raster, "a.tif"))
    assert code == 0 and nodata[:, :, :20].all() and not nodata[:, :, 20:].any()


def test_a_mask_of_everything_is_refused(run, write_raster):
    assert run(masked(write_raster, "b.tif", mask_all=True))[0] == 2


@pytest.mark.parametrize("content", [b"", b"II*\x00", b"no raster at all", bytes(5000)])
def test_files_that_are_no_rasters_are_refused(run, tmp_path, content, capsys):
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    assert run(path)[0] == 2
    assert run(tmp_path)[0] == 2  # a folder
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.99])
def test_cut_files_are_refused_before_the_start(run, write_raster, kept):
    path = write_raster("a.tif", values(), options=["COMPRESS=DEFLATE"])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    assert run(path)[0] == 2


def test_a_part_of_a_virtual_raster_of_100_000_pixels_a_side(run, write_raster, tmp_path):
    path = huge(write_raster, tmp_path, 100_000)
    code, nodata = run(path, "--extent=0,-60,70,0", "--radiometry=reflectance")
    assert code == 0 and nodata.shape == (8, 60, 70)
    assert not nodata[:, :ROWS, :COLS].any() and nodata[:, ROWS:].all()


def test_a_whole_virtual_raster_that_is_nearly_empty(run, write_raster, tmp_path):
    """Masked blocks take neither time nor room: this would be 400 MB of values."""
    code, nodata = run(huge(write_raster, tmp_path, 5000), "--radiometry=reflectance")
    assert code == 0
    assert (tmp_path / "out" / "o.tif").stat().st_size < 1_000_000
    assert (~nodata[0]).sum() == ROWS * COLS
