"""``upsample --draws``: every sample as a raster, the same in any tiles and by any workers."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from upsampling import float32_words as words
from upsampling import read

from model_runtime import __main__ as runtime
from model_runtime import tiling
from model_runtime.package import embedded, manifest

gdal.UseExceptions()


@pytest.fixture(scope="module")
def shared_noise_package(tmp_path_factory):
    """The embedded model with noise that neighbours share."""
    folder = tmp_path_factory.mktemp("shared_noise") / "model"
    shutil.copytree(embedded.package_folder(None), folder)
    model = manifest.read(folder)
    replace(model, shared_noise=manifest.SharedNoise(0.6, 7)).write(folder)
    return folder


def samples_in(folder):
    return np.stack([read(path) for path in sorted(Path(folder).glob("sample_*"))])


@pytest.mark.parametrize(
    ("package", "close"),
    [
        ("tiny_package", 1e-6),
        # Where tiles are blended, the mean of two deviations is not that of the mean draws.
        ("tiny_whole_tile_package", 1e-3),
    ],
)
def test_each_sample_is_a_cube_and_all_have_mean_and_spread(
    picture, package, close, request, tmp_path
):
    package, draws = request.getfixturevalue(package), tmp_path / "draws"
    more = ["--draws", draws, "--samples", 5, "--spread", tmp_path / "s.tif", "--seed", 7]
    more += ["--report", tmp_path / "r.html", "--sampler", "ddpm"]
    assert runtime.main(words(picture, package, tmp_path / "o.tif", *more)) == 0
    assert sorted(path.name for path in draws.iterdir()) == [
        f"sample_{number:03d}.tif" for number in range(1, 6)
    ]
    mean, third = gdal.Open(str(tmp_path / "o.tif")), gdal.Open(str(draws / "sample_003.tif"))
    assert third.GetGeoTransform() == mean.GetGeoTransform()
    assert third.GetProjection() == mean.GetProjection()
    assert third.GetMetadata("ENVI") == mean.GetMetadata("ENVI")
    said, of_mean = third.GetMetadata(), mean.GetMetadata()
    assert said.pop("SCDM_SAMPLE") == "3" and said.pop("SCDM_CONTENT") == "sample 3 of 5"
    assert said["SCDM_SEED"] == "7"
    of_mean.pop("SCDM_CONTENT")
    assert said == of_mean
    each = samples_in(draws)
    assert np.isnan(each[:, :, :4, :6]).all() and np.isnan(each).sum() == 5 * 8 * 4 * 6
    np.testing.assert_allclose(each.mean(0), read(tmp_path / "o.tif"), atol=1e-6)
    np.testing.assert_allclose(each.std(0, ddof=1), read(tmp_path / "s.tif"), atol=close)


def test_any_tiles_and_two_workers_give_the_same_draws(
    picture, shared_noise_package, command, tmp_path
):
    pytest.importorskip("distributed")
    ways = {
        "small": ["--tile", 96],
        "large": ["--tile", 160],
        "workers": ["--tile", 96, "--cluster", "local:2"],
    }
    found = {}
    for name, more in ways.items():
        asked = words(picture, shared_noise_package, tmp_path / f"{name}.tif", *more)
        done = command(*asked, "--draws", tmp_path / name, "--samples", 3, "--threads", 1)
        assert done.returncode == 0, done.stderr
        found[name] = samples_in(tmp_path / name)
    valid = np.isfinite(found["small"])
    assert valid.sum() == 3 * 48 * (41 * 53 - 4 * 6)
    assert np.abs(found["large"] - found["small"])[valid].max() <= 1e-6
    np.testing.assert_array_equal(found["workers"], found["small"])


def test_sheets_hold_the_same_draws(picture, tiny_package, tmp_path, monkeypatch):
    monkeypatch.setattr(tiling, "BLOCK_SIDE", 16)
    more = ["--tile", "24", "--samples", "3"]
    for end, sheet in (("tif", []), ("vrt", ["--sheet", "16"])):
        asked = words(picture, tiny_package, tmp_path / f"o.{end}", *more, *sheet)
        assert runtime.main([*asked, "--draws", str(tmp_path / end)]) == 0
    assert sorted(path.suffix for path in (tmp_path / "vrt").glob("sample_*.vrt")) == [".vrt"] * 3
    for number in (1, 2, 3):
        name = f"sample_00{number}"
        one, other = (read(tmp_path / end / f"{name}.{end}") for end in ("tif", "vrt"))
        np.testing.assert_array_equal(one, other)


def test_a_run_that_was_cut_off_goes_on_with_its_draws(picture, tiny_package, tmp_path, cut_off):
    cut = words(picture, tiny_package, tmp_path / "o.tif", "--tile", 24, "--draws", tmp_path / "d")
    assert runtime.main(cut) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "o.tif.blocks"]
    assert runtime.main(cut) == 0
    assert runtime.main([*cut, "--overwrite", "--draws", str(tmp_path / "e")]) == 0
    np.testing.assert_array_equal(samples_in(tmp_path / "d"), samples_in(tmp_path / "e"))


def test_blocks_without_draws_do_not_serve_a_run_that_wants_them(
    picture, tiny_package, tmp_path, cut_off, capsys
):
    cut = words(picture, tiny_package, tmp_path / "o.tif", "--tile", 24, "--samples", 4)
    assert runtime.main(cut) == 4
    assert runtime.main([*cut, "--draws", str(tmp_path / "d")]) == 0
    assert "had other settings (draws): its tiles are discarded" in capsys.readouterr().err
    assert len(samples_in(tmp_path / "d")) == 4


def test_enough_samples_are_drawn_unless_told(picture, tiny_package, tmp_path, capsys):
    asked = words(picture, tiny_package, tmp_path / "o.tif", "--draws", tmp_path / "d", "--events")
    assert runtime.main(asked) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["samples"] == 4 == len(samples_in(tmp_path / "d"))
    assert last["draws"] == str(tmp_path / "d")


@pytest.mark.parametrize(
    ("folder", "more", "says"),
    [
        ("no/where", (), "--draws"),
        ("a.tif", (), "is not a folder and cannot be created"),
        ("d", ("--samples", 1), "--draws needs --samples of 2 or more"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    picture, tiny_package, tmp_path, capsys, folder, more, says
):
    asked = words(picture, tiny_package, tmp_path / "o.tif", "--draws", tmp_path / folder, *more)
    assert runtime.main(asked) == 2
    assert says in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_samples_that_exist_are_kept_unless_told(picture, tiny_package, tmp_path, capsys):
    draws = tmp_path / "d"
    draws.mkdir()
    (draws / "sample_002.tif").write_text("mine")
    asked = words(picture, tiny_package, tmp_path / "o.tif", "--draws", draws, "--samples", 2)
    assert runtime.main(asked) == 2
    assert "sample_002.tif' exists" in capsys.readouterr().err
    assert runtime.main([*asked, "--overwrite"]) == 0
    assert len(samples_in(draws)) == 2


def test_samples_of_another_run_are_not_left_beside(picture, tiny_package, tmp_path, capsys):
    draws = tmp_path / "d"
    draws.mkdir()
    (draws / "sample_003.tif").write_text("another run's")
    asked = words(picture, tiny_package, tmp_path / "o.tif", "--draws", draws, "--samples", 2)
    assert runtime.main([*asked, "--overwrite"]) == 2
    assert "holds a sample of another run, sample_003.tif" in capsys.readouterr().err
    assert [path.name for path in draws.iterdir()] == ["sample_003.tif"]


def test_a_sample_is_no_input(picture, tiny_package, tmp_path, capsys):
    asked = words(picture, tiny_package, tmp_path / "o.tif", "--draws", tmp_path / "d")
    assert runtime.main(asked) == 0
    again = words(tmp_path / "d" / "sample_001.tif", tiny_package, tmp_path / "p.tif")
    assert runtime.main(again) == 2
    assert "is an estimate that this software made (sample 1 of 4)" in capsys.readouterr().err


def test_each_of_many_scenes_has_a_folder_of_draws(write_raster, tiny_package, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("one", "two"):
        values = np.random.default_rng(1).integers(200, 800, (3, 16, 20)).astype(np.uint16)
        write_raster(f"in/{name}.tif", values, scale=1e-4)
    asked = words(tmp_path / "in", tiny_package, tmp_path / "out", "--samples", 2)
    assert runtime.main([*asked, "--draws", str(tmp_path / "draws")]) == 0
    assert len(samples_in(tmp_path / "draws" / "one")) == 2
    assert len(samples_in(tmp_path / "draws" / "two")) == 2
