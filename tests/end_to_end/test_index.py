"""``index``: spectral indices of a cube, held against NumPy, and what is refused."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime import tiling
from model_runtime.raster.cube import Cube, read_cube, write_cube
from model_runtime.raster.georeference import Georeference

gdal.UseExceptions()
NM = np.arange(400.0, 1001.0, 20)
PLACE = Georeference(geotransform=(500000.0, 2.0, 0.0, 4e6, 0.0, -2.0))


def write(path, values):
    path.parent.mkdir(exist_ok=True)
    write_cube(
        str(path), Cube(values, NM, np.full(len(NM), 20.0), "reflectance", PLACE), "float32", {}
    )
    return path


@pytest.fixture
def values():
    """Reflectance of 30 x 41 pixels with a masked corner."""
    drawn = np.random.default_rng(0).uniform(0.02, 0.6, (len(NM), 30, 41)).astype(np.float32)
    drawn[:, :4, :5] = np.nan
    return drawn


@pytest.fixture
def cube(values, tmp_path):
    return write(tmp_path / "cube.tif", values)


@pytest.fixture
def draws(values, tmp_path):
    """Eight draws about the cube; some dark values lie below 0."""
    rng = np.random.default_rng(1)
    made = [values + rng.normal(0, 0.03, values.shape).astype(np.float32) for _ in range(8)]
    for number, draw in enumerate(made, start=1):
        write(tmp_path / "draws" / f"sample_{number:03d}.tif", draw)
    return made


def at(values, nm):
    """The values at a wavelength: the line between two bands."""
    flat = values.reshape(len(NM), -1)
    return np.array([np.interp(nm, NM, pixel) for pixel in flat.T]).reshape(values.shape[1:])


def ndvi(values, red=665, infrared=833, least=-np.inf):
    red, infrared = (np.maximum(at(values, nm), least) for nm in (red, infrared))
    return (infrared - red) / (infrared + red)


def test_indices_are_numpys_and_lie_where_the_cube_lies(command, cube, values, tmp_path):
    out = tmp_path / "i.tif"
    words = ["--index", "ndvi,GNDVI", "--formula", "(r860-r670)/(r860+r670)"]
    done = command("index", cube, out, *words)
    assert done.returncode == 0, done.stderr
    found = gdal.Open(str(out))
    names = [found.GetRasterBand(i + 1).GetDescription() for i in range(found.RasterCount)]
    assert names == ["NDVI", "GNDVI", "(r860-r670)/(r860+r670)"]
    assert found.GetGeoTransform() == PLACE.geotransform
    assert found.GetMetadataItem("SCDM_INDEX_1") == "(r833 - r665)/(r833 + r665)"
    expected = np.stack([ndvi(values), ndvi(values, 560), ndvi(values, 670, 860)])
    np.testing.assert_allclose(found.ReadAsArray(), expected, atol=1e-5)
    assert np.isnan(found.ReadAsArray()[:, :4, :5]).all()


def test_draws_give_the_interval(command, cube, values, draws, tmp_path):
    out = tmp_path / "i.tif"
    done = command("index", cube, out, "--index", "NDVI", "--draws", tmp_path / "draws")
    assert done.returncode == 0, done.stderr
    middle, low, high = gdal.Open(str(out)).ReadAsArray()
    deviation = np.std([ndvi(draw, least=0) for draw in draws], axis=0, ddof=1)
    np.testing.assert_allclose(middle, ndvi(values), atol=1e-5)
    np.testing.assert_allclose(high - low, 2 * 1.8946 * deviation, atol=1e-3)  # t of 7
    np.testing.assert_allclose(high + low, 2 * middle, atol=1e-5)


def test_the_spread_gives_a_wider_one_and_says_so(command, cube, values, draws, tmp_path):
    spread = write(tmp_path / "spread.tif", np.std(draws, axis=0, ddof=1))
    for name, option in (("d", f"--draws={tmp_path / 'draws'}"), ("s", f"--spread={spread}")):
        done = command("index", cube, tmp_path / f"{name}.tif", "--index", "NDVI", option)
        assert done.returncode == 0 and ("wider than it should be" in done.stderr) == (name == "s")
    widths = [
        np.diff(gdal.Open(str(tmp_path / f"{n}.tif")).ReadAsArray()[1:], axis=0) for n in "ds"
    ]
    assert np.nanmedian(widths[1]) > np.nanmedian(widths[0])


def test_strips_do_not_show(cube, values, draws, tmp_path, monkeypatch):
    from model_runtime import __main__ as runtime

    values = np.tile(values, (1, 20, 1))
    tall = write(tmp_path / "tall.tif", values)
    for number, draw in enumerate(draws[:2], start=1):
        write(tmp_path / "two" / f"sample_{number:03d}.tif", np.tile(draw, (1, 20, 1)))
    words = ["index", str(tall), "--index", "NDVI", "--draws", str(tmp_path / "two")]
    assert runtime.main([*words[:2], str(tmp_path / "whole.tif"), *words[2:]]) == 0
    monkeypatch.setattr(tiling, "STRIP_BYTES", 1)
    assert len(list(tiling.strips(3, 600, 41))) == 3
    assert runtime.main([*words[:2], str(tmp_path / "cut.tif"), *words[2:]]) == 0
    both = [gdal.Open(str(tmp_path / name)).ReadAsArray() for name in ("whole.tif", "cut.tif")]
    np.testing.assert_array_equal(*both)


@pytest.mark.parametrize(
    "words, why",
    [
        ([], "no index is asked for"),
        (["--index", "NDV"], "did you mean NDVI"),
        (["--formula", "r860 / r1200"], "needs the value at 1200 nm"),
        (["--formula", "open('x')"], "cannot be read"),
        (["--index", "NDVI", "--draws", "nowhere"], "holds 0 draws"),
        (["--index", "NDVI", "--draws", "d", "--spread", "s"], "both given"),
        (["--index", "NDVI", "--spread", "other.tif"], "has not the pixels and bands"),
        (["--index", "NDVI", "--spread", "missing.tif"], "does not exist"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(command, cube, values, tmp_path, words, why):
    write(tmp_path / "other.tif", values[:, 1:])
    words = [tmp_path / word if word.endswith(".tif") else word for word in words]
    done = command("index", cube, tmp_path / "i.tif", *words)
    assert done.returncode == 2 and why in done.stderr and "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.glob("*.tif*")) == ["cube.tif", "other.tif"]


def test_nothing_that_is_read_or_there_is_written(command, cube, draws, tmp_path):
    before = cube.read_bytes()
    asked = ["--index", "NDVI", "--draws", tmp_path / "draws", "--overwrite"]
    for target in (cube, tmp_path / "draws" / "sample_001.tif"):
        done = command("index", cube, target, *asked)
        assert done.returncode == 2 and "is also the input" in done.stderr
    assert cube.read_bytes() == before
    (tmp_path / "i.tif").write_text("precious")
    done = command("index", cube, tmp_path / "i.tif", "--index", "NDVI")
    assert done.returncode == 2 and (tmp_path / "i.tif").read_text() == "precious"


def test_values_that_are_no_reflectance_are_told(command, cube, tmp_path):
    truth = read_cube(str(cube))
    write(tmp_path / "percent.tif", truth.values * 100)
    done = command("index", tmp_path / "percent.tif", tmp_path / "i.tif", "--index", "EVI")
    assert done.returncode == 0 and "which is not reflectance" in done.stderr


def test_a_spread_is_no_cube_and_an_estimate_no_spread(command, write_raster, tmp_path):
    """They have the same bands: their indices would look like indices."""
    estimate, spread = tmp_path / "o.tif", tmp_path / "s.tif"
    source = write_raster("rgb.tif", np.full((3, 8, 9), 90, np.uint8))
    done = command("upsample", source, estimate, "--samples", "2", "--spread", spread)
    assert done.returncode == 0, done.stderr
    library = tmp_path / "l.csv"
    library.write_text("nm,a\n" + "".join(f"{nm},0.2\n" for nm in range(390, 1011, 10)))
    out = tmp_path / "i.tif"
    for words in (
        ("index", spread, out, "--index", "NDVI"),
        ("match-spectra", spread, out, "--library", library),
        ("simulate-sensor", spread, out, "--sensor", "sentinel2a"),
        ("simulate-rgb", spread, out),
        ("evaluate", estimate, spread),
    ):
        done = command(*words)
        assert done.returncode == 2 and "the spread of an estimate, not spectra" in done.stderr
    for words in (
        ("index", estimate, out, "--index", "NDVI", "--spread", estimate),
        ("match-spectra", estimate, out, "--library", library, "--spread", estimate),
    ):
        done = command(*words)
        assert done.returncode == 2 and "is no spread" in done.stderr
    assert not out.exists()


def test_a_formula_without_a_number_anywhere_is_told(command, cube, tmp_path):
    done = command("index", cube, tmp_path / "i.tif", "--index", "NDVI", "--formula", "log(r860-9)")
    assert done.returncode == 0 and "no pixel has a number for log(r860-9)" in done.stderr


@pytest.mark.parametrize("baseline, added", [("05.10", 1000), ("02.14", 0)])
def test_sentinel_2_is_read_as_reflectance(command, tmp_path, baseline, added):
    """As GDAL translates a product: numbers with 1000 added, and 0 for nodata."""
    stored = np.random.default_rng(0).integers(200, 4000, (2, 8, 9)).astype(np.uint16)
    reflectance = stored / 1e4
    stored += added
    stored[:, 0, :3] = 0
    made = gdal.GetDriverByName("GTiff").Create(str(tmp_path / "s2.tif"), 9, 8, 2, gdal.GDT_UInt16)
    made.SetMetadata({"PROCESSING_BASELINE": baseline})
    for number, nm in ((1, 665), (2, 833)):
        made.GetRasterBand(number).SetMetadata({"WAVELENGTH": str(nm), "WAVELENGTH_UNIT": "nm"})
        made.GetRasterBand(number).WriteArray(stored[number - 1])
    del made
    words = ["--index", "NDVI", "--formula", "r833"]
    done = command("index", tmp_path / "s2.tif", tmp_path / "i.tif", *words)
    assert done.returncode == 0
    assert f"read as reflectance: Sentinel-2 of processing baseline {baseline}" in done.stderr
    found = gdal.Open(str(tmp_path / "i.tif")).ReadAsArray()
    red, infrared = reflectance
    seen = stored[0] > 0
    expected = ((infrared - red) / (infrared + red))[seen]
    np.testing.assert_allclose(found[0][seen], expected, atol=1e-5)
    np.testing.assert_allclose(found[1][seen], infrared[seen], atol=1e-6)
    assert np.isnan(found[0, 0, :3]).all() and np.isnan(found[1, 0, :3]).all() == bool(added)
