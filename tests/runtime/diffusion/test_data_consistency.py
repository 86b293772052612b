"""Data consistency: what a corrected spectrum keeps, and what it must equal."""

from dataclasses import replace

import numpy as np
import pytest

from model_runtime.diffusion import data_consistency
from model_runtime.errors import PackageError
from model_runtime.package import manifest
from model_runtime.spectra import band_response

NM = np.linspace(400, 1000, 48)
CENTRES, WIDTHS = np.array([640.0, 550.0, 465.0]), np.array([82.0, 82.0, 70.0])
RESPONSES = band_response.response_matrix(NM, CENTRES, WIDTHS)


@pytest.fixture
def model(tiny_package):
    bands = tuple(
        manifest.InputBand(name, nm, width)
        for name, nm, width in zip(("red", "green", "blue"), CENTRES, WIDTHS)
    )
    read = manifest.read(tiny_package)
    return replace(read, input_bands=bands, wavelength_nm=tuple(NM), fwhm_nm=(12.8,) * 48)


def spectra(seed=0):
    return np.random.default_rng(seed).random((48, 3, 4), np.float32)


def seen(cube):
    return band_response.apply(RESPONSES, cube)


def test_a_projected_estimate_shows_exactly_its_input(model):
    rgb = np.random.default_rng(1).random((3, 3, 4), np.float32)
    np.testing.assert_allclose(
        seen(data_consistency.onto_input(model)(spectra(), rgb)), rgb, atol=1e-5
    )


def test_an_estimate_that_agrees_stays_as_it_is(model):
    cube = spectra()
    found = data_consistency.onto_input(model)(cube, seen(cube))
    np.testing.assert_allclose(found, cube, atol=1e-6)


def test_a_second_projection_changes_nothing(model):
    project, rgb = data_consistency.onto_input(model), np.full((3, 3, 4), 0.3, np.float32)
    once = project(spectra(), rgb)
    np.testing.assert_allclose(project(once, rgb), once, atol=1e-5)


def test_the_correction_is_smooth_and_fades_where_rgb_sees_nothing():
    change = data_consistency.correction(RESPONSES) @ np.array(
        [0.0, 0.0, 1.0]
    )  # blue lacks one unit
    assert np.abs(np.diff(change, 2)).max() < 0.2 * np.abs(change).max()
    assert np.abs(change[NM > 850]).max() < 0.05 * np.abs(change).max()


def test_no_other_correction_costs_less():
    lack = np.array([0.2, -0.1, 0.3])
    best = data_consistency.correction(RESPONSES) @ lack

    def cost(change):
        return data_consistency.BEND * (np.diff(change, 2) ** 2).sum() + data_consistency.MOVE * (
            change @ change
        )

    nothing_seen = np.eye(48) - np.linalg.pinv(RESPONSES) @ RESPONSES
    for direction in nothing_seen[::6]:
        for step in (0.01, -0.01):
            assert cost(best + step * direction) > cost(best)


@pytest.mark.parametrize("value", [1, "yes", None, []])
def test_only_true_and_false_say_whether_a_package_is_consistent(tiny_package, value):
    with pytest.raises(PackageError, match="data_consistency"):
        replace(manifest.read(tiny_package), data_consistency=value).write(tiny_package)


def test_different_units_cannot_agree(tiny_package):
    model = replace(manifest.read(tiny_package), input_unit="DN", data_consistency=True)
    with pytest.raises(PackageError, match="data_consistency"):
        model.write(tiny_package)
