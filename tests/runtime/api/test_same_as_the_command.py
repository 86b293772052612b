"""The API against rasters that the command ``upsample`` wrote of the same values."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime import load
from model_runtime.__main__ import main
from model_runtime.package.manifest import read as read_manifest
from model_runtime.spectra.empirical_line import Calibration, Line, Target, as_text

gdal.UseExceptions()


def picture(rows=60, cols=70):
    rng = np.random.default_rng(0)
    return rng.integers(5, 250, (3, rows, cols)).astype(np.uint8)


def reflectance(rows=60, cols=70):
    rng = np.random.default_rng(1)
    return rng.uniform(0.01, 0.4, (3, rows, cols)).astype(np.float32)


@pytest.fixture
def written(write_raster, tmp_path):
    """(values, nodata, words of the command) -> mean, spread, reliability as it wrote them."""

    def run(values, nodata, *words):
        source, paths = write_raster("in.tif", values, nodata=nodata), []
        for name in ("mean", "spread", "reliability"):
            paths.append(tmp_path / f"{name}.tif")
        more = ["--spread", paths[1], "--reliability", paths[2]] if "--samples" in words else []
        words = [source, paths[0], "--dtype", "float32", *more, *words]
        assert main(["upsample", *map(str, words)]) == 0
        return [gdal.Open(str(path)).ReadAsArray() for path in paths if path.exists()]

    return run


def assert_same(made, written):
    """To 1e-6, and masked in the same pixels."""
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, written, rtol=0, atol=1e-6)


@pytest.mark.parametrize("quality", ["fast", "balanced", "best"])
def test_a_picture_with_nodata_and_its_spread(written, tiny_package, quality):
    values = picture()
    values[:, 20:30, 5:9] = 0
    values[1, 3, 4] = 0  # of one band alone
    mean, spread, reliability = written(
        *(values, 0, "--model", tiny_package, "--quality", quality, "--samples", 3, "--seed", 7)
    )
    made = load(tiny_package).estimate(values, quality, samples=3, seed=7, nodata=0)
    assert np.isnan(mean[:, 20:30, 5:9]).all() and np.isnan(mean[:, 3, 4]).all()
    assert np.isfinite(mean).any() and np.nanmax(spread) > 0
    assert_same(made.mean, mean)
    assert_same(made.spread, spread)
    assert_same(made.reliability, np.where(reliability == 255, np.nan, reliability))


@pytest.mark.parametrize("radiometry", ["auto", "reflectance", "match"])
def test_reflectance_with_holes(written, tiny_package, radiometry):
    values = reflectance()
    values[:, 40:, :30] = np.nan
    (mean,) = written(values, None, "--model", tiny_package, "--radiometry", radiometry)
    made = load(tiny_package).estimate(values, radiometry=radiometry)
    assert made.spread is made.reliability is None
    assert_same(made.mean, mean)


def test_whole_numbers_of_sixteen_bits(written, tiny_package):
    values = np.round(reflectance() * 10_000).astype(np.uint16)
    (mean,) = written(values, None, "--model", tiny_package)
    assert_same(load(tiny_package).estimate(values).mean, mean)


def test_sentinel_2_with_its_offset_and_undeclared_nodata(written, tiny_package):
    values = (np.random.default_rng(0).uniform(1080, 2500, (3, 60, 70))).astype(np.uint16)
    values[:, 20:50] = 0
    (mean,) = written(values, None, "--model", tiny_package)
    with pytest.warns(UserWarning, match="1000 is subtracted") as heard:
        made = load(tiny_package).estimate(values)
    assert_same(made.mean, mean)
    assert np.isnan(mean[:, 20:50]).all() and np.isfinite(mean[:, :20]).all()
    assert any("50 % of the pixels hold 0" in str(one.message) for one in heard)


def test_fill_values_that_nothing_declares_are_told(tiny_package):
    values = reflectance()
    values[:, 40:, :35] = -9999
    with pytest.warns(UserWarning, match="hold -9999 .*: give nodata=-9999, or NaN"):
        made = load(tiny_package).estimate(values)
    assert np.isnan(made.mean[:, 40:, :35]).all() and np.isfinite(made.mean[:, :40]).all()


def test_a_picture_matched_by_guess_has_the_doubt_of_its_level_in_the_spread(written):
    """Of the embedded model, whose spread holds what a guessed level errs by."""
    mean, spread, _ = written(picture(24, 20), None, "--samples", 2)
    made = load(threads=1).estimate(picture(24, 20), samples=2)
    assert_same(made.mean, mean)
    assert_same(made.spread, spread)


@pytest.fixture
def calibration(tiny_package, tmp_path):
    """A calibration file for 8-bit pictures."""
    bands, gains = read_manifest(tiny_package).input_bands, (0.5, 0.3, 0.4)
    lines = tuple(Line(b.name, b.wavelength_nm, g, -0.01, 0.002) for b, g in zip(bands, gains))
    target = Target("panel", 9, (0.1,) * 3, (0.1,) * 3)
    path = tmp_path / "flight.json"
    path.write_text(as_text(Calibration("srgb", 255.0, True, 8, lines, (target,) * 3)))
    return path


def test_a_calibration(written, tiny_package, calibration):
    (mean,) = written(picture(), None, "--model", tiny_package, "--calibration", calibration)
    model = load(tiny_package)
    made = model.estimate(picture(), calibration=calibration)
    assert_same(made.mean, mean)
    assert "calibration 'flight.json'" in made.provenance["SCDM_RADIOMETRY_WHY"]
    assert np.nanmax(np.abs(model.estimate(picture()).mean - mean)) > 1e-3


@pytest.mark.parametrize("kind", ["reflectance", "mosaic"])
def test_values_matched_to_another_array(written, write_raster, tiny_package, kind):
    other = reflectance(90, 80)
    other[:, :30] = np.nan
    if kind == "mosaic":
        other = np.concatenate([picture(), picture(20, 70) // 4], axis=1)
    path = write_raster("other.tif", other)
    (mean,) = written(picture(), None, "--model", tiny_package, "--radiometry-from", path)
    model = load(tiny_package)
    made = model.estimate(picture(), radiometry_from=other)
    assert_same(made.mean, mean)
    assert np.nanmax(np.abs(model.estimate(picture()).mean - mean)) > 1e-3


def test_tiles_that_are_blended(written, tiny_whole_tile_package):
    values = picture(90, 75)
    (mean,) = written(values, None, "--model", tiny_whole_tile_package)
    assert_same(load(tiny_whole_tile_package).estimate(values).mean, mean)


def test_settings_of_the_command(written, tiny_package):
    words = ("--sampler", "ddpm", "--steps", 4, "--guidance", "0,0.5", "--truncation", 0.9)
    (mean,) = written(picture(), None, "--model", tiny_package, *words)
    model = load(tiny_package)
    how = {"sampler": "ddpm", "steps": 4, "guidance": (0, 0.5), "truncation": 0.9}
    made = model.estimate(picture(), **how)
    assert_same(made.mean, mean)
    assert np.abs(made.mean - model.estimate(picture()).mean).max() > 1e-3


def test_the_embedded_model_and_an_array_larger_than_what_is_sampled(written):
    """The radiometry is decided on every third or so pixel of a long array: on GDAL's."""
    values = picture(2300, 12)
    (mean,) = written(values, None)
    made = load(threads=1).estimate(values)
    assert_same(made.mean, mean)
    assert made.wavelength_nm.shape == (48,) and (np.diff(made.wavelength_nm) > 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (37, 2), (33, 65)])
def test_any_size(written, tiny_package, shape):
    (mean,) = written(picture(*shape), None, "--model", tiny_package, "--radiometry", "reflectance")
    made = load(tiny_package).estimate(picture(*shape), radiometry="reflectance")
    assert_same(made.mean, mean)


def test_a_model_that_has_blue_first_still_gets_red_first(write_bgr_package, written):
    package = write_bgr_package()
    (mean,) = written(picture(), None, "--model", package, "--bands", "1,2,3")
    model = load(package)
    assert_same(model.estimate(picture()).mean, mean)
    assert np.nanmax(np.abs(model.estimate(picture()[::-1]).mean - mean)) > 1e-3


@pytest.mark.parametrize("order", ["red first", "blue first"])
def test_colour_infrared_is_told(tiny_package, write_bgr_package, written, capsys, order):
    shade = np.random.default_rng(0).uniform(0.5, 1, (60, 70))
    leaves = (np.array([4000, 300, 450])[:, None, None] * shade).astype(np.uint16)
    package = write_bgr_package() if order == "blue first" else tiny_package
    written(leaves, None, "--model", package, "--bands", "1,2,3")
    said = "bands in the order near infrared, red, green"
    assert said in capsys.readouterr().err
    with pytest.warns(UserWarning, match=said):
        load(package).estimate(leaves)


@pytest.fixture
def write_bgr_package(tiny_package, tmp_path):
    """A function that copies the tiny package with its input bands as blue, green, red."""
    import json
    import shutil

    def write():
        folder = tmp_path / "bgr"
        shutil.copytree(tiny_package, folder)
        path = folder / "model.json"
        said = json.loads(path.read_text(encoding="utf-8"))
        said["input_bands"].reverse()
        path.write_text(json.dumps(said), encoding="utf-8")
        return folder

    return write
