"""Camera pictures with the spectra of the same ground, from real files."""

import dataclasses

import numpy as np
import pytest
import torch
from osgeo import gdal

from model_runtime.errors import InputError
from model_runtime.spectra.transfer_curve import picture_reflectance
from training.config import load
from training.data import camera_pairs, sources
from training.data.patches import Patches
from training.loop.stage_trainer import StageTrainer

POOL = 4


@pytest.fixture
def config(small_toml, small_scenes, tmp_path):
    """Settings with a picture of scene a1 (20 x 14), whose pixels are a quarter of the scene's."""
    values = np.random.default_rng(0).integers(0, 256, (3, 20 * POOL, 14 * POOL)).astype(np.uint8)
    picture = gdal.GetDriverByName("GTiff").Create(
        str(tmp_path / "a1_camera.tif"), 14 * POOL, 20 * POOL, 3, gdal.GDT_Byte
    )
    picture.WriteArray(values)
    picture = None
    config = load(small_toml)
    data = dataclasses.replace(config.data, pairs=(str(tmp_path),), pair_every=3, pair_patch=16)
    return dataclasses.replace(config, data=data)


def values_of(config):
    return gdal.Open(f"{config.data.pairs[0]}/a1_camera.tif").ReadAsArray()


def test_a_picture_is_taken_to_reflectance_as_the_runtime_does(config):
    (pair,) = sources.load(config).pairs
    assert (pair.pool, pair.scene.name) == (POOL, "a1")
    np.testing.assert_array_equal(pair.picture, picture_reflectance(values_of(config)))


def test_a_picture_in_a_subfolder_is_found(config, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "a1_camera.tif").rename(tmp_path / "site" / "a1_camera.tif")
    (pair,) = sources.load(config).pairs
    assert pair.scene.name == "a1"


def test_a_crops_spectra_are_of_the_pictures_ground(config):
    (pair,) = sources.load(config).pairs
    for seed in range(20):
        picture, cube, seen = camera_pairs.crop(np.random.default_rng(seed), pair, 16)
        assert picture.shape == (3, 16, 16) and cube.shape == seen.shape == (8, 4, 4)
        corners = np.argwhere(pair.picture[0] == picture[0, 0, 0])
        places = [tuple(c // POOL) for c in corners if not (c % POOL).any()]
        assert any(
            np.array_equal(pair.scene.cube[:, r : r + 4, c : c + 4], cube) for r, c in places
        )


def test_a_picture_of_another_size_is_refused(config, tmp_path, write_cube):
    write_cube(tmp_path / "a1_camera.tif", [1, 2, 3], np.full((3, 30, 30), 0.1))
    with pytest.raises(InputError, match="30, 30"):
        sources.load(config)


def test_pictures_of_no_scene_are_left_out(config, tmp_path):
    (tmp_path / "a1_camera.tif").rename(tmp_path / "other_camera.tif")
    assert sources.load(config).pairs == []


def test_every_third_step_of_the_first_stage_learns_from_pictures(config):
    patches = Patches(sources.load(config), config, 0)
    assert [patches.is_of_pictures(step) for step in range(6)] == [False, False, True] * 2
    trainer = StageTrainer(config, 0, patches, [])
    for step in (1, 2):
        trainer.step = step
        batch = trainer._batch()
        assert batch.pooled == (step == 2)
        loss = trainer._loss(batch)
        assert torch.isfinite(loss)
    assert batch.x0.shape == (4, 2, 4, 4) and batch.condition.shape == (4, 3, 16, 16)


def test_the_loss_of_pictures_sees_means_alone(config):
    """A change of the estimate that leaves the means of 4 x 4 pixels does not change the loss."""
    from training.loop.diffusion import Terms, TorchDiffusion, pooled_loss

    d = TorchDiffusion(np.linspace(0.1, 0.9, 20))
    x0, condition = torch.rand(2, 3, 2, 2), torch.rand(2, 3, 8, 8)
    seen, noise = torch.ones(2, 3, 2, 2, dtype=torch.bool), torch.randn(2, 3, 8, 8)
    ripple = torch.tensor([1.0, -1.0]).repeat(4)
    terms, t = Terms("x0", "l1", 1.0, 0.5), torch.tensor([19, 19])
    losses = [
        pooled_loss(
            lambda x, c, t, k=k: c + k * ripple, d, terms, x0, condition, noise, t, seen
        ).total
        for k in (0, 3)
    ]
    torch.testing.assert_close(losses[0], losses[1])
    pooled = torch.nn.functional.avg_pool2d(condition, 4)
    assert losses[0] > (pooled - x0).abs().mean() > 0


def test_at_other_timesteps_what_is_noised_has_the_means_of_the_truth(config):
    """So the steps of several-step sampling learn from pictures, too."""
    from training.loop.diffusion import Terms, TorchDiffusion, pooled_loss

    d = TorchDiffusion(np.linspace(0.01, 0.9, 20))
    x0, condition = torch.rand(2, 3, 2, 2), torch.rand(2, 3, 8, 8)
    seen, noise = torch.ones(2, 3, 2, 2, dtype=torch.bool), torch.zeros(2, 3, 8, 8)
    met = []

    def look(x, c, t):
        met.append((x, t))
        return c

    t = torch.tensor([19, 4])
    pooled_loss(look, d, Terms("x0", "l1", 0.0), x0, condition, noise, t, seen)
    (_, first), (x_t, second) = met
    assert first.tolist() == [19, 19] and second.tolist() == [19, 4]
    fine = x_t / d.signal(t)
    torch.testing.assert_close(torch.nn.functional.avg_pool2d(fine, 4), x0)
    texture = condition - torch.nn.functional.interpolate(
        torch.nn.functional.avg_pool2d(condition, 4), scale_factor=4
    )
    torch.testing.assert_close(fine, texture + x0.repeat_interleave(4, 2).repeat_interleave(4, 3))
