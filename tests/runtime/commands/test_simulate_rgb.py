"""Simulated input bands: right colours, honest about what the sensor does not see."""

from types import SimpleNamespace

import numpy as np
import pytest

from model_runtime import tiling
from model_runtime.commands import simulate_rgb
from model_runtime.errors import InputError
from model_runtime.events import Events
from model_runtime.package.manifest import InputBand
from model_runtime.raster.cube import Cube, read_cube, write_cube
from model_runtime.raster.georeference import Georeference
from model_runtime.raster.reader import RasterReader

BANDS = (InputBand("red", 640, 82), InputBand("green", 550, 82), InputBand("blue", 465, 70))
NM = np.arange(380.0, 1000.0, 10)


def materials(nm=NM):
    """A white, a red (step at 600 nm) and a masked pixel: (bands, 1, 3)."""
    values = np.full((len(nm), 1, 3), 0.5, np.float32)
    values[:, 0, 1] = np.where(nm >= 600, 0.4, 0.02)
    values[:, 0, 2] = np.nan
    return values


def test_colours_are_seen_in_their_bands():
    rgb = simulate_rgb.simulate(materials(), NM, BANDS)
    assert rgb.dtype == np.float32 and rgb.shape == (3, 1, 3)
    assert rgb[:, 0, 0] == pytest.approx([0.5] * 3, abs=1e-6)
    assert rgb[0, 0, 1] > 0.3 and rgb[2, 0, 1] == pytest.approx(0.02, abs=1e-3)
    assert np.isnan(rgb[:, 0, 2]).all()


def test_a_pixel_that_lacks_blue_is_masked_whole():
    values = materials()
    values[(NM > 440) & (NM < 490), 0, 0] = np.nan
    assert np.isnan(simulate_rgb.simulate(values, NM, BANDS)[:, 0, 0]).all()


def test_a_band_seen_whole_needs_no_word_and_one_seen_in_part_a_warning():
    assert simulate_rgb.check_coverage(NM, BANDS) == []
    (warning,) = simulate_rgb.check_coverage(NM[NM >= 455], BANDS)
    assert "blue band (465 nm, 70 nm wide)" in warning and "57 %" in warning


def test_a_band_not_seen_is_refused():
    with pytest.raises(InputError, match=r"520 to 990 nm.*do not see the model's blue band"):
        simulate_rgb.check_coverage(NM[NM >= 520], BANDS)


def test_a_raster_without_values_is_refused(tmp_path, tiny_package):
    with pytest.raises(InputError, match="no valid value"):
        run(tmp_path, tiny_package, np.full((len(NM), 2, 3), np.nan, np.float32))


@pytest.mark.parametrize(
    "bands, cols, rows", [(60, 100, 1280), (400, 10_000, 256), (3, 9, 3 * 10**5)]
)
def test_strips_fit_the_memory_and_the_blocks(bands, cols, rows):
    strip = next(tiling.strips(bands, 10**8, cols)).rows
    assert strip % 256 == 0 and (strip == rows or strip > rows)
    cut = list(tiling.strips(bands, 2 * rows + 1, cols))
    assert sum(window.rows * window.cols for window in cut) == (2 * rows + 1) * cols


def run(tmp_path, package, values):
    """The simulated raster of ``values``, through files."""
    place = Georeference(geotransform=(500000.0, 2.0, 0.1, 4e6, 0.2, -2.0))
    cube = Cube(values, NM, np.full(len(NM), 10.0), "reflectance", place)
    source, target = str(tmp_path / "cube.tif"), str(tmp_path / "rgb.tif")
    write_cube(source, cube, "float32", {})
    args = SimpleNamespace(cube=source, output=target, model=str(package), overwrite=False)
    simulate_rgb.run(args, Events())
    return read_cube(target), target


def test_what_is_written_reads_back_exactly(tmp_path, tiny_package):
    back, path = run(tmp_path, tiny_package, materials())
    expected = simulate_rgb.simulate(materials(), NM, BANDS)
    assert np.array_equal(back.values, expected, equal_nan=True)
    assert back.wavelength_nm.tolist() == [640, 550, 465] and back.units == "reflectance"
    assert back.geotransform == pytest.approx((500000.0, 2.0, 0.1, 4e6, 0.2, -2.0))
    assert RasterReader(path, None).bands == [1, 2, 3]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cube.tif", "rgb.tif"]


def test_a_wide_raster_is_cut_across_too():
    """Else what is held grows with the width: 256 rows of 48 bands x 60,000 are 3 GB."""
    cut = list(tiling.strips(48, 300, 60_000))
    assert max(4 * 48 * w.rows * w.cols for w in cut) <= tiling.STRIP_BYTES
    seen = np.zeros((300, 60_000), np.uint8)
    for window in cut:
        assert window.row0 % 256 == 0 and window.col0 % 256 == 0
        seen[window.slices(tiling.Window(0, 0, 300, 60_000))] += 1
    assert (seen == 1).all()


def test_strips_do_not_show(tmp_path, tiny_package, monkeypatch):
    """Nor does a band that is masked in one strip and not in the other."""
    values = np.random.default_rng(0).uniform(0, 1, (len(NM), 300, 600)).astype(np.float32)
    values[NM == 550, :256] = np.nan
    monkeypatch.setattr(tiling, "STRIP_BYTES", 1)
    assert len(list(tiling.strips(len(NM), 300, 600))) == 6
    back, _ = run(tmp_path, tiny_package, values)
    expected = simulate_rgb.simulate(values, NM, BANDS)
    assert np.isnan(expected[:, :256]).all() and np.isfinite(expected[:, 256:]).all()
    assert back.values == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_bands_without_values_do_not_count_as_seen(tmp_path, tiny_package):
    values = np.full((len(NM), 2, 3), 0.5, np.float32)
    values[NM < 520] = np.nan
    with pytest.raises(InputError, match="520 to 990 nm"):
        run(tmp_path, tiny_package, values)
    assert [p.name for p in tmp_path.iterdir()] == ["cube.tif"]
