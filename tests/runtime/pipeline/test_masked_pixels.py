"""What the networks see where the input is masked."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from osgeo import gdal

from model_runtime.__main__ import main
from model_runtime.package.manifest import read as read_manifest
from model_runtime.pipeline.masked_pixels import (
    as_soil,
    narrow_gaps,
    shows_cut_outs,
    widen,
)
from model_runtime.pipeline.nearest_valid import fill_masked
from model_runtime.tiling import Window

gdal.UseExceptions()
ALPHA = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand, gdal.GCI_AlphaBand)


def places(rows, cols):
    """Each pixel's own place, so that a filled one says where it was taken from."""
    return np.stack(np.mgrid[:rows, :cols]).astype(np.float32)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12), st.integers(0, 5))
def test_a_masked_pixel_gets_the_nearest_valid_one_within_reach(seed, rows, cols, reach):
    valid = np.random.default_rng(seed).random((rows, cols)) < 0.2
    own = places(rows, cols)
    filled, known = fill_masked(own, valid, reach)
    for row, col in np.ndindex(rows, cols):
        away = np.argwhere(valid) - (row, col)
        away = away[np.abs(away).max(1, initial=0) <= reach]
        assert known[row, col] == bool(len(away))
        if len(away):
            nearest = (away**2).sum(1).min()
            assert ((filled[:, row, col] - (row, col)) ** 2).sum() == nearest


def test_what_a_pixel_gets_depends_on_nothing_beyond_reach():
    rng = np.random.default_rng(1)
    valid, values = rng.random((40, 50)) < 0.1, rng.random((3, 40, 50)).astype(np.float32)
    filled, _ = fill_masked(values, valid, 6)
    part = Window(11, 13, 9, 17)
    rows, cols = widen(part, 6).slices(Window(0, 0, 40, 50))
    of_part, _ = fill_masked(values[:, rows, cols], valid[rows, cols], 6)
    inner = (slice(None), *part.slices(widen(part, 6)))
    np.testing.assert_array_equal(
        of_part[inner], filled[(slice(None), *part.slices(Window(0, 0, 40, 50)))]
    )


def meadow(rows, cols):
    """An 8-bit picture of vegetation, whose near infrared depends on what lies around."""
    rng = np.random.default_rng(5)
    down, across = np.mgrid[:rows, :cols]
    light = 1 + 0.3 * np.sin(across / 5) * np.cos(down / 7) + rng.normal(0, 0.08, (rows, cols))
    return np.clip(np.array([80, 95, 62])[:, None, None] * light, 1, 255).astype(np.uint8)


@pytest.fixture
def estimate(tmp_path, capsys):
    """A function: (input, *options) -> the embedded model's estimate, reflectance."""

    def estimate(source, *options):
        output = tmp_path / "o.tif"
        words = ["upsample", source, output, "--threads", 1, "--overwrite", "--events", *options]
        code = main([str(word) for word in words])
        assert code == 0, json.loads(capsys.readouterr().out.splitlines()[-1])
        return gdal.Open(str(output)).ReadAsArray()

    return estimate


def test_pixels_beside_transparent_ones_are_as_in_the_whole_picture(estimate, write_raster):
    picture = meadow(48, 64)
    alpha = np.where(np.arange(64) < 24, 0, 255).astype(np.uint8) * np.ones((48, 1), np.uint8)
    whole = estimate(write_raster("whole.tif", picture)) / 1e4
    cut = write_raster("cut.tif", np.concatenate([picture, alpha[None]]), colours=ALPHA)
    part = estimate(cut, "--radiometry-from", write_raster("whole.tif", picture)) / 1e4
    near = (slice(-14, None), slice(None), slice(24, 34))  # near infrared, beside the border
    # With one colour for all masked pixels it was off by 0.15 of 0.40.
    assert abs(part[near].mean() - whole[near].mean()) < 0.1 * whole[near].mean()


def test_holes_are_filled_alike_in_tiles_of_any_size(estimate, write_raster):
    picture = meadow(90, 130)
    holes = np.random.default_rng(2).random((90, 130)) < 0.3
    holes[20:80, 30:75] = True
    picture[:, holes] = 0
    source = write_raster("holes.tif", picture, nodata=0)
    whole = estimate(source)
    assert ((whole == 65535) == holes).all()
    np.testing.assert_array_equal(estimate(source, "--tile", "88"), whole)


def disc(side, radius):
    down, across = np.ogrid[:side, :side]
    return (down - side / 2) ** 2 + (across - side / 2) ** 2 < radius**2


def test_crowns_are_cut_out_and_mosaics_are_not():
    assert shows_cut_outs(disc(100, 40))
    assert not shows_cut_outs(disc(400, 190))
    mosaic = np.ones((300, 500), bool)
    mosaic[:, :150] = False
    mosaic[200:210, 300:310] = False
    assert not shows_cut_outs(mosaic)
    assert not shows_cut_outs(np.ones((20, 20), bool)) and not shows_cut_outs(mosaic[:, :9])


def test_thinned_pixels_reach_as_far():
    large = disc(800, 380)
    assert shows_cut_outs(large[::10, ::10], (1.0, 1.0))
    assert not shows_cut_outs(large[::10, ::10], (10.0, 10.0))


def test_soil_is_as_bright_and_reddest(tiny_package):
    model = read_manifest(tiny_package)
    rgb = np.array([[0.02, 0.3], [0.08, 0.3], [0.02, 0.3]], np.float32)
    soil = as_soil(rgb, model)
    np.testing.assert_allclose(soil.mean(0), rgb.mean(0), rtol=1e-6)
    assert (np.diff(soil, axis=0) < 0).all()  # red, green, blue
    np.testing.assert_array_equal(as_soil(rgb, replace(model, input_unit="DN")), rgb)


def test_a_gap_between_valid_pixels_is_narrow_and_a_border_is_none():
    valid = np.ones((9, 20), bool)
    valid[:, 5:8] = valid[:, 15:] = False
    narrow = narrow_gaps(valid)
    assert narrow[:, 5:8].all() and not narrow[:, 15:].any() and not narrow[valid].any()


def test_a_cut_out_object_is_made_alike_in_tiles_of_any_size(estimate, write_raster):
    picture = meadow(90, 130)
    picture[:, ~disc(130, 44)[20:110]] = 0
    source = write_raster("crown.tif", picture, nodata=0)
    np.testing.assert_array_equal(estimate(source, "--tile", "88"), estimate(source))
