"""The quality table on a few small scenes with the real commands: its rows, means and intervals."""

import dataclasses
import json

import numpy as np
import pytest
import quality
import quality_measures
import quality_methods
import quality_scenes

from model_runtime.errors import InputError
from model_runtime.package import manifest
from model_runtime.raster.dataset import Cube, Georeference, Picture, read_cube, write_cube
from model_runtime.spectra import radiometry

NM = np.linspace(390.0, 1010.0, 40)
PLACE = (500000.0, 1.0, 0.0, 4100000.0, 0.0, -1.0)


def write_scene(path, seed, rows=14, cols=12):
    """Mixtures of two spectra, smooth over the pixels."""
    share = np.random.default_rng(seed).uniform(0, 1, (rows, cols)).astype(np.float32)
    soil, leaves = 0.05 + 0.3 * (NM - 390) / 620, 0.04 + 0.4 / (1 + np.exp(-(NM - 715) / 15))
    values = soil[:, None, None] * share + leaves[:, None, None] * (1 - share)
    place = Georeference(PLACE)
    cube = Cube(values.astype(np.float32), NM, np.full(40, 15.0), "reflectance", place)
    path.parent.mkdir(exist_ok=True)
    write_cube(str(path), cube, "float32", {})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder as ../shared/data: two training scenes, two to validate, one camera picture."""
    folder = tmp_path_factory.mktemp("data")
    files = ["train/x.tif", "train/y.tif", "val/neon_a.tif", "val/berlin_b.tif"]
    listed = [{"file": name, "split": name.split("/")[0], "units": "reflectance"} for name in files]
    listed.append({"file": "val/abu.tif", "split": "val", "units": "radiance"})
    (folder / "scenes.json").write_text(json.dumps(listed))
    for seed, name in enumerate(files):
        write_scene(folder / name, seed)
    write_camera(folder / "pairs" / "neon_a_camera.tif")
    return folder


def write_camera(path):
    """A picture of 8 bits at a fifth of the scenes' pixel size."""
    from osgeo import gdal

    path.parent.mkdir()
    values = np.random.default_rng(9).integers(20, 250, (3, 70, 60)).astype(np.uint8)
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 60, 70, 3, gdal.GDT_Byte)
    dataset.SetGeoTransform((PLACE[0], 0.2, 0.0, PLACE[3], 0.0, -0.2))
    for band, plane in enumerate(values, start=1):
        dataset.GetRasterBand(band).WriteArray(plane)


@pytest.fixture(scope="module")
def made(data, tiny_package, tmp_path_factory):
    """(JSON content, Markdown) of a whole table of one package in two ways and the ridge."""
    folder = tmp_path_factory.mktemp("tables")
    words = ["--model", f"{tiny_package}@fast,ddim:2:3", "--data", data, "--side", "80"]
    words += ["--threads", "1", "--json", folder / "q.json", "--markdown", folder / "q.md"]
    assert quality.main([str(word) for word in words]) == 0
    return json.loads((folder / "q.json").read_text()), (folder / "q.md").read_text()


def test_every_method_is_judged_on_every_reflectance_scene(made, tiny_package):
    content, _ = made
    methods = [f"{tiny_package.name} {way}" for way in ("fast", "ddim:2:3")] + ["ridge"]
    assert list(content["scenes"]) == ["neon_a", "berlin_b"]
    for row in content["scenes"].values():
        assert list(row) == methods
    assert list(content["pace"]) == methods
    assert min(content["pace"].values()) > 0
    ridge, drawn = (content["groups"]["mean"][methods[i]]["sam_degrees"] for i in (2, 1))
    assert ridge < 2 < drawn  # two spectra are told apart by colour; the package is untrained


def test_only_what_draws_samples_states_an_interval(made, tiny_package):
    content, _ = made
    fast, drawn = (f"{tiny_package.name} {way}" for way in ("fast", "ddim:2:3"))
    assert content["groups"]["mean"][fast]["coverage"] is None
    assert content["pooled_coverage"]["ridge"] is None
    rows = [row[drawn] for row in content["scenes"].values()]
    assert all(row["values"] == 14 * 12 * 8 for row in rows)
    pooled = sum(row["inside"] for row in rows) / sum(row["values"] for row in rows)
    assert content["pooled_coverage"][drawn] == pytest.approx(pooled)
    assert 0 <= pooled < 0.9


def test_cameras_are_a_group_of_their_own(made):
    content, text = made
    assert list(content["camera"]) == ["neon_a"]
    assert content["camera_means"]["mean"]["ridge"] == pytest.approx(
        {
            name: value
            for name, value in content["camera"]["neon_a"]["ridge"].items()
            if name in quality_measures.MEASURES
        }
        | {"coverage": None}
    )
    assert "| ± over plots | ridge |" in text


def test_the_markdown_has_as_many_cells_as_its_heads(made):
    _, text = made
    for table in text.split("\n\n"):
        assert len({line.count("|") for line in table.strip().splitlines()}) == 1
    assert "| Method | RMSE | PSNR dB | SAM° |" in text
    assert "| neon | ridge | " in text


def test_the_mean_is_over_groups_not_scenes():
    def row(value):
        return {"best": dict.fromkeys((*quality_measures.MEASURES, "coverage"), float(value))}

    means = quality.group_means({"neon_a": row(1), "neon_b": row(3), "muufl_x": row(8)})
    assert list(means) == ["neon", "muufl", quality.MEAN, quality.OVER_SCENES]
    assert means["neon"]["best"]["rmse"] == 2
    assert means["mean"]["best"]["rmse"] == 5
    assert means[quality.OVER_SCENES]["best"]["rmse"] == pytest.approx(np.std([1, 3, 8]))


def test_a_true_spread_covers_nine_tenths():
    rng = np.random.default_rng(0)
    spread = rng.uniform(0.5, 2, (8, 100, 100))
    truth = 0.3 + spread * rng.standard_normal(spread.shape)
    mean = np.full_like(truth, 0.3)
    inside, values = quality_measures.covered(mean, spread, truth)
    assert inside / values == pytest.approx(0.9, abs=0.005)
    truth[0], spread[1, 0] = np.nan, np.nan
    assert quality_measures.covered(mean, spread, truth)[1] == 8 * 10_000 - 10_000 - 100


def test_a_measure_that_a_scene_lacks_does_not_count():
    names = (*quality_measures.MEASURES, "coverage")
    rows = [dict.fromkeys(names, 2.0), {**dict.fromkeys(names, 4.0), "ssim": float("nan")}]
    found = quality_measures.summary(rows)
    assert (found["rmse"], found["ssim"]) == (3, 2)


def test_a_regression_sees_what_a_package_sees(tiny_package, write_raster, tmp_path):
    """The file's scale and mask; matching by the package's own training quantiles."""
    model = manifest.read(tiny_package)
    stored = np.random.default_rng(2).integers(300, 4000, (3, 9, 7)).astype(np.uint16)
    stored[:, 2, 3] = 65535
    rgb = write_raster("rgb.tif", stored, scale=0.0001, nodata=65535)
    bands = (640.0, 550.0, 465.0), (82.0, 82.0, 70.0), model
    same = quality_methods.Regression("same", lambda values: values, *bands)
    same.estimate(rgb, tmp_path / "out.tif", "reflectance")
    found = read_cube(str(tmp_path / "out.tif")).values
    assert np.isnan(found[:, 2, 3]).all()
    known = np.isfinite(found)
    assert found[known] == pytest.approx(stored[known] / 10_000, rel=1e-5)
    picture = Picture(str(rgb), None)
    matched = quality_methods.seen_by(picture, "match", model)
    sample = radiometry.Stored(picture.sample(512), True, 16, picture.scale, picture.offset)
    expected = radiometry.decide("match", sample, model).apply(stored.astype(np.float32))
    np.testing.assert_array_equal(matched[known], expected[known])


def test_a_camera_picture_is_averaged_to_the_scenes_pixels(data, tmp_path):
    from osgeo import gdal

    camera, scene = quality_scenes.camera_pairs(data)[0]
    quality_scenes.on_grid_of(scene, camera, [3, 1, 2], tmp_path / "coarse.tif")
    fine = gdal.Open(str(camera)).ReadAsArray().astype(np.float64)
    coarse = gdal.Open(str(tmp_path / "coarse.tif"))
    expected = fine.reshape(3, 14, 5, 12, 5).mean((2, 4))[[2, 0, 1]]
    assert coarse.ReadAsArray() == pytest.approx(expected, abs=1e-3)
    assert coarse.GetGeoTransform() == PLACE


def test_a_model_of_blue_first_gets_the_cameras_blue_first(tiny_package):
    model = manifest.read(tiny_package)
    assert quality_scenes.camera_bands(model) == [1, 2, 3]
    blue_first = dataclasses.replace(model, input_bands=model.input_bands[::-1])
    assert quality_scenes.camera_bands(blue_first) == [3, 2, 1]


@pytest.mark.parametrize("way", ["quick", "ddim", "ddim:x", "euler:5", "ddim:5:"])
def test_a_way_that_is_none_is_refused(tiny_package, way):
    with pytest.raises(InputError, match="is no quality and no sampler"):
        quality_methods.package_runs(f"{tiny_package}@{way}", ["fast"], [])


def test_ways_are_those_named_or_else_the_common_ones(tiny_package):
    named = quality_methods.package_runs(f"{tiny_package}@best,ddpm:50:4", ["fast"], [])
    assert [run.samples for run in named] == [2, 4]
    common = quality_methods.package_runs(str(tiny_package), ["fast"], ["--seed", "3"])
    assert [run.words for run in common] == [("--quality", "fast", "--seed", "3")]


def test_without_data_it_says_so(tmp_path, capsys):
    assert quality.main(["--data", str(tmp_path)]) == 2
    assert "no scenes.json" in capsys.readouterr().err
