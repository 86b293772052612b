"""The quality table on a few small scenes with the real commands: its rows, means and intervals."""

import dataclasses
import json

import numpy as np
import pytest
import quality
import quality_bench
import quality_measures
import quality_methods
import quality_scenes

from model_runtime.errors import InputError
from model_runtime.package import manifest
from model_runtime.raster.cube import Cube, read_cube, write_cube
from model_runtime.raster.georeference import Georeference
from model_runtime.raster.reader import RasterReader
from model_runtime.spectra import radiometry
from model_runtime.spectra.resample import resample
from model_runtime.tiling import Window

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
    """A folder as ../shared/data, with a little of everything."""
    folder = tmp_path_factory.mktemp("data")
    files = ["train/neon_a_1.tif", "train/y.tif", "val/neon_a_2.tif", "val/berlin_b.tif"]
    listed = [{"file": name, "split": name.split("/")[0], "units": "reflectance"} for name in files]
    listed.append({"file": "val/abu.tif", "split": "val", "units": "radiance"})
    (folder / "scenes.json").write_text(json.dumps(listed))
    for seed, name in enumerate(files):
        write_scene(folder / name, seed)
    write_camera(folder / "pairs" / "neon_a_2_camera.tif")
    write_scene(folder / "val_more" / "uav_c.tif", 7)
    unseen = [{"file": "uav_c.tif", "split": "val_more", "units": "reflectance"}]
    (folder / "val_more" / "scenes.json").write_text(json.dumps(unseen))
    for split in ("train", "val"):
        write_library(folder / "libraries" / split)
    write_picture(folder / "rgb" / "field.tif")
    return folder


def write_library(folder):
    """Four soils and two plastics."""
    folder.mkdir(parents=True)
    for name, count in (("earthlib_1", 4), ("knaeps_plastics", 2)):
        slope = np.linspace(1000, 4000, count)[:, None] * (NM - 390) / 620 + 800
        np.savez(
            folder / f"{name}.npz",
            wavelength_nm=NM.astype(np.float32),
            reflectance_x10000=slope.astype(np.int16),
            names=np.array(["x"] * count),
            classes=np.array(["bare/soil"] * count),
        )


def write_picture(path):
    """A picture of 8 bits as users have it, half of it strongly green."""
    from osgeo import gdal

    path.parent.mkdir()
    values = np.random.default_rng(5).integers(60, 120, (3, 45, 60)).astype(np.uint8)
    values[1, :, 30:] += 100
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 60, 45, 3, gdal.GDT_Byte)
    dataset.SetGeoTransform(PLACE)
    dataset.WriteArray(values)


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
    """(JSON content, Markdown) of all tables of one package in two ways and the baselines."""
    folder = tmp_path_factory.mktemp("tables")
    words = ["--model", f"{tiny_package}@fast,ddim:2:3", "--data", data, "--side", "80"]
    words += ["--threads", "1", "--picture", data / "rgb" / "field.tif"]
    words += ["--json", folder / "q.json", "--markdown", folder / "q.md"]
    assert quality.main([str(word) for word in words]) == 0
    return json.loads((folder / "q.json").read_text()), (folder / "q.md").read_text()


BASELINES = ["ridge", "neighbours", "ridge with libraries", "neighbours with libraries"]


def test_every_method_is_judged_on_every_reflectance_scene(made, tiny_package):
    content, _ = made
    methods = [f"{tiny_package.name} {way}" for way in ("fast", "ddim:2:3")] + BASELINES
    assert list(content["scenes"]) == ["neon_a_2", "berlin_b"]
    assert list(content["unseen"]) == ["uav_c"]
    for row in (*content["scenes"].values(), *content["unseen"].values()):
        assert list(row) == methods
    assert list(content["speed"]) == methods
    assert min(content["speed"].values()) > 0
    mean = content["scenes_means"]["mean"]
    ridge, drawn = (mean[name]["sam_degrees"] for name in ("ridge", methods[1]))
    assert ridge < 2 < drawn  # two spectra are told apart by colour; the package is untrained
    assert mean["neighbours"]["sam_degrees"] < 2


def test_only_what_draws_samples_states_an_interval(made, tiny_package):
    content, text = made
    fast, drawn = (f"{tiny_package.name} {way}" for way in ("fast", "ddim:2:3"))
    assert content["scenes_means"]["mean"][fast]["coverage"] is None
    rows = [row[drawn] for row in content["scenes"].values()]
    assert all(row["values"] == 14 * 12 * 8 for row in rows)
    pooled = quality_measures.coverage_of_all(rows)
    assert pooled == pytest.approx(sum(r["inside"] for r in rows) / sum(r["values"] for r in rows))
    assert 0 <= pooled < 0.9
    assert f" | {pooled:.3f} | " in text
    assert content["materials"]["soil and sand"][fast]["coverage"] is None
    assert 0 <= content["materials"]["soil and sand"][drawn]["coverage"] <= 1


def test_every_part_has_a_table_with_all_methods(made):
    content, text = made
    methods = list(content["speed"])
    assert list(content["materials"]) == [
        "soil and sand",
        "plastics",
        "mean without water and plastics",
    ]
    assert list(content["materials"]["plastics"]) == methods
    assert list(content["cameras"]["neon_a_2"]) == [*methods, "site's mean spectrum"]
    assert list(content["cameras_means"]) == ["neon_a"]
    assert list(content["sanity"]["field"]) == methods
    for heading in ("Held-out corners", "Unseen sensors", "Materials", "Camera pictures"):
        assert f"## {heading}\n" in text
    assert "| neon_a | site's mean spectrum | " in text
    assert "| UAV (Headwall) | ridge | " in text


def test_the_markdown_has_as_many_cells_as_its_heads(made):
    _, text = made
    found = [part for part in text.strip().split("\n\n") if not part.startswith("##")]
    assert len(found) == 12
    for table in found:
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert "| Method | RMSE | PSNR dB | SAM° |" in text
    assert "| NEON | ridge | " in text


def test_the_summary_has_the_means_of_all_parts(made):
    content, text = made
    heads, _, *rows = text.split("\n\n")[1].splitlines()
    assert heads.startswith("| Method | held-out corners SAM° | PSNR dB | unseen sensors SAM° |")
    row = next(row for row in rows if row.startswith("| ridge |")).split(" | ")
    expected = [
        content["scenes_means"]["mean"]["ridge"]["sam_degrees"],
        content["scenes_means"]["mean"]["ridge"]["psnr"],
        content["unseen"]["uav_c"]["ridge"]["sam_degrees"],
        content["materials"]["soil and sand"]["ridge"]["sam_degrees"],
        content["cameras"]["neon_a_2"]["ridge"]["sam_degrees"],
    ]
    assert row[1:6] == [f"{value:.2f}" for value in expected]
    assert row[7] == f"{100 * content['sanity']['field']['ridge']['green_as_water']:.2f} %"


def test_parts_are_made_alone(data, tiny_package, tmp_path):
    out = tmp_path / "q.json"
    words = ["--model", tiny_package, "--quality", "fast", "--data", data, "--json", out]
    markdown = tmp_path / "q.md"
    words += ["--markdown", markdown, "--parts", "cameras"]
    assert quality.main([*map(str, words)]) == 0
    assert "| Method | cameras SAM° | NDVI off by |\n" in markdown.read_text()
    assert list(json.loads(out.read_text())) == ["seed", "cameras_means", "cameras"]


def test_the_mean_is_over_groups_not_scenes():
    def row(value):
        return {"best": dict.fromkeys((*quality_measures.MEASURES, "coverage"), float(value))}

    per_scene = {"neon_a": row(1), "neon_b": row(3), "muufl_x": row(8)}
    means = quality_bench.group_means(per_scene)
    assert list(means) == ["NEON", "CASI", quality_bench.MEAN, quality_bench.OVER_SCENES]
    assert means["NEON"]["best"]["rmse"] == 2
    assert means["mean"]["best"]["rmse"] == 5
    assert means[quality_bench.OVER_SCENES]["best"]["rmse"] == pytest.approx(np.std([1, 3, 8]))


def test_the_picture_is_stored_calibrated_as_whole_numbers(data, tmp_path):
    """Gaussian responses of centre and sigma 640/35, 550/35, 465/30 nm, UInt16 x 10,000."""
    scene = data / "val" / "neon_a_2.tif"
    quality_scenes.write_calibrated(scene, tmp_path / "rgb.tif")
    picture, cube = RasterReader(str(tmp_path / "rgb.tif"), None), read_cube(str(scene))
    assert (picture.type_name, picture.scale) == ("UInt16", [1e-4] * 3)
    widths = np.array([35, 35, 30]) * 2 * np.sqrt(2 * np.log(2))
    expected = resample(cube.values, cube.wavelength_nm, np.array([640.0, 550, 465]), widths)
    assert read_cube(str(tmp_path / "rgb.tif")).values == pytest.approx(expected, abs=5.1e-5)
    assert picture.georeference.geotransform == PLACE


def test_dark_pixels_have_no_angle_that_counts():
    truth = np.full((5, 1, 3), 0.3)
    truth[:, 0, 1] = 0.019
    estimate = truth.copy()
    estimate[0, 0, :2] *= 3  # wrong at the first pixel, and at the dark one
    angle = quality_measures.mean_angle(estimate, truth)
    alone = quality_measures.mean_angle(estimate[..., :1], truth[..., :1])
    assert angle == pytest.approx(alone / 2)
    assert np.isnan(quality_measures.mean_angle(estimate[..., 1:2], truth[..., 1:2]))


def test_bands_that_a_sensor_lacks_do_not_darken_a_pixel():
    truth = np.full((8, 1, 1), np.nan)
    truth[:2] = [[[0.03]], [[0.02]]]
    estimate = np.full((8, 1, 1), 0.05)
    assert quality_measures.mean_angle(estimate, truth) > 5


def test_a_true_spread_covers_nine_tenths():
    rng = np.random.default_rng(0)
    spread = rng.uniform(0.5, 2, (8, 100, 100))
    truth = 0.3 + spread * rng.standard_normal(spread.shape)
    mean = np.full_like(truth, 0.3)
    inside, values = quality_measures.count_covered(mean, spread, truth)
    assert inside / values == pytest.approx(0.9, abs=0.005)
    truth[0], spread[1, 0] = np.nan, np.nan
    assert quality_measures.count_covered(mean, spread, truth)[1] == 8 * 10_000 - 10_000 - 100


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
    picture = RasterReader(str(rgb), None)
    matched = quality_methods.read_as(picture, "match", model, picture.whole)
    sample = radiometry.Stored(picture.sample(512), True, 16, picture.scale, picture.offset)
    expected = radiometry.decide("match", sample, model).apply(stored.astype(np.float32))
    np.testing.assert_array_equal(matched[known], expected[known])


def test_a_regression_makes_an_extent_of_the_whole_pictures_values(
    tiny_package, write_raster, tmp_path
):
    model = manifest.read(tiny_package)
    stored = np.random.default_rng(2).integers(10, 250, (3, 30, 40)).astype(np.uint8)
    rgb = write_raster("rgb.tif", stored, transform=PLACE)
    bands = (640.0, 550.0, 465.0), (82.0, 82.0, 70.0), model
    same = quality_methods.Regression("same", lambda values: values, *bands)
    extent = (PLACE[0] + 5, PLACE[3] - 20, PLACE[0] + 12, PLACE[3] - 8)
    same.estimate(rgb, tmp_path / "part.tif", "auto", extent)
    same.estimate(rgb, tmp_path / "whole.tif", "auto")
    part, whole = (read_cube(str(tmp_path / f"{name}.tif")) for name in ("part", "whole"))
    np.testing.assert_array_equal(part.values, whole.values[:, 8:20, 5:12])
    assert part.geotransform[0] == PLACE[0] + 5
    picture = RasterReader(str(rgb), None)
    seen = quality_methods.read_as(picture, "auto", model, Window(8, 5, 12, 7))
    np.testing.assert_array_equal(seen, part.values)


def test_a_model_of_blue_first_gets_the_pictures_blue_first(tiny_package, data, tmp_path):
    model = manifest.read(tiny_package)
    quality_scenes.write_calibrated(data / "val" / "neon_a_2.tif", tmp_path / "rgb.tif")
    for bands, name in ((model.input_bands, "red"), (model.input_bands[::-1], "blue")):
        turned = dataclasses.replace(model, input_bands=bands)
        nm = (640.0, 550.0, 465.0), (82.0, 82.0, 70.0), turned
        same = quality_methods.Regression("same", lambda values: values, *nm)
        same.estimate(tmp_path / "rgb.tif", tmp_path / f"{name}.tif", "reflectance")
    red, blue = (read_cube(str(tmp_path / f"{name}.tif")).values for name in ("red", "blue"))
    np.testing.assert_array_equal(blue, red[::-1])


@pytest.mark.parametrize("way", ["quick", "ddim", "ddim:x", "euler:5", "ddim:5:"])
def test_a_way_that_is_none_is_refused(tiny_package, way):
    with pytest.raises(InputError, match="is neither a quality nor a sampler"):
        quality_methods.package_runs(f"{tiny_package}@{way}", ["fast"], [])


def test_ways_are_those_named_or_else_the_common_ones(tiny_package):
    named = quality_methods.package_runs(f"{tiny_package}@best,ddpm:50:4", ["fast"], [])
    assert [run.samples for run in named] == [2, 4]
    common = quality_methods.package_runs(str(tiny_package), ["fast"], ["--seed", "3"])
    assert [run.words for run in common] == [("--quality", "fast", "--seed", "3")]


def test_a_part_without_data_is_left_out_with_a_warning(data, tiny_package, tmp_path, capsys):
    for name in ("scenes.json", "train", "val"):
        (tmp_path / name).symlink_to(data / name)
    words = ["--model", tiny_package, "--quality", "fast", "--data", tmp_path, "--baselines"]
    words += ["--parts", "unseen", "scenes", "materials", "cameras"]
    assert quality.main([*map(str, words)]) == 0
    shown = capsys.readouterr()
    for part in ("unseen", "materials", "cameras"):
        assert f"warning: {part} is left out: {tmp_path} has no data for it" in shown.err
    assert "scenes is left out" not in shown.err
    assert "## Unseen sensors" not in shown.out and "## Held-out corners" in shown.out


def test_without_data_it_says_so(tmp_path, capsys):
    assert quality.main(["--data", str(tmp_path)]) == 2
    assert "no scenes.json" in capsys.readouterr().err
