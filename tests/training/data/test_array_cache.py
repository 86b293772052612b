"""Scenes kept on the model's grid and mapped into memory."""

import os
from dataclasses import replace

import numpy as np
import pytest

from model_runtime.errors import StorageError
from training.config import load
from training.data import dataset, sources
from training.data.patches import Patches

NM = np.linspace(400, 1000, 25)


@pytest.fixture
def config(small_toml, tmp_path):
    """The small settings with cameras and a cache."""
    more = ["data.camera_share=0.5", "data.camera_shift_nm=12.0"]
    return load(small_toml, [*more, f"data.cache={tmp_path / 'cache'}"])


def without_cache(config):
    return replace(config, data=replace(config.data, cache=""))


@pytest.fixture
def unread(monkeypatch):
    """A function after which no raster can be read."""

    def refuse():
        monkeypatch.setattr(dataset, "read_cube", lambda *_, **__: pytest.fail("a raster is read"))

    return refuse


def test_patches_of_cached_scenes_are_those_of_read_ones(config):
    plain, kept = (sources.load(one) for one in (without_cache(config), config))
    for one, other in zip(plain.scenes, kept.scenes):
        assert (one.name, one.sensor) == (other.name, other.sensor)
        assert isinstance(other.cube, np.memmap) and not other.cube.flags.writeable
        assert len(one.cameras) == len(other.cameras) > 0
    for step in range(3):
        drawn = [Patches(s, config, seed=1).batch(step, 8) for s in (plain, kept)]
        for one, other in zip(*drawn):
            np.testing.assert_array_equal(one, other)


def test_what_is_kept_is_not_read_again(config, unread):
    first = dataset.load_scenes(config.data.train, config)
    unread()
    again = dataset.load_scenes(config.data.train, config)
    assert [s.name for s in again] == [s.name for s in first] == ["a1", "a2", "b1"]


@pytest.fixture
def one(config, tmp_path, write_cube):
    """A function that writes a flat scene and loads it by the cache: its first value."""

    def value(level=None, config=config):
        path = tmp_path / "scenes" / "one.tif"
        path.parent.mkdir(exist_ok=True)
        if level is not None:
            write_cube(path, NM, np.full((25, 5, 7), level))
            os.utime(path, ns=(0, int(level * 1e9)))
        (scene,) = dataset.load_scenes([path], config)
        return float(scene.cube[0, 0, 0])

    return value


def test_a_changed_raster_and_other_bands_are_made_again(one, config, tmp_path):
    assert one(0.3) == pytest.approx(0.3, abs=1e-4)
    assert one(0.4) == pytest.approx(0.4, abs=1e-4)
    assert len(list((tmp_path / "cache").iterdir())) == 2
    wider = replace(config, output=replace(config.output, fwhm_nm=(99.0,) * 8))
    one(config=wider)
    assert len(list((tmp_path / "cache").iterdir())) == 3


def test_what_is_damaged_is_made_again(one, tmp_path):
    one(0.3)
    (cube,) = (tmp_path / "cache").rglob("cube.npy")
    cube.write_bytes(cube.read_bytes()[:90])
    assert one() == pytest.approx(0.3, abs=1e-4)
    assert not list((tmp_path / "cache").glob("*.part"))


def test_a_cache_that_cannot_be_written_ends_the_run_and_not_the_scene(one, tmp_path):
    (tmp_path / "cache").touch()
    with pytest.raises(StorageError, match=r"cache cannot be written .* set another data\.cache"):
        one(0.3)


def test_a_cache_is_seen_from_the_settings_file(small_toml, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(small_toml.read_text().replace("[data]", '[data]\ncache = "kept"', 1))
    assert load(path).data.cache == str(tmp_path / "kept")
