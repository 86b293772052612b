"""Scenes on the model's grid and the patches drawn from them, from real GeoTIFFs."""

from dataclasses import replace

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.errors import InputError
from training.config import load
from training.data.dataset import Patches, Scene, load_scenes, scene_shares

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


@pytest.fixture
def patches(scenes, config):
    """A function that makes patches of the small scenes with settings of the data changed."""

    def make(seed=1, **settings):
        data = replace(config.data, **settings)
        return Patches(list(scenes.values()), replace(config, data=data), seed)

    return make


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other))


def test_a_batch_depends_on_seed_and_step_alone(patches):
    one, other = patches(), patches()
    for step in (3, 4):
        other.batch(step, 2)
    assert same(one.batch(7, 3), other.batch(7, 3))
    assert not same(one.batch(7, 3), one.batch(8, 3))
    assert not same(one.batch(7, 3), patches(seed=2).batch(7, 3))


def test_a_patch_does_not_depend_on_the_batchs_size(patches):
    assert same(patches().batch(7, 2), [part[:2] for part in patches().batch(7, 5)])


def test_a_batchs_patches_have_one_shape_even_from_smaller_scenes(patches):
    rgb, cube, seen = patches(patch=16).batch(0, 20)
    assert rgb.shape == (20, 3, 16, 16)
    assert cube.shape == seen.shape == (20, 8, 16, 16)
    assert (rgb.dtype, cube.dtype, seen.dtype) == (np.float32, np.float32, bool)
    assert np.isfinite(rgb).all()


def aligned_scene(rows=9, cols=13, sensor=(1.0,)):
    """A scene whose RGB is its first three bands, every pixel another value."""
    cube = np.random.default_rng(rows).random((8, rows, cols)).astype(np.float32)
    return Scene("aligned", sensor, cube[:3].copy(), cube, np.ones(cube.shape, bool))


def plain(config, patch=6, **settings):
    """Settings without any augmentation of values, but those that are given."""
    names = ("gain_sigma", "tilt_sigma", "mixture_share", "coarser_share", "input_noise")
    data = replace(config.data, patch=patch, **{**dict.fromkeys(names, 0.0), **settings})
    return replace(config, data=data)


def test_rgb_cube_and_mask_turn_together(config):
    scene = aligned_scene()
    scene.seen[:] = scene.cube[:1] > 0.5
    found = Patches([scene], plain(config), 0).batch(0, 40)
    rgb, cube, seen = found
    np.testing.assert_array_equal(rgb, cube[:, :3])
    np.testing.assert_array_equal(seen, np.broadcast_to(cube[:, :1] > 0.5, seen.shape))


def test_patches_come_from_everywhere_in_all_eight_positions(config):
    scene = aligned_scene(rows=6, cols=6)
    _, cube, _ = Patches([scene], plain(config), 0).batch(0, 80)
    turned = [np.rot90(scene.cube, k, (1, 2)) for k in range(4)]
    eight = {part.tobytes() for t in turned for part in (t.copy(), t[:, ::-1].copy())}
    assert {patch.tobytes() for patch in cube} == eight
    larger = aligned_scene()
    _, cube, _ = Patches([larger], plain(config), 0).batch(1, 300)
    assert set(cube[:, 0].ravel()) == set(larger.cube[0].ravel())


def test_gain_brightens_rgb_and_cube_alike(config):
    scene = aligned_scene()
    scene.cube[:], scene.rgb[:] = 0.4, 0.4
    rgb, cube, _ = Patches([scene], plain(config, gain_sigma=0.2), 0).batch(0, 50)
    np.testing.assert_array_equal(rgb, cube[:, :3])
    gains = cube[:, 0, 0, 0] / 0.4
    assert np.log(gains).std() == pytest.approx(0.2, rel=0.4)
    np.testing.assert_allclose(cube, np.broadcast_to(cube[:, :1, :1, :1], cube.shape))


def test_a_tilt_is_the_same_smooth_curve_for_rgb_and_cube(config):
    scene = aligned_scene()
    scene.cube[:], scene.rgb[:] = 0.4, 0.4
    rgb, cube, _ = Patches([scene], plain(config, tilt_sigma=0.1), 0).batch(0, 40)
    curves = np.log(cube[:, :, 0, 0] / 0.4)
    assert np.abs(curves).max() > 0.05
    input_nm, output_nm = config.input.wavelength_nm, config.output.wavelength_nm
    for curve, seen in zip(curves, np.log(rgb[:, :, 0, 0] / 0.4)):
        parabola = np.polyfit(output_nm, curve, 2)
        np.testing.assert_allclose(np.polyval(parabola, output_nm), curve, atol=1e-6)
        np.testing.assert_allclose(np.polyval(parabola, input_nm), seen, atol=1e-6)


def test_a_coarser_patch_holds_means_of_four_pixels(config):
    scene = aligned_scene(12, 12)
    scene.seen[:, 0, 0] = False
    rgb, cube, seen = Patches([scene], plain(config, coarser_share=1.0), 0).batch(0, 4)
    squares = scene.cube.reshape(8, 6, 2, 6, 2).mean((2, 4))
    np.testing.assert_array_equal(np.sort(cube[0], axis=None), np.sort(squares, axis=None))
    np.testing.assert_array_equal(rgb, cube[:, :3])
    assert seen.shape == cube.shape
    assert (~seen).sum() == 4 * 8


def test_a_scene_too_small_to_be_made_coarser_is_taken_as_it_is(config):
    scene = aligned_scene(6, 13)
    _, cube, _ = Patches([scene], plain(config, coarser_share=1.0), 0).batch(0, 4)
    assert set(cube.ravel()) <= set(scene.cube.ravel())


def test_noise_is_on_the_input_alone(config):
    scene = aligned_scene()
    rgb, cube, _ = Patches([scene], plain(config, input_noise=0.05), 0).batch(0, 50)
    assert (rgb - cube[:, :3]).std() == pytest.approx(0.05, rel=0.1)


def test_a_mixture_is_seen_where_both_are(config):
    half = aligned_scene(6, 6)
    half.seen[:4] = False
    other = replace(half, seen=half.seen[::-1].copy())
    shared = Patches([half, other], plain(config, mixture_share=1.0), 0).batch(0, 30)[2]
    kinds = {tuple(patch.all((1, 2))) for patch in shared}
    assert kinds == {(False,) * 4 + (True,) * 4, (True,) * 4 + (False,) * 4, (False,) * 8}


def test_a_smaller_scene_is_continued_by_its_reflection(config):
    scene = aligned_scene(3, 5)
    _, cube, _ = Patches([scene], plain(config, patch=8), 0).batch(0, 60)
    whole = np.pad(scene.cube, [(0, 0), (0, 5), (0, 3)], mode="symmetric")
    assert any(np.array_equal(patch, whole) for patch in cube)


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


def through_cameras(config, **data):
    plain = {"gain_sigma": 0.0, "mixture_share": 0.0, "input_noise": 0.0, "camera_share": 1.0}
    return replace(config, data=replace(config.data, **plain, **data))


def test_other_cameras_see_a_flat_spectrum_as_it_is(scene_from, config, write_cube, tmp_path):
    write_cube(tmp_path / "flat.tif", NM, flat())
    (scene,) = load_scenes([tmp_path / "flat.tif"], through_cameras(config, camera_shift_nm=20.0))
    np.testing.assert_allclose(scene.cameras, 0.3, rtol=1e-5)


def test_other_cameras_see_an_edge_in_the_spectrum_elsewhere(config, write_cube, tmp_path):
    edge = np.where(NM > 550, 0.5, 0.1)[:, None, None] * np.ones((1, 6, 6))
    write_cube(tmp_path / "edge.tif", NM, edge)
    settings = through_cameras(config, camera_shift_nm=20.0)
    scenes = load_scenes([tmp_path / "edge.tif"], settings)
    greens = {round(float(camera[1, 0, 0]), 3) for camera in scenes[0].cameras}
    assert len(greens) > 3
    rgb, cube, _ = Patches(scenes, settings, seed=1).batch(0, 4)
    assert {round(float(one[1, 0, 0]), 3) for one in rgb} <= greens
    np.testing.assert_allclose(cube[0, :, 0, 0], scenes[0].cube[:, 0, 0], rtol=1e-5)
