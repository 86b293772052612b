"""Materials: where the patches lie, how they are lit, and what is judged of them."""

import dataclasses

import numpy as np
import pytest
import quality_materials
from quality_bench import Bench
from quality_materials import PATCH, Material
from quality_methods import Regression

from model_runtime.errors import InputError
from model_runtime.package import manifest
from model_runtime.raster.cube import Cube, read_cube, write_cube

NM = np.linspace(380.0, 1020.0, 65)


def material(spectra=5, seed=0):
    """Straight lines, rising and falling."""
    slope = np.random.default_rng(seed).uniform(-0.2, 0.2, spectra)
    lines = 0.3 + slope[None] * (NM[:, None] - 700) / 300
    return Material("lines", NM, lines.astype(np.float32))


def write_estimate(path, values):
    """``values`` without the outer bands: what a model that sees less than the library makes."""
    inside = slice(5, -5)
    nm = NM[inside]
    cube = Cube(values[inside].astype(np.float32), nm, np.full(len(nm), 12.0), "reflectance")
    write_cube(str(path), cube, "float32", {})


def truth_of(found):
    lit = quality_materials.in_patches(found.reflectance, found.cells)
    return lit * quality_materials.light(*lit.shape[1:])


def test_a_patch_holds_one_spectrum_and_left_over_cells_begin_again():
    found = material(5)
    assert found.cells == (2, 3)
    raster = quality_materials.in_patches(found.reflectance, found.cells)
    assert raster.shape == (65, 2 * PATCH, 3 * PATCH)
    assert (raster[:, PATCH:, PATCH : 2 * PATCH] == found.reflectance[:, 4, None, None]).all()
    assert (raster[:, PATCH:, 2 * PATCH :] == found.reflectance[:, 0, None, None]).all()


def test_the_inner_pixels_are_those_six_by_six():
    number = np.arange(24 * 36, dtype=float).reshape(1, 24, 36)
    cells = quality_materials.inner(number, 5)
    assert cells.shape == (1, 5, 36)
    assert cells[0, 4].tolist() == number[0, 15:21, 15:21].ravel().tolist()


def test_the_light_is_as_defined():
    light = quality_materials.light(30, 40)
    assert light.shape == (30, 40)
    assert light[20, 13] == pytest.approx(1 + 0.08 * np.sin(13 / 9) * np.cos(20 / 7))


def test_the_picture_is_lit_and_has_one_per_cent_of_noise():
    found = Material("grey", NM, np.full((65, 400), 0.4, np.float32))
    picture = quality_materials.picture(found)
    relative = picture / (0.4 * quality_materials.light(*picture.shape[1:])) - 1
    assert relative.mean() == pytest.approx(0, abs=1e-4)
    assert relative.std() == pytest.approx(0.01, rel=0.02)


def test_the_truth_itself_has_no_angle_and_is_covered(tmp_path):
    found = material()
    write_estimate(tmp_path / "truth.tif", truth_of(found))
    write_estimate(tmp_path / "spread.tif", np.zeros_like(truth_of(found)))
    figures = quality_materials.judge(found, tmp_path / "truth.tif", tmp_path / "spread.tif")
    assert figures["sam_degrees"] < 0.01
    assert (figures["coverage"], figures["spectra"]) == (1, 5)


def test_the_rims_of_patches_do_not_count(tmp_path):
    found = material()
    spoilt = truth_of(found)
    rows, cols = (np.arange(side) % PATCH for side in spoilt.shape[1:])
    rim = ((rows < 3) | (rows >= 9))[:, None] | ((cols < 3) | (cols >= 9))
    spoilt[:10, rim] = 5
    write_estimate(tmp_path / "spoilt.tif", spoilt)
    figures = quality_materials.judge(found, tmp_path / "spoilt.tif")
    assert figures["sam_degrees"] < 0.01
    assert np.isnan(figures["coverage"])


def test_an_error_beyond_its_interval_is_not_covered(tmp_path):
    found = material(4)
    off = truth_of(found)
    off[5:16] += 0.02  # a fifth of the bands
    write_estimate(tmp_path / "off.tif", off)
    for spread, coverage in ((0.011, 0.8), (0.0122, 1.0)):
        write_estimate(tmp_path / "spread.tif", np.full_like(off, spread))
        figures = quality_materials.judge(found, tmp_path / "off.tif", tmp_path / "spread.tif")
        assert figures["coverage"] == pytest.approx(coverage)


def write_library(folder, name, classes, nm=NM, spoil=()):
    """Spectra in which nothing is missing but where ``spoil`` says."""
    folder.mkdir(exist_ok=True)
    stored = np.random.default_rng(3).integers(500, 6000, (len(classes), len(nm))).astype(np.int16)
    for place in spoil:
        stored[place] = -32768
    names = np.array([f"n{i}" for i in range(len(classes))])
    np.savez(
        folder / f"{name}.npz",
        wavelength_nm=nm.astype(np.float32),
        reflectance_x10000=stored,
        names=names,
        classes=np.array(classes),
    )
    return stored


def test_classes_come_from_all_libraries_and_keep_their_spectra(tmp_path):
    names = ["bare/soil/measured/x", "built/road/measured/asd", "bare/sand/measured/asd"]
    stored = write_library(tmp_path, "earthlib_1.1.0", names)
    write_library(tmp_path, "knaeps_plastics", ["plastic dry"])
    write_library(tmp_path, "other", ["mud"])
    found = {m.name: m for m in quality_materials.materials(tmp_path)}
    assert set(found) == {
        "soil and sand",
        "roofs and roads (Santa Barbara)",
        "plastics",
        "other: mud",
    }
    soils = {tuple(np.round(s * 1e4)) for s in found["soil and sand"].reflectance.T}
    assert soils == {tuple(stored[0]), tuple(stored[2])}


def test_a_spectrum_that_no_camera_sees_whole_is_left_out(tmp_path):
    green = (0, slice(10, 25))
    write_library(tmp_path, "usgs_splib07", ["usgs", "usgs"], spoil=[green, (1, slice(55, 65))])
    (found,) = quality_materials.materials(tmp_path)
    assert found.reflectance.shape == (65, 1)
    assert np.isnan(found.reflectance[55:, 0]).all()


def test_without_libraries_it_says_so(tmp_path):
    with pytest.raises(InputError, match="holds no library"):
        quality_materials.materials(tmp_path)


def test_methods_see_the_picture_and_the_mean_leaves_water_and_plastics_out(tiny_package, tmp_path):
    model = manifest.read(tiny_package)
    flat = Regression(
        "flat",
        lambda rgb: np.repeat(rgb.mean(0, keepdims=True), 8, 0),
        model.wavelength_nm,
        model.fwhm_nm,
        model,
    )
    grey = Material("grey", NM, np.full((65, 3), 0.2, np.float32))
    water = dataclasses.replace(material(), name="lake water")
    table = quality_materials.on_materials(Bench([flat], tmp_path), [grey, water])
    assert table["grey"]["flat"]["sam_degrees"] < 0.01
    assert table["lake water"]["flat"]["sam_degrees"] > 3
    assert table[quality_materials.MEAN_OF_MOST]["flat"]["sam_degrees"] < 0.01
    seen = read_cube(str(tmp_path / "material_grey.tif"))
    assert seen.values == pytest.approx(quality_materials.picture(grey), abs=6e-5)
