"""Scenes on the model's grid and the patches drawn from them, from real GeoTIFFs."""

from dataclasses import replace

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.errors import InputError
from training.config import load
from training.data.dataset import Scene, in_both, load_scenes, scene_shares

NM = np.linspace(400, 1000, 25)
OFFSET = np.float32(0.2)


@pytest.fixture(scope="module")
def config(small_toml):
    return load(small_toml)


@pytest.fixture(scope="module")
def scenes(config):
    return {scene.name: scene for scene in load_scenes(config.data.train, config)}


@pytest.fixture
def scene_from(tmp_path, write_cube, config):
    """A function that writes a cube and loads it as the only scene."""

    def load_one(wavelength_nm, values, **how):
        write_cube(tmp_path / "one.tif", wavelength_nm, values, **how)
        (scene,) = load_scenes([tmp_path], config)
        return scene

    return load_one


def flat(rows=5, cols=7, value=0.3, bands=25):
    return np.full((bands, rows, cols), value)


def test_every_raster_of_the_folders_is_a_scene_in_the_models_units(scenes):
    assert sorted(scenes) == ["a1", "a2", "b1"]
    assert scenes["a1"].rgb.shape == (3, 20, 14)
    assert scenes["a1"].cube.shape == scenes["a1"].seen.shape == (8, 20, 14)
    assert scenes["a1"].seen.all()
    assert scenes["a1"].rgb.dtype == scenes["a1"].cube.dtype == np.float32
    assert scenes["a1"].sensor == scenes["a2"].sensor != scenes["b1"].sensor


def test_a_flat_spectrum_is_flat_on_the_grid(scene_from):
    scene = scene_from(NM, flat())
    np.testing.assert_allclose(scene.rgb, 0.3, rtol=1e-5)
    np.testing.assert_allclose(scene.cube, 0.3, rtol=1e-5)


def test_rgb_is_the_spectrum_through_the_inputs_responses(scene_from):
    """A step at 600 nm: red (640 nm) sees its upper side, green and blue the lower."""
    scene = scene_from(NM, np.where(NM > 600, 0.5, 0.1)[:, None, None] * np.ones((1, 2, 3)))
    red, green, blue = scene.rgb[:, 0, 0]
    assert red > 0.4
    assert green < 0.16
    assert blue == pytest.approx(0.1, abs=1e-3)


def test_bands_that_a_sensor_lacks_are_masked_and_filled_by_their_neighbour(scenes):
    scene = scenes["b1"]  # 455 to 900 nm on a grid of 400, 485.7 ... 914.3, 1000 nm
    assert scene.seen.all((1, 2)).tolist() == [False] + [True] * 6 + [False]
    assert not scene.seen[[0, 7]].any()
    np.testing.assert_array_equal(scene.cube[0], scene.cube[1])
    np.testing.assert_array_equal(scene.cube[7], scene.cube[6])


def test_nodata_is_not_seen_and_takes_the_null_condition(scene_from):
    values = flat()
    values[:, 1, 2] = np.nan
    scene = scene_from(NM, values)
    assert not scene.seen[:, 1, 2].any()
    assert (scene.rgb[:, 1, 2] == OFFSET).all()
    assert (scene.cube[:, 1, 2] == OFFSET).all()
    assert scene.seen.sum() == 8 * (5 * 7 - 1)
    assert np.isfinite(scene.cube).all()


def test_a_pixel_without_one_input_band_is_not_seen(scene_from):
    values = flat()
    values[np.abs(NM - 465) < 60, 3, 3] = np.nan
    scene = scene_from(NM, values)
    assert not scene.seen[:, 3, 3].any()
    assert scene.seen[:, 3, 4].all()


def test_a_pixel_without_far_bands_keeps_the_others(scene_from):
    values = flat()
    values[NM > 800, 3, 3] = np.nan
    scene = scene_from(NM, values)
    assert scene.seen[:4, 3, 3].all()
    assert not scene.seen[6:, 3, 3].any()


def test_other_units_are_left_out(tmp_path, write_cube, config):
    write_cube(tmp_path / "r.tif", NM, flat())
    write_cube(tmp_path / "l.tif", NM, flat(), units="radiance")
    assert [scene.name for scene in load_scenes([tmp_path], config)] == ["r"]


def test_a_scene_that_does_not_say_its_unit_is_judged_by_its_size(tmp_path, write_cube, config):
    write_cube(tmp_path / "small.tif", NM, flat(), units="")
    write_cube(tmp_path / "large.tif", NM, flat(value=4.0), units="")
    assert [scene.name for scene in load_scenes([tmp_path], config)] == ["small"]


def test_only_other_units_are_an_error_that_names_them(tmp_path, write_cube, config):
    write_cube(tmp_path / "l.tif", NM, flat(), units="radiance")
    with pytest.raises(InputError, match="radiance"):
        load_scenes([tmp_path], config)


def test_an_estimate_of_ours_is_nothing_to_learn_from(tmp_path, write_cube, config):
    write_cube(tmp_path / "cube.tif", NM, flat())
    dataset = gdal.Open(str(tmp_path / "cube.tif"), gdal.GA_Update)
    dataset.SetMetadataItem("SCDM_CONTENT", "mean of the samples")
    dataset = None
    with pytest.raises(InputError, match=r"cube\.tif is an estimate that this software made"):
        load_scenes([tmp_path], config)


def test_an_empty_folder_and_a_missing_one_are_errors(tmp_path, config):
    with pytest.raises(InputError, match="found nothing"):
        load_scenes([tmp_path], config)
    with pytest.raises(InputError, match="missing does not exist"):
        load_scenes([tmp_path / "missing"], config)


def test_what_cannot_be_used_is_left_out_and_told(tmp_path, write_cube, config):
    write_cube(tmp_path / "good.tif", NM, flat())
    write_cube(tmp_path / "infrared.tif", np.linspace(1100, 2400, 20), flat(bands=20))
    write_cube(tmp_path / "radiance.tif", NM, flat(), units="radiance")
    (tmp_path / "damaged.tif").write_bytes(b"no raster")
    gdal.GetDriverByName("GTiff").Create(str(tmp_path / "photo.tif"), 5, 5, 3)
    told = []
    scenes = load_scenes([tmp_path], config, tell=told.append)
    assert [scene.name for scene in scenes] == ["good"]
    named = ["damaged", "infrared", "photo", "radiance"]
    assert [line.split(" is left out: ")[0] for line in told] == [
        str(tmp_path / f"{name}.tif") for name in named
    ]
    assert "its unit is radiance, not reflectance" in told[-1]


def test_a_warning_is_a_line_on_stderr(tmp_path, write_cube, config, capsys):
    write_cube(tmp_path / "a.tif", NM, flat())
    (tmp_path / "b.tif").write_bytes(b"no raster")
    load_scenes([tmp_path], config)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {tmp_path / 'b.tif'} is left out: ")


def test_subfolders_are_searched_and_camera_pictures_are_no_scenes(tmp_path, write_cube, config):
    for place in ("a.tif", "site/b.tif", "site/2026/c.tif", "site/b_camera.tif"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        write_cube(tmp_path / place, NM, flat())
    told = []
    scenes = load_scenes([tmp_path], config, tell=told.append)
    assert [scene.name for scene in scenes] == ["a", "c", "b"]
    assert told == []


def test_a_scene_that_is_trained_on_and_held_out_is_told(tmp_path, write_cube):
    for place in ("all/a.tif", "all/val/b.tif"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        write_cube(tmp_path / place, NM, flat())
    (said,) = in_both([tmp_path / "all"], [tmp_path / "all" / "val"])
    assert said.startswith(f"{tmp_path / 'all' / 'val' / 'b.tif'} is trained on and held out")
    assert in_both([tmp_path / "all" / "a.tif"], [tmp_path / "all" / "val"]) == []


def test_a_scene_that_sees_none_of_the_bands_is_named(tmp_path, write_cube, config):
    write_cube(tmp_path / "infrared.tif", np.linspace(1100, 2400, 20), flat(bands=20))
    with pytest.raises(InputError, match="'infrared' has no pixel"):
        load_scenes([tmp_path], config)


def test_band_numbers_take_bands_as_they_are(tmp_path, write_cube, config):
    values = np.arange(25)[:, None, None] / 100 * np.ones((1, 4, 4))
    write_cube(tmp_path / "n.tif", NM, values)
    by_number = replace(
        config,
        input=replace(config.input, band_numbers=(3, 2, 1)),
        output=replace(config.output, band_numbers=tuple(range(18, 26))),
    )
    (scene,) = load_scenes([tmp_path], by_number)
    np.testing.assert_allclose(scene.rgb[:, 0, 0], [0.02, 0.01, 0], atol=1e-6)
    np.testing.assert_allclose(scene.cube[:, 0, 0], np.arange(17, 25) / 100, atol=1e-6)
    beyond = replace(by_number, input=replace(config.input, band_numbers=(1, 2, 26)))
    with pytest.raises(InputError, match="25 bands"):
        load_scenes([tmp_path], beyond)


def aligned_scene(rows=9, cols=13, sensor=(1.0,)):
    """A scene whose RGB is its first three bands, every pixel another value."""
    cube = np.random.default_rng(rows).random((8, rows, cols)).astype(np.float32)
    return Scene("aligned", sensor, cube[:3].copy(), cube, np.ones(cube.shape, bool))


def test_shares_of_sensors_go_by_their_pixels_to_a_power():
    scenes = [
        aligned_scene(3, 10, (1.0,)),
        aligned_scene(6, 10, (1.0,)),
        aligned_scene(1, 10, (2.0,)),
    ]
    by_pixels, even, root = (scene_shares(scenes, power) for power in (1.0, 0.0, 0.5))
    np.testing.assert_allclose(by_pixels, [0.3, 0.6, 0.1])
    np.testing.assert_allclose(even, [1 / 6, 1 / 3, 1 / 2])
    np.testing.assert_allclose(root, [1 / 4, 1 / 2, 1 / 4])


def test_a_scene_is_drawn_by_the_pixels_that_are_seen():
    half = aligned_scene(4, 4)
    half.seen[:, :2] = False
    np.testing.assert_allclose(scene_shares([half, aligned_scene(4, 4)], 1.0), [1 / 3, 2 / 3])
