"""Patches composed of spectra, the fields that shape them and the light on them."""

import dataclasses

import numpy as np
import pytest

from training.data import composition, fields, light
from training.data.library import Library

SIDE = 24
NM = np.linspace(400, 1000, 8)


@pytest.fixture(scope="module")
def spectra():
    """Twelve spectra of three classes; a camera sees twice what the input bands do."""
    cube = np.random.default_rng(0).uniform(0.05, 0.6, (8, 12)).astype(np.float32)
    seen = np.ones((8, 12), bool)
    seen[6:, :4] = False
    groups = [np.arange(4), np.arange(4, 8), np.arange(8, 12)]
    rgb = cube[[5, 3, 1]]
    return Library(cube, seen, rgb, [2 * rgb], ["a", "b", "c"], groups, np.full(3, 1 / 3))


def composed(spectra, seed, camera=None):
    return composition.compose(np.random.default_rng(seed), spectra, SIDE, camera)


@pytest.mark.parametrize("seed", range(30))
def test_a_patch_is_seen_through_the_same_pixels_by_input_bands_and_camera(spectra, seed):
    rgb, cube, seen = composed(spectra, seed)
    np.testing.assert_allclose(rgb, cube[[5, 3, 1]], rtol=1e-4)
    assert rgb.shape == (3, SIDE, SIDE) and cube.shape == seen.shape == (8, SIDE, SIDE)
    assert np.isfinite(cube).all() and cube.min() >= 0
    by_camera = composed(spectra, seed, camera=0)
    np.testing.assert_allclose(by_camera[0], 2 * rgb, rtol=1e-5)
    np.testing.assert_array_equal(by_camera[1], cube)


def test_a_pixel_is_a_mixture_of_spectra_times_its_brightness(spectra):
    """So its spectrum lies in the cone of the library's: non-negative weights make it."""
    _, cube, _ = composed(spectra, 3)
    pixels = cube.reshape(8, -1)[:, ::37]
    weights, *_ = np.linalg.lstsq(spectra.cube, pixels, rcond=None)
    np.testing.assert_allclose(spectra.cube @ weights, pixels, atol=1e-4)


def test_bands_count_where_all_of_a_patchs_spectra_have_them(spectra):
    kinds = {tuple(composed(spectra, seed)[2][:, 0, 0]) for seed in range(40)}
    assert kinds == {(True,) * 8, (True,) * 6 + (False,) * 2}


def test_patches_are_of_one_material_of_a_grid_and_of_regions(spectra):
    shapes = [composition._labels(np.random.default_rng(seed), SIDE) for seed in range(60)]
    counts = {len(np.unique(labels)) for labels in shapes}
    assert 1 in counts and counts & set(range(2, 6)) and max(counts) > 5


def test_a_smooth_field_is_of_unit_size_and_varies_less_the_larger_its_cell():
    steps = []
    for cell in (1.0, 3.5, 24.0):
        field = np.stack([fields.smooth(np.random.default_rng(s), SIDE, cell) for s in range(20)])
        np.testing.assert_allclose(field.mean((1, 2)), 0, atol=1e-5)
        np.testing.assert_allclose(field.std((1, 2)), 1, rtol=1e-4)
        steps.append(np.abs(np.diff(field, axis=2)).mean())
    assert steps[0] > 1.5 * steps[1] > 3 * steps[2] > 0


def test_a_soft_mask_lies_between_none_and_all():
    masks = [fields.soft_mask(np.random.default_rng(s), SIDE, 6, 0.3) for s in range(20)]
    assert min(mask.min() for mask in masks) == 0 and max(mask.max() for mask in masks) == 1
    assert any(((mask > 0) & (mask < 1)).any() for mask in masks)


def test_shade_leaves_less_light_and_less_of_it_in_the_infrared():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        of_input, of_output = light.shade(rng, SIDE, NM[[5, 3, 1]], NM)
        assert of_output.min() > 0 and of_output.max() <= 1
        assert (np.diff(of_output, axis=0) <= 1e-6).all()
        np.testing.assert_allclose(of_input, of_output[[5, 3, 1]], rtol=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_farmland_is_crops_over_their_soil(spectra, monkeypatch, seed):
    """No roof is in it: two soils and two crops explain every pixel, of eight bands."""
    monkeypatch.setattr(composition, "FARMLAND_SHARE", 1.0)
    groups = [np.arange(2), np.arange(2, 4), np.arange(4, 12)]
    names = ["bare/soil", "wheat canopy", "roof"]
    _, cube, _ = composed(dataclasses.replace(spectra, names=names, groups=groups), seed)
    pixels, explaining = cube.reshape(8, -1)[:, ::29], spectra.cube[:, :4]
    weights, *_ = np.linalg.lstsq(explaining, pixels, rcond=None)
    np.testing.assert_allclose(explaining @ weights, pixels, atol=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_rangeland_is_one_shrub_and_one_litter_over_one_soil(spectra, monkeypatch, seed):
    """Three spectra explain every pixel, and pixels differ by what covers them."""
    monkeypatch.setattr(composition, "RANGELAND_SHARE", 1.0)
    monkeypatch.setattr(composition, "FARMLAND_SHARE", 0.0)
    names = ["bare/soil", "crowns open", "npv/litter"]
    groups = [np.arange(1), np.arange(1, 2), np.arange(2, 3)]
    of = dataclasses.replace(spectra, names=names, groups=groups)
    pixels = composed(of, seed)[1].reshape(8, -1)
    weights, *_ = np.linalg.lstsq(spectra.cube[:, :3], pixels, rcond=None)
    np.testing.assert_allclose(spectra.cube[:, :3] @ weights, pixels, atol=1e-4)
    assert (weights > -1e-3).all() and (weights / weights.sum(0)).std(1).max() > 0


def test_fields_are_bounded_by_straight_lines():
    for seed in range(20):
        labels = composition._parcels(np.random.default_rng(seed), SIDE)
        for row in labels:  # a line crosses another at most once
            changes = np.count_nonzero(np.diff(row))
            assert changes <= composition.MOST_BOUNDARIES
    assert (
        max(len(np.unique(composition._parcels(np.random.default_rng(s), SIDE))) for s in range(20))
        > 2
    )


def test_water_is_calmer_than_land(spectra):
    water = dataclasses.replace(spectra, names=["sim_water", "water", "owt water"])
    rough = [composed(one, seed)[1] for one in (spectra, water) for seed in range(40)]
    apart = [np.log(cube).std((1, 2)).max() for cube in rough]
    assert np.median(apart[40:]) < np.median(apart[:40])


def grains(library):
    """How much neighbours differ in each of many patches."""
    cubes = (composed(library, seed)[1] for seed in range(40))
    return [np.median(np.abs(np.diff(np.log(cube[0]), axis=1))) for cube in cubes]


def test_plants_are_never_as_even_as_water_but_in_a_grid(spectra, monkeypatch):
    """What tells a pond from a meadow of its colour."""
    monkeypatch.setattr(composition, "GRID", 0.0)
    dull = dataclasses.replace(spectra, rgb=np.full((3, 12), 0.1))
    plants = dataclasses.replace(dull, names=["wheat canopy", "crowns open", "vegetation"])
    uneven = grains(plants)
    even = grains(dataclasses.replace(dull, names=["sim_water", "water", "owt water"]))
    assert min(uneven) > 0.02 and min(even) < 0.005
    assert np.median(even) < 0.6 * np.median(uneven)

    lawns = dataclasses.replace(plants, rgb=np.tile([[0.05], [0.2], [0.05]], 12))
    assert min(grains(lawns)) < 0.005  # no water is as green


def test_waters_never_lie_in_a_grid(spectra, monkeypatch):
    monkeypatch.setattr(composition, "UNIFORM", 0.0)
    monkeypatch.setattr(composition, "GRID", 1.0)
    water = dataclasses.replace(spectra, names=["water", "b", "c"])  # not seen in all bands
    drawn = (composition.compose(np.random.default_rng(s), water, 60, None) for s in range(30))
    assert all(seen.all() for _, _, seen in drawn)
