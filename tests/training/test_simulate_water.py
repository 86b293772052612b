"""Simulated seas: black in the near infrared, and of colours that vegetation does not have."""

import numpy as np
import pytest

from model_runtime.spectra import resample
from training import simulate_water
from training.config import load
from training.data import library

NM = simulate_water.NM
PLANTS = 0.04 + 0.02 * np.exp(-(((NM - 550) / 40) ** 2)) + 0.45 / (1 + np.exp((715 - NM) / 12))
SPECTRA = {
    "vegetation": PLANTS,
    "npv/litter": 0.1 + 0.4 * (NM - 400) / 600,
    "bare/sand": 0.2 + 0.3 * (NM - 400) / 600,
    "soil": 0.05 + 0.2 * (NM - 400) / 600,
}


@pytest.fixture
def libraries(tmp_path):
    """A folder with a library of one spectrum of each class."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    stored = np.round(np.array(list(SPECTRA.values())) * 10_000).astype(np.int16)
    np.savez(
        folder / "some.npz", wavelength_nm=NM, reflectance_x10000=stored, classes=list(SPECTRA)
    )
    return folder


def water(chlorophyll=1.0, dissolved=0.1, suspended=1.0):
    """(absorption, backscattering) (1, bands)."""
    drawn = (np.array([[value]]) for value in (chlorophyll, dissolved, suspended, 1.0))
    return simulate_water.optical_properties(*drawn)


def reflect(depth, bottom=PLANTS, **matter):
    return simulate_water.reflect(
        *water(**matter), bottom[None], np.array([[depth]]), np.array([[np.radians(40)]])
    )[0]


def rgb(spectra):
    nm, fwhm = simulate_water.RGB_NM, simulate_water.RGB_FWHM_NM
    return resample.resample(np.atleast_2d(spectra).T[:, None], NM, nm, fwhm)[:, 0]


@pytest.mark.parametrize("depth", [1.0, 2.0, 10.0])
def test_seagrass_under_a_metre_of_water_is_black_in_the_infrared_and_green_to_the_eye(depth):
    spectrum = reflect(depth)
    assert spectrum[NM >= 750].max() < 0.02 < 0.4 < PLANTS[NM >= 750].min()
    red, green, _ = rgb(spectrum)
    assert green > 1.3 * red


def test_a_film_of_water_leaves_the_bottom_s_spectrum_less_what_the_surface_keeps_back():
    below = PLANTS / np.pi
    assert np.allclose(reflect(0.0), np.pi * 0.5 * below / (1 - 1.5 * below))


def test_deep_water_is_as_the_formula_for_deep_water_whatever_its_bottom():
    absorption, backscatter = water()
    u = backscatter[0] / (absorption + backscatter)[0]
    below = (0.084 + 0.170 * u) * u
    for depth in (300.0, np.inf):
        for bottom in (PLANTS, np.ones(len(NM))):
            expected = np.pi * 0.5 * below / (1 - 1.5 * below)
            assert np.allclose(reflect(depth, bottom), expected, rtol=1e-6)


def test_matter_absorbs_and_scatters_where_it_does():
    clear, green, yellow, muddy = (
        reflect(np.inf, **matter)
        for matter in ({}, {"chlorophyll": 20.0}, {"dissolved": 2.0}, {"suspended": 20.0})
    )
    at = {nm: int(np.flatnonzero(nm == NM)[0]) for nm in (440, 550, 675, 800)}
    assert green[at[440]] / green[at[550]] < 0.9 * clear[at[440]] / clear[at[550]]
    assert green[at[675]] < clear[at[675]]
    assert yellow[at[440]] < 0.3 * clear[at[440]] and np.isclose(yellow[-1], clear[-1], rtol=0.01)
    assert (muddy[at[550] :] > clear[at[550] :]).all() and muddy[at[800]] > 5 * clear[at[800]]


def test_colours_of_vegetation_are_no_seas(libraries):
    parts = simulate_water.read_parts(libraries)
    spectra, names = simulate_water.simulate(np.random.default_rng(0), parts, 400)
    assert len(spectra) == len(names) == 400
    assert set(names) == {*simulate_water.BOTTOMS, "deep"}
    red, green, blue = rgb(spectra)
    assert (blue >= 1.1 * red).all() and (green <= 1.7 * blue).all()
    assert (green > 1.15 * blue).mean() > 0.3  # and yet many are greener than blue
    meadow = np.array([PLANTS, 0.3 * PLANTS, 0.5 * PLANTS + 0.5 * SPECTRA["soil"]])
    assert not simulate_water.is_sea(meadow).any()


def test_what_the_surface_mirrors_is_alike_in_all_bands(libraries, monkeypatch):
    parts = simulate_water.read_parts(libraries)
    monkeypatch.setattr(simulate_water, "is_sea", lambda spectra: np.ones(len(spectra), bool))
    mirrored = simulate_water.simulate(np.random.default_rng(1), parts, 300)[0]
    monkeypatch.setattr(simulate_water, "GLINT_SHARE", 0.0)
    plain = simulate_water.simulate(np.random.default_rng(1), parts, 300)[0]
    added = mirrored - plain
    assert np.allclose(added, added[:, :1]) and (added >= 0).all()
    assert 0.25 < (added[:, 0] > 0).mean() < 0.55


def test_a_seed_gives_the_same_file_and_another_one_another(libraries, tmp_path):
    def run(folder, seed):
        where = tmp_path / folder
        words = [str(where), "--libraries", str(libraries), "--count", "60", "--seed", str(seed)]
        assert simulate_water.main(words) == 0
        return dict(np.load(where / "shallow_sea.npz", allow_pickle=False))

    one, again, other = run("a", 0), run("b", 0), run("c", 1)
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["reflectance_x10000"], other["reflectance_x10000"])


def test_training_reads_them_whole_and_draws_them_calm(libraries, tmp_path, small_toml):
    simulate_water.main([str(tmp_path / "sea"), "--libraries", str(libraries), "--count", "50"])
    read = library.load([str(tmp_path / "sea")], load(small_toml), [])
    assert read.cube.shape[1] == sum(map(len, read.groups)) == 50
    assert (read.roughness[:, 1] < library.USUAL[1][1]).all()


def test_a_folder_without_sand_is_refused_with_what_is_missing(libraries, tmp_path, capsys):
    file = dict(np.load(libraries / "some.npz"))
    kept = file["classes"] != "bare/sand"
    file.update(reflectance_x10000=file["reflectance_x10000"][kept], classes=file["classes"][kept])
    np.savez(libraries / "some.npz", **file)
    assert simulate_water.main([str(tmp_path / "sea"), "--libraries", str(libraries)]) == 2
    error = capsys.readouterr().err
    assert "bare/sand" in error and "--libraries" in error
