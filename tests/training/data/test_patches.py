"""The patches that training draws: aligned, turned, lit, mixed; by seed and step alone."""

from dataclasses import replace

import numpy as np
import pytest

from training.config import load
from training.data import responses
from training.data.dataset import Scene, load_scenes
from training.data.patches import Patches
from training.data.sources import Sources

NM = np.linspace(400, 1000, 25)


@pytest.fixture(scope="module")
def config(small_toml):
    return load(small_toml)


@pytest.fixture(scope="module")
def scenes(config):
    return {scene.name: scene for scene in load_scenes(config.data.train, config)}


def of_scenes(scenes, config, seed):
    return Patches(Sources(scenes), config, seed)


@pytest.fixture
def patches(scenes, config):
    """A function that makes patches of the small scenes with settings of the data changed."""

    def make(seed=1, **settings):
        data = replace(config.data, **settings)
        return of_scenes(list(scenes.values()), replace(config, data=data), seed)

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
    found = of_scenes([scene], plain(config), 0).batch(0, 40)
    rgb, cube, seen = found
    np.testing.assert_array_equal(rgb, cube[:, :3])
    np.testing.assert_array_equal(seen, np.broadcast_to(cube[:, :1] > 0.5, seen.shape))


def test_patches_come_from_everywhere_in_all_eight_positions(config):
    scene = aligned_scene(rows=6, cols=6)
    _, cube, _ = of_scenes([scene], plain(config), 0).batch(0, 80)
    turned = [np.rot90(scene.cube, k, (1, 2)) for k in range(4)]
    eight = {part.tobytes() for t in turned for part in (t.copy(), t[:, ::-1].copy())}
    assert {patch.tobytes() for patch in cube} == eight
    larger = aligned_scene()
    _, cube, _ = of_scenes([larger], plain(config), 0).batch(1, 300)
    assert set(cube[:, 0].ravel()) == set(larger.cube[0].ravel())


def test_patches_stay_as_they_lie_where_they_are_not_turned(config):
    scene = aligned_scene(rows=6, cols=6)
    rgb, cube, _ = of_scenes([scene], plain(config, turned=False), 0).batch(0, 30)
    np.testing.assert_array_equal(cube, np.broadcast_to(scene.cube, cube.shape))
    np.testing.assert_array_equal(rgb, cube[:, :3])


def test_gain_brightens_rgb_and_cube_alike(config):
    scene = aligned_scene()
    scene.cube[:], scene.rgb[:] = 0.4, 0.4
    rgb, cube, _ = of_scenes([scene], plain(config, gain_sigma=0.2), 0).batch(0, 50)
    np.testing.assert_array_equal(rgb, cube[:, :3])
    gains = cube[:, 0, 0, 0] / 0.4
    assert np.log(gains).std() == pytest.approx(0.2, rel=0.4)
    np.testing.assert_allclose(cube, np.broadcast_to(cube[:, :1, :1, :1], cube.shape))


def test_a_tilt_is_the_same_smooth_curve_for_rgb_and_cube(config):
    scene = aligned_scene()
    scene.cube[:], scene.rgb[:] = 0.4, 0.4
    rgb, cube, _ = of_scenes([scene], plain(config, tilt_sigma=0.1), 0).batch(0, 40)
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
    rgb, cube, seen = of_scenes([scene], plain(config, coarser_share=1.0), 0).batch(0, 4)
    squares = scene.cube.reshape(8, 6, 2, 6, 2).mean((2, 4))
    np.testing.assert_array_equal(np.sort(cube[0], axis=None), np.sort(squares, axis=None))
    np.testing.assert_array_equal(rgb, cube[:, :3])
    assert seen.shape == cube.shape
    assert (~seen).sum() == 4 * 8


def test_a_finer_patch_lies_between_its_pixels(config):
    scene = aligned_scene(12, 12)
    scene.cube[:] = scene.rgb[0] = np.arange(12) / 20
    scene.rgb[:] = scene.cube[:3]
    scene.seen[:, 6:] = False
    settings = plain(config, finer_share=1.0, turned=False)
    rgb, cube, seen = of_scenes([scene], settings, 0).batch(0, 20)
    side = cube.shape[-1]
    steps = np.diff(cube[:, 0, 0], axis=1)
    assert cube.shape[2:] == (side, side) and side == settings.data.patch
    np.testing.assert_allclose(steps[:, 1:-1], 1 / 40, atol=1e-6)
    np.testing.assert_array_equal(rgb, cube[:, :3])
    assert seen.any() and not seen.all()


def test_a_scene_too_small_to_be_made_coarser_is_taken_as_it_is(config):
    scene = aligned_scene(6, 13)
    _, cube, _ = of_scenes([scene], plain(config, coarser_share=1.0), 0).batch(0, 4)
    assert set(cube.ravel()) <= set(scene.cube.ravel())


def test_noise_is_on_the_input_alone_and_mostly_little(config):
    scene = aligned_scene()
    rgb, cube, _ = of_scenes([scene], plain(config, input_noise=0.05), 0).batch(0, 200)
    sigma = (rgb - cube[:, :3]).std((1, 2, 3))
    assert 0.04 < sigma.max() < 0.06 and np.median(sigma) < 0.01


def test_a_mixture_is_seen_where_both_are(config):
    half = aligned_scene(6, 6)
    half.seen[:4] = False
    other = replace(half, seen=half.seen[::-1].copy())
    shared = of_scenes([half, other], plain(config, mixture_share=1.0), 0).batch(0, 30)[2]
    kinds = {tuple(patch.all((1, 2))) for patch in shared}
    assert kinds == {(False,) * 4 + (True,) * 4, (True,) * 4 + (False,) * 4, (False,) * 8}


def test_a_smaller_scene_is_continued_by_its_reflection(config):
    scene = aligned_scene(3, 5)
    _, cube, _ = of_scenes([scene], plain(config, patch=8), 0).batch(0, 60)
    whole = np.pad(scene.cube, [(0, 0), (0, 5), (0, 3)], mode="symmetric")
    assert any(np.array_equal(patch, whole) for patch in cube)


def through_cameras(config, **data):
    plain = {"gain_sigma": 0.0, "mixture_share": 0.0, "input_noise": 0.0, "camera_share": 1.0}
    return replace(config, data=replace(config.data, **plain, **data))


def test_other_cameras_see_a_flat_spectrum_as_it_is(config, write_cube, tmp_path):
    write_cube(tmp_path / "flat.tif", NM, np.full((25, 5, 7), 0.3))
    settings = through_cameras(config, camera_shift_nm=20.0)
    cameras = responses.cameras(settings)
    (scene,) = load_scenes([tmp_path / "flat.tif"], settings, cameras)
    np.testing.assert_allclose(scene.cameras, 0.3, rtol=1e-5)


def test_other_cameras_see_an_edge_in_the_spectrum_elsewhere(config, write_cube, tmp_path):
    edge = np.where(NM > 550, 0.5, 0.1)[:, None, None] * np.ones((1, 6, 6))
    write_cube(tmp_path / "edge.tif", NM, edge)
    settings = through_cameras(config, camera_shift_nm=20.0)
    scenes = load_scenes([tmp_path / "edge.tif"], settings, responses.cameras(settings))
    greens = {round(float(camera[1, 0, 0]), 3) for camera in scenes[0].cameras}
    assert len(greens) > 3
    rgb, cube, _ = of_scenes(scenes, settings, seed=1).batch(0, 4)
    assert {round(float(one[1, 0, 0]), 3) for one in rgb} <= greens
    np.testing.assert_allclose(cube[0, :, 0, 0], scenes[0].cube[:, 0, 0], rtol=1e-5)
