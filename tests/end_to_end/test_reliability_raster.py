"""``upsample --reliability``: one band from 0 to 100, by the spread and the training colours."""

import json

import numpy as np
import pytest
from osgeo import gdal
from upsampling import masked_values, read, words

from model_runtime import __main__ as runtime
from model_runtime import tiling
from model_runtime.package import manifest
from model_runtime.report import training_domain

gdal.UseExceptions()


@pytest.fixture
def source(write_raster):
    """Reflectance with a masked corner and, at the bottom, colours beyond the tiny model's."""
    values = masked_values(4000)
    values[:, 30:] += 9000
    return write_raster("a.tif", values, scale=1e-4, nodata=0)


def expected(source, package, mean, spread):
    """Reliability by its definition."""
    rgb = read(source) * 1e-4
    relative = np.sqrt((spread**2).sum(0) / (mean**2).sum(0))
    outside = training_domain.distance(rgb, manifest.read(package).domain)
    assert (outside > 0).any() and (outside == 0).any()
    return 100 * np.maximum(1 - relative, 0) / (1 + outside)


@pytest.mark.parametrize(
    ("package", "close"),
    [
        ("tiny_package", 0.51),
        # Where tiles are blended, so is the reliability, which is not that of the blended spread.
        ("tiny_whole_tile_package", 1.5),
    ],
)
def test_it_is_made_of_spread_and_training_colours(source, package, close, request, tmp_path):
    package, path = request.getfixturevalue(package), tmp_path / "r.tif"
    more = ["--dtype", "float32", "--samples", 5, "--sampler", "ddpm", "--keep-stages", tmp_path]
    more += ["--spread", tmp_path / "s.tif", "--reliability", path, "--draws", tmp_path / "d"]
    more += ["--report", tmp_path / "r.html"]
    assert runtime.main(words(source, package, tmp_path / "o.tif", *more)) == 0
    dataset = gdal.Open(str(path))
    band = dataset.GetRasterBand(1)
    assert (dataset.RasterCount, band.DataType) == (1, gdal.GDT_Byte)
    assert band.GetNoDataValue() == 255 and band.GetDescription() == "Reliability"
    assert dataset.GetGeoTransform() == gdal.Open(str(source)).GetGeoTransform()
    assert dataset.GetMetadataItem("SCDM_CONTENT") == "reliability of the estimate"
    assert dataset.GetMetadataItem("SCDM_RELIABILITY").startswith("100 x (1 - relative spread)")
    found = read(path)
    assert (found[:4, :6] == 255).all() and (found == 255).sum() == 24
    wanted = expected(source, package, read(tmp_path / "o.tif"), read(tmp_path / "s.tif"))
    seen = found != 255
    assert np.abs(found[seen] - wanted[seen]).max() <= close
    assert np.ptp(found[seen]) > 20
    assert read(tmp_path / "d" / "sample_005.tif").shape == (8, 41, 53)
    assert "Reliability: 100 where" in (tmp_path / "r.html").read_text()


def test_it_needs_no_other_output_and_draws_enough(source, tiny_package, tmp_path, capsys):
    plain = ["--reliability", tmp_path / "r.tif", "--events"]
    assert runtime.main(words(source, tiny_package, tmp_path / "o.tif", *plain)) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["samples"], last["reliability"]) == (4, str(tmp_path / "r.tif"))
    asked = ["--samples", 4, "--spread", tmp_path / "s.tif", "--reliability", tmp_path / "q.tif"]
    assert runtime.main(words(source, tiny_package, tmp_path / "p.tif", *asked)) == 0
    np.testing.assert_array_equal(read(tmp_path / "q.tif"), read(tmp_path / "r.tif"))
    np.testing.assert_array_equal(read(tmp_path / "p.tif"), read(tmp_path / "o.tif"))


@pytest.mark.parametrize(
    ("name", "more"),
    [("r.tif", ["--format", "cog"]), ("r.vrt", ["--sheet", "16"]), ("r.tif", ["--tile", "64"])],
)
def test_every_form_and_tile_holds_the_same(
    source, tiny_package, tmp_path, monkeypatch, name, more
):
    monkeypatch.setattr(tiling, "BLOCK_SIDE", 16)
    plain = words(source, tiny_package, tmp_path / "o.tif", "--reliability", tmp_path / "plain.tif")
    assert runtime.main([*plain, "--tile", "24"]) == 0
    output = tmp_path / f"p{name[1:]}"
    asked = words(source, tiny_package, output, "--reliability", tmp_path / name, *more)
    assert runtime.main(asked) == 0
    np.testing.assert_array_equal(read(tmp_path / name), read(tmp_path / "plain.tif"))
    dataset = gdal.Open(str(tmp_path / name))
    band = dataset.GetRasterBand(1)
    assert (band.GetNoDataValue(), band.GetDescription()) == (255, "Reliability")


def test_two_workers_give_the_same(source, tiny_package, command, tmp_path):
    pytest.importorskip("distributed")
    for name, more in (("one", ()), ("two", ("--cluster", "local:2"))):
        asked = words(source, tiny_package, tmp_path / f"{name}.tif", "--threads", 1, *more)
        done = command(*asked, "--reliability", tmp_path / f"r_{name}.tif")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "r_one.tif").read_bytes() == (tmp_path / "r_two.tif").read_bytes()


def test_a_run_that_was_cut_off_goes_on(source, tiny_package, tmp_path, cut_off, capsys):
    cut = words(source, tiny_package, tmp_path / "o.tif", "--tile", 24, "--samples", 4)
    asked = [*cut, "--reliability", str(tmp_path / "r.tif")]
    assert runtime.main(asked) == 4 and (tmp_path / "o.tif.blocks").is_dir()
    made = len(cut_off)
    assert runtime.main(asked) == 0
    again = [*cut, "--overwrite", "--reliability", str(tmp_path / "q.tif")]
    resumed = len(cut_off) - made
    assert runtime.main(again) == 0
    assert resumed < len(cut_off) - made - resumed
    np.testing.assert_array_equal(read(tmp_path / "r.tif"), read(tmp_path / "q.tif"))


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("r.png", (), "must be a GeoTIFF"),
        ("r.vrt", (), "the reliability '"),
        ("o.tif", (), "is also another output"),
        ("a.tif", (), "is also the input"),
        ("r.tif", ("--samples", 1), "--reliability needs --samples of 2 or more"),
    ],
)
def test_what_cannot_be_meant_is_refused(source, tiny_package, tmp_path, capsys, name, more, says):
    asked = words(source, tiny_package, tmp_path / "o.tif", "--reliability", tmp_path / name, *more)
    assert runtime.main(asked) == 2
    assert says in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_it_is_no_input(source, tiny_package, tmp_path, capsys):
    asked = words(source, tiny_package, tmp_path / "o.tif", "--reliability", tmp_path / "r.tif")
    assert runtime.main(asked) == 0
    again = words(tmp_path / "r.tif", tiny_package, tmp_path / "p.tif")
    assert runtime.main(again) == 2
    assert "that this software made (reliability of the estimate)" in capsys.readouterr().err


def test_each_of_many_scenes_has_its_own(write_raster, tiny_package, tmp_path):
    (tmp_path / "in").mkdir()
    values = np.random.default_rng(1).integers(200, 800, (3, 16, 20)).astype(np.uint16)
    write_raster("in/one.tif", values, scale=1e-4)
    asked = words(tmp_path / "in", tiny_package, tmp_path / "out", "--reliability", tmp_path / "r")
    assert runtime.main(asked) == 0
    assert read(tmp_path / "r" / "one.tif").shape == (16, 20)
