"""Evaluating cubes: same pixels demanded, bands matched, figures as they are."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from model_runtime.commands import evaluate as evaluate_command
from model_runtime.errors import InputError
from model_runtime.spectra import evaluation, metrics

GEOTRANSFORM = (500000.0, 2.0, 0.0, 4000000.0, 0.0, -2.0)
NM = np.linspace(450, 900, 46)


def cube(values=None, nm=NM, fwhm_nm=None, geotransform=GEOTRANSFORM, crs_wkt="PROJCS[a]"):
    if values is None:
        pattern = np.random.default_rng(0).uniform(0.1, 0.5, (1, 12, 17))
        values = (pattern * (nm[:, None, None] / 900)).astype(np.float32)
    return SimpleNamespace(
        values=values, wavelength_nm=nm, fwhm_nm=fwhm_nm, geotransform=geotransform, crs_wkt=crs_wkt
    )


def test_a_cube_against_itself_is_equal():
    result = evaluation.compare(cube(), cube())
    assert result.scores.overall["rmse"] == 0 and result.warnings == []
    assert result.left_out_nm == []


def test_the_reference_is_seen_through_the_estimates_bands():
    fine = np.linspace(440, 910, 471)
    estimate = cube(nm=np.array([500.0, 600, 950]), fwhm_nm=np.array([10.0, 10, 10]))
    result = evaluation.compare(estimate, cube(nm=fine))
    assert result.scores.per_band["rmse"][:2] == pytest.approx([0, 0], abs=1e-5)
    assert result.left_out_nm == [950]
    assert any("1 of 3 bands (950-950 nm)" in message for message in result.warnings)


def test_between_the_bands_of_a_multispectral_reference_nothing_is_compared():
    """A line from red to infrared is not the truth about the red edge."""
    edge = 0.05 + 0.4 / (1 + np.exp((715 - NM) / 12))
    true = np.tile(edge[:, None, None].astype(np.float32), (1, 12, 17))
    nm = np.array([450.0, 490, 560, 660, 840])
    few = cube(true[[int(np.abs(NM - one).argmin()) for one in nm]], nm)
    result = evaluation.compare(cube(true), few)
    seen = np.array([one <= 840 and (one < 490 or np.abs(nm - one).min() <= 15) for one in NM])
    assert result.left_out_nm == NM[~seen].tolist()
    assert result.scores.overall["rmse"] < 0.03
    (said, left_out) = result.warnings
    assert "up to 180 nm apart" in said and "(simulate-sensor)" in said
    assert left_out.startswith("the reference does not see")
    assert evaluation.compare(few, few).warnings == []


@pytest.mark.parametrize("swapped", [False, True])
def test_whole_numbers_beside_reflectance_are_reflectance_x_10000(swapped):
    truth = cube(np.round(cube().values * 10000))
    pair = (truth, cube()) if swapped else (cube(), truth)
    result = evaluation.compare(*pair)
    assert result.scores.overall["rmse"] < 1e-4
    (said,) = result.warnings
    name = "estimate" if swapped else "reference"
    assert said.startswith(f"the {name} holds whole numbers without a band scale")


def test_two_rasters_in_whole_numbers_are_compared_as_they_are():
    numbers = cube(np.round(cube().values * 10000))
    shifted = cube(numbers.values + 100)
    assert evaluation.compare(shifted, numbers).scores.overall["rmse"] == pytest.approx(100)


def test_numbers_beyond_the_peak_are_a_warning():
    """PSNR, SSIM and MRAE of reflectance x 10,000 look like figures and are none."""
    large = [cube(np.full((46, 12, 17), number, np.float32)) for number in (800, 900)]
    (warning,) = evaluation.compare(*large).warnings
    assert "the medians, 800 and 900, lie above the peak of 1" in warning
    assert evaluation.compare(*large, metrics.Constants(peak=10_000)).warnings == []


def test_a_reference_without_a_value_is_refused_and_nothing_else_is_said(recwarn):
    empty = cube(np.full_like(cube().values, np.nan))
    with pytest.raises(InputError, match="no valid value in common"):
        evaluation.compare(cube(), empty)
    assert not recwarn.list


def test_other_sizes_are_refused():
    with pytest.raises(InputError, match=r"12 x 17.*12 x 11"):
        evaluation.compare(cube(), cube(cube().values[:, :, :11]))


@pytest.mark.parametrize(
    "geotransform, shift",
    [
        ((500001.0, 2.0, 0.0, 4000000.0, 0.0, -2.0), 0.5),
        ((500000.0, 2.0, 0.0, 4000004.0, 0.0, -2.0), 2),
        ((500000.0, 2.1, 0.0, 4000000.0, 0.0, -2.0), 17 * 0.05),
        ((500000.0, 2.0, 0.2, 4000000.0, 0.0, -2.0), 12 * 0.1),
    ],
)
def test_the_shift_of_two_grids_is_in_pixels(geotransform, shift):
    assert evaluation.grid_shift_pixels(GEOTRANSFORM, geotransform, (12, 17)) == pytest.approx(
        shift
    )


def test_grids_of_different_places_are_refused():
    moved = cube(geotransform=(500010.0, 2.0, 0.0, 4000000.0, 0.0, -2.0))
    with pytest.raises(InputError, match="5 pixels apart"):
        evaluation.compare(cube(), moved)


@pytest.mark.parametrize(
    "other, message",
    [
        (cube(geotransform=(500000.4, 2.0, 0.0, 4e6, 0.0, -2.0)), "shifted by up to 0.20"),
        (cube(geotransform=None), "only one of the two is georeferenced"),
        (cube(crs_wkt="GEOGCS[b]"), "coordinate reference systems"),
        (cube(cube().values * 10000), "same unit"),
    ],
)
def test_what_may_be_wrong_is_a_warning(other, message):
    assert any(message in warning for warning in evaluation.compare(cube(), other).warnings)


def test_no_common_value_is_refused():
    with pytest.raises(InputError, match="in common"):
        evaluation.compare(cube(), cube(nm=NM + 5000))


def test_json_is_strict_and_complete():
    result = evaluation.compare(cube(nm=NM, values=cube().values * 0), cube())
    data = json.loads(json.dumps(evaluation.as_json(result), allow_nan=False))
    assert data["overall"]["sam_degrees"] is None  # a zero spectrum has no angle
    assert data["overall"]["rmse"] > 0.1 and len(data["per_band"]) == 46
    assert data["per_band"][0]["wavelength_nm"] == 450
    assert data["constants"]["peak"] == 1 and data["counts"]["pixels"] == 12 * 17


def test_text_states_figures_and_constants():
    text = evaluation.as_text(evaluation.compare(cube(), cube(cube().values + np.float32(0.01))))
    assert "RMSE                   0.0100" in text
    assert "PSNR peak 1, MRAE epsilon 0.001" in text and "204 of 204 pixels, 46 bands" in text


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_constants_must_be_positive(value):
    args = SimpleNamespace(peak=value, mrae_epsilon=1, ssim_range=1, ergas_ratio=1)
    with pytest.raises(InputError, match="--peak"):
        evaluate_command._constants(args)
