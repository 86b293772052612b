"""Radiometry: what is taken for reflectance, what is matched, and that real pictures come close."""

from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
import pytest

from model_runtime import raster, spectral
from model_runtime.errors import InputError
from model_runtime.manifest import Domain, InputBand
from model_runtime.radiometry import Stored, decide

BANDS = (
    InputBand("red", 640, 82),
    InputBand("green", 550, 82),
    InputBand("blue", 465, 70),
)
LEVELS = (0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0)
DOMAIN = Domain(LEVELS, ((0.0, 0.005, 0.03, 0.06, 0.11, 0.35, 0.9),) * 3)


@dataclass(frozen=True)
class Model:
    """The part of a manifest that radiometry looks at."""

    domain: Optional[Domain] = DOMAIN
    input_unit: str = "reflectance"
    input_bands: tuple = BANDS
    name: str = "m"


def values(low, high, count=2000):
    rng = np.random.default_rng(0)
    return rng.uniform(low, high, (3, count)).astype(np.float32)


def eight_bits(low=0, high=255):
    return Stored(np.round(values(low, high)), integer=True, bits=8)


def sixteen_bits(low, high):
    return Stored(np.round(values(low, high)), integer=True, bits=16)


@pytest.mark.parametrize(
    ("stored", "gain"),
    [
        (Stored(values(0, 0.6), False, 32), 1),
        (sixteen_bits(100, 6000), 1e-4),
        (Stored(values(100, 6000), True, 16, (1e-4,) * 3, (0.0,) * 3), 1e-4),
        (Stored(values(7300, 20000), True, 16, (2.75e-5,) * 3, (-0.2,) * 3), 2.75e-5),
        (Stored(values(10, 80), True, 8, (0.01,) * 3, (0.0,) * 3), 0.01),
    ],
)
def test_auto_takes_reflectance_for_reflectance(stored, gain):
    taken = decide("auto", stored, Model())
    assert taken.taken == "reflectance"
    assert taken.gain == pytest.approx((gain,) * 3)


@pytest.mark.parametrize(
    "stored",
    [
        eight_bits(),
        eight_bits(3, 9),
        Stored(np.round(values(0, 255)), False, 32),
        sixteen_bits(0, 65535),
        sixteen_bits(20000, 60000),
        Stored(np.minimum(np.round(values(500, 5000)), 4095), True, 16),
        sixteen_bits(1, 6),
        Stored(values(0, 255), True, 8, (10.0,) * 3, (0.0,) * 3),
    ],
)
def test_auto_matches_what_is_no_reflectance(stored):
    taken = decide("auto", stored, Model())
    assert taken.taken == "match"
    medians = np.median(taken.apply(stored.values), axis=1)
    assert np.mean(medians) == pytest.approx(0.06, rel=0.05)
    assert (taken.apply(stored.values) >= 0).all()


def test_matching_uses_one_gain_and_keeps_colours():
    blue_sea = np.round(values(0, 1) * [[20.0], [60.0], [120.0]])
    taken = decide("match", Stored(blue_sea, True, 8), Model())
    assert len(set(taken.gain)) == 1
    red, green, blue = np.median(taken.apply(blue_sea), axis=1)
    assert blue > 1.5 * green > 3 * red


def test_haze_is_taken_off_each_channel():
    clear = values(0, 100)
    haze = np.array([[10.0], [25.0], [40.0]], np.float32)
    taken = decide("match", Stored(clear + haze, False, 32), Model())
    again = decide("match", Stored(clear, False, 32), Model())
    np.testing.assert_allclose(taken.apply(clear + haze), again.apply(clear), atol=2e-4)


def test_a_constant_picture_is_matched_not_divided_by_zero():
    taken = decide("match", Stored(np.full((3, 10), 90.0), True, 8), Model())
    np.testing.assert_allclose(taken.apply(np.full((3, 1), 90.0)), 0.06)


def test_a_black_picture_is_refused():
    with pytest.raises(InputError, match="black"):
        decide("match", Stored(np.zeros((3, 10)), True, 8), Model())


@pytest.mark.parametrize(
    ("stored", "gain"),
    [
        (eight_bits(), 1 / 255),
        (sixteen_bits(1, 6), 1e-4),
        (sixteen_bits(0, 60000), 1e-4),
        (Stored(values(0, 2.5), False, 32), 1),
        (Stored(values(0, 9000), False, 32), 1e-4),
        (Stored(values(0, 9), True, 8, (0.1,) * 3, (0.0,) * 3), 0.1),
    ],
)
def test_an_explicit_choice_wins(stored, gain):
    taken = decide("reflectance", stored, Model())
    assert taken.taken == "reflectance"
    assert taken.gain == pytest.approx((gain,) * 3)
    assert decide("match", stored, Model()).taken == "match"


def test_numbers_that_cannot_be_reflectance_are_refused_when_told_so():
    with pytest.raises(InputError, match="neither reflectance"):
        decide("reflectance", Stored(values(0, 90), False, 32), Model())


def test_matching_needs_to_know_the_training_data():
    with pytest.raises(InputError, match="choose radiometry reflectance"):
        decide("auto", eight_bits(), Model(domain=None))
    assert decide("auto", sixteen_bits(100, 6000), Model(domain=None)).taken == "reflectance"


def test_values_beyond_the_training_data_are_warned_of():
    bright = Stored(values(3.0, 4.0), False, 32, (1.0,) * 3, (0.0,) * 3)
    assert "red" in decide("reflectance", bright, Model()).warnings[0]
    assert decide("auto", Stored(values(0, 0.6), False, 32), Model()).warnings == ()


def test_a_model_in_other_units_takes_its_own_numbers_as_they_are():
    domain = Domain((0.0, 0.5, 1.0), ((3000.0, 5000.0, 9000.0),) * 3)
    model = replace(Model(), input_unit="counts", domain=domain)
    taken = decide("auto", sixteen_bits(3500, 8000), model)
    assert taken.gain == (1, 1, 1) and taken.offset == (0, 0, 0)
    assert decide("auto", eight_bits(), model).taken == "match"


def _simulated(path):
    cube = raster.read_cube(path)
    centres = np.array([band.wavelength_nm for band in BANDS])
    widths = np.array([band.fwhm_nm for band in BANDS])
    return spectral.apply(
        spectral.response_matrix(cube.wavelength_nm, centres, widths), cube.values
    )


def _curve_undone(value):
    """sRGB's transfer function (IEC 61966-2-1) undone, 0..255 to 0..1."""
    value = value / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def test_real_cameras_come_closer_to_real_spectra_than_by_the_srgb_curve(shared_data):
    """The figures of the module's docstring."""
    medians = (0.060, 0.058, 0.038)  # of the training scenes
    model = Model(Domain((0.0, 0.5, 1.0), tuple((0.0, median, 0.9) for median in medians)))
    plots = sorted(shared_data.glob("*/neon_[mo]*_[0-9]*[0-9].tif"))
    sites = {}
    for plot in plots:
        camera = raster.Picture(shared_data / "pairs" / f"{plot.stem}_camera.tif", None)
        picture, _ = camera.read(camera.whole)
        sites.setdefault(plot.stem[:9], []).append((picture, _simulated(plot)))
    assert len(sites) == 2
    errors, other = [], []
    for pairs in sites.values():
        mosaic = np.concatenate([picture.reshape(3, -1) for picture, _ in pairs], axis=1)
        taken = decide("auto", Stored(mosaic[:, ::13], False, 32), model)
        gain = np.mean(medians) / np.median(_curve_undone(mosaic), axis=1).mean()
        for picture, truth in pairs:
            errors.append(_rmse(taken.apply(picture), truth))
            other.append(_rmse(gain * _curve_undone(picture), truth))
    assert np.mean(errors) < 0.022
    assert np.mean(errors) < np.mean(other)


def _rmse(estimate, truth):
    coarse = estimate.reshape(3, 20, 10, 20, 10).mean(axis=(2, 4))
    return float(np.sqrt(np.nanmean((coarse - truth) ** 2)))
