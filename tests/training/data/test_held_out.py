"""What a model is calibrated by: scenes, materials and camera pictures with their truth."""

import dataclasses

import numpy as np
import pytest

from training.config import load
from training.data import held_out

NM = np.linspace(400, 1000, 61)


@pytest.fixture
def config(small_toml, tmp_path):
    """Settings with a library of two classes below one name, one class beside it, and one scene."""
    levels = np.linspace(0.1, 0.5, 5)
    spectra = levels[:, None] * np.ones(len(NM))
    spectra[4, NM > 800] = np.nan
    stored = np.where(np.isfinite(spectra), np.round(spectra * 10_000), -32768).astype(np.int16)
    classes = np.array(["soil/a", "soil/b", "roof", "roof", "roof"])
    np.savez(tmp_path / "l.npz", wavelength_nm=NM, reflectance_x10000=stored, classes=classes)
    config = load(small_toml)
    data = dataclasses.replace(config.data, validation_libraries=(str(tmp_path),))
    return dataclasses.replace(config, data=data)


@pytest.fixture
def pictures(config):
    return {picture.name: picture for picture in held_out.load(config)}


def test_scenes_and_a_picture_for_each_class_of_materials_are_held_out(pictures):
    groups = {name: picture.group for name, picture in pictures.items()}
    assert groups == {"v": "sensor of v", "l soil": "l soil", "l": "l"}


def test_a_materials_patch_is_one_spectrum_under_uneven_light(pictures):
    picture = pictures["l soil"]
    assert picture.rgb.shape == (3, 24, 24) and picture.cube.shape == (8, 24, 24)
    for row, col in ((0, 0), (12, 0), (0, 12), (12, 12)):
        patch = picture.cube[:, row : row + 12, col : col + 12]
        np.testing.assert_allclose(patch, np.broadcast_to(patch[:1], patch.shape), rtol=1e-3)
        level = patch.mean()
        assert min(abs(level - 0.1), abs(level - 0.2)) < 0.02
        assert 0.001 < patch.std() / level < 0.1
    noise = picture.rgb / picture.cube[:3] - 1
    assert noise.std() == pytest.approx(0.01, rel=0.1)


def test_what_was_not_measured_of_a_material_does_not_count(pictures):
    seen = pictures["l"].seen
    assert seen[0].all() and not seen[-1].all() and seen[-1].any()


def test_means_over_squares():
    values = np.arange(32.0).reshape(2, 4, 4)
    np.testing.assert_array_equal(held_out.pool(values, 1), values)
    np.testing.assert_array_equal(held_out.pool(values, 4)[:, 0, 0], [7.5, 23.5])
