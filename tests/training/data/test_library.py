"""Spectral libraries on the model's grid."""

import numpy as np
import pytest

from model_runtime.errors import InputError
from training.config import load
from training.data import library, responses


@pytest.fixture(scope="module")
def config(small_toml):
    return load(small_toml)


@pytest.fixture
def write_library(tmp_path):
    """A function that writes a library: (name, nm, spectra (spectra, bands), classes)."""

    def write(name, wavelength_nm, spectra, **more):
        stored = np.where(np.isfinite(spectra), np.round(np.array(spectra) * 10_000), -32768)
        arrays = {"wavelength_nm": wavelength_nm, "reflectance_x10000": stored.astype(np.int16)}
        np.savez(tmp_path / f"{name}.npz", **arrays, **more)
        return tmp_path

    return write


NM = np.linspace(400, 1000, 61)


def flat(*levels, nm=NM):
    return np.array(levels)[:, None] * np.ones(len(nm))


def loaded(folder, config, cameras=()):
    return library.load([str(folder)], config, cameras)


def test_flat_spectra_are_flat_on_the_grid_and_through_every_camera(write_library, config):
    folder = write_library("a", NM, flat(0.2, 0.5), classes=np.array(["x", "y"]))
    cameras = [responses.gaussian("g", (600, 540, 470), (50, 50, 50))]
    found = loaded(folder, config, cameras)
    for values in (found.cube, found.rgb, found.cameras[0]):
        np.testing.assert_allclose(values, np.broadcast_to([0.2, 0.5], values.shape), rtol=1e-3)
    assert found.seen.all()


def test_a_class_is_a_group_and_a_file_without_classes_one(write_library, config):
    write_library("a", NM, flat(0.1, 0.2, 0.3), classes=np.array(["x", "y", "x"]))
    found = loaded(write_library("b", NM, flat(0.4, 0.5)), config)
    assert [numbers.tolist() for numbers in found.groups] == [[0, 2], [1], [3, 4]]
    assert found.shares.sum() == pytest.approx(1)
    assert found.shares[1] < found.shares[0] < 2 * found.shares[1]


def test_subfolders_are_searched(write_library, tmp_path):
    (tmp_path / "more").mkdir()
    for name in ("a", "more/b"):
        write_library(name, NM, flat(0.2))
    found = library.files([str(tmp_path)])
    assert [path.name for path in found] == ["a.npz", "b.npz"]


def test_bands_that_were_not_measured_are_masked_and_filled(write_library, config):
    spectra = flat(0.2, 0.3)
    spectra[0, NM > 800] = np.nan
    found = loaded(write_library("a", NM, spectra), config)
    assert found.seen[:, 0].tolist() == [True] * 4 + [False] * 4
    assert found.seen[:, 1].all()
    np.testing.assert_allclose(found.cube[:, 0], 0.2, rtol=1e-3)


@pytest.mark.parametrize(
    "spectrum",
    [np.full(61, 1.9), np.where(NM < 500, np.nan, 0.3), np.zeros(61)],
    ids=["brighter than anything", "without blue", "black"],
)
def test_a_spectrum_that_is_of_no_use_is_left_out(write_library, config, spectrum):
    found = loaded(write_library("a", NM, [np.full(61, 0.3), spectrum]), config)
    assert found.cube.shape[1] == 1
    assert [numbers.tolist() for numbers in found.groups] in ([[0]], [[0], []])


def test_what_is_not_a_library_is_refused(tmp_path, config):
    (tmp_path / "a.npz").write_bytes(b"nothing")
    with pytest.raises(InputError, match="is not a spectral library"):
        loaded(tmp_path, config)
    (tmp_path / "a.npz").unlink()
    with pytest.raises(InputError, match="no library"):
        loaded(tmp_path, config)


def coloured(red, green, blue, count):
    """``count`` spectra of three levels, up to 510 nm, up to 595 nm and beyond."""
    level = np.select([NM < 510, NM < 595], [blue, green], red)
    return np.repeat(level[None], count, axis=0)


def numbers_kept(folder, config, name):
    found = loaded(folder, config)
    return len(found.groups[[n.endswith(name) for n in found.names].index(True)])


def test_waters_as_green_as_a_dull_meadow_are_a_class_and_greener_ones_left_out(
    write_library, config
):
    spectra = np.concatenate(
        [
            coloured(0.02, 0.09, 0.02, 50),  # strongly green
            coloured(0.05, 0.055, 0.035, 100),  # as green as a dull meadow
            coloured(0.02, 0.04, 0.06, 40),  # blue
            coloured(0.02, 0.09, 0.02, 30),
        ]
    )
    folder = write_library("a", NM, spectra, classes=np.array(["water"] * 190 + ["meadow"] * 30))
    assert numbers_kept(folder, config, "meadow") == 30
    assert numbers_kept(folder, config, "water green water") == 100
    assert numbers_kept(folder, config, "a water") == 40
