"""Radiometry: what is taken for reflectance, what is matched, and that real pictures come close."""

from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
import pytest

from model_runtime.errors import InputError
from model_runtime.package.manifest import Domain, InputBand
from model_runtime.raster.cube import read_cube
from model_runtime.raster.reader import RasterReader
from model_runtime.spectra import band_response
from model_runtime.spectra.known_calibration import FileFacts
from model_runtime.spectra.radiometry import Stored, decide
from model_runtime.spectra.transfer_curve import PICTURE, picture_reflectance

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
        (Stored(np.round(values(100, 6000)), False, 32), 1e-4),
        (Stored(values(100, 6000), False, 32), 1e-4),  # resampled
        (Stored(values(100, 6000), True, 16, (1e-4,) * 3, (0.0,) * 3), 1e-4),
        (Stored(values(100, 6000), True, 16, (1e4,) * 3, (0.0,) * 3), 1e-4),  # MODIS in HDF4
        (Stored(values(7300, 20000), True, 16, (2.75e-5,) * 3, (-0.2,) * 3), 2.75e-5),
        (Stored(values(10, 80), True, 8, (0.01,) * 3, (0.0,) * 3), 0.01),
    ],
)
def test_auto_takes_reflectance_for_reflectance(stored, gain):
    taken = decide("auto", stored, Model())
    assert taken.taken == "reflectance"
    assert taken.gain == pytest.approx((gain,) * 3)


PICTURES = [
    eight_bits(),
    Stored(np.round(values(0, 255)), False, 32),
    Stored(np.round(values(0, 255)), True, 16),
    Stored((np.round(values(0, 255)) / 255).astype(np.float32), False, 32),
]


@pytest.mark.parametrize("stored", PICTURES)
def test_an_8_bit_picture_in_any_type_takes_the_fixed_curve(stored):
    taken = decide("auto", stored, Model())
    assert (taken.taken, taken.curve) == ("match", PICTURE)
    shares = stored.values / stored.values.max()
    eight = np.round(shares * 255)
    np.testing.assert_allclose(taken.apply(stored.values), picture_reflectance(eight), rtol=1e-5)


def test_a_picture_and_its_crop_are_matched_alike():
    whole = np.round(values(60, 240))
    crop = whole[:, whole[0] > 150]
    taken, of_crop = (decide("auto", Stored(part, True, 8), Model()) for part in (whole, crop))
    assert taken == of_crop


def test_whites_stay_neutral_and_no_shadow_becomes_zero():
    hazy = np.round(values(0, 255))
    hazy[2] = 80 + hazy[2] * 175 / 255
    taken = decide("auto", Stored(np.round(hazy), True, 8), Model())
    greys = taken.apply(np.full((3, 256), 1.0) * np.arange(256))
    assert (greys.max(axis=0) == greys.min(axis=0)).all()
    assert greys.min() == pytest.approx(0.001)
    assert (np.diff(greys[0]) > 0).all()


def test_a_dark_picture_is_brightened_to_the_darkest_forest():
    dark = np.round(values(10, 60))
    taken = decide("auto", Stored(dark, True, 8), Model())
    median = np.median(taken.apply(dark), axis=1).mean()
    assert median == pytest.approx(0.025, rel=0.05)
    assert "white taken as reflectance" in taken.why


def test_srgb_is_undone_where_it_is_said():
    stored = np.round(values(60, 250))
    by_file = decide("auto", replace(eight_bits(60, 250), facts=FileFacts(srgb=True)), Model())
    by_user = decide("srgb", Stored(stored, True, 8), Model())
    assert by_file.gain == by_user.gain == (0.126,) * 3
    expected = 0.126 * _curve_undone(stored)
    np.testing.assert_allclose(by_user.apply(stored), expected, atol=2e-4)
    full = decide("srgb", Stored(stored * 257, True, 16), Model())
    np.testing.assert_allclose(full.apply(stored * 257), by_user.apply(stored), rtol=1e-4)


@pytest.mark.parametrize(
    "stored",
    [
        sixteen_bits(0, 65535),
        sixteen_bits(20000, 60000),
        Stored(np.minimum(np.round(values(500, 5000)), 4095), True, 16),
        Stored(values(0, 255), True, 8, (10.0,) * 3, (0.0,) * 3),
    ],
)
def test_auto_matches_counts_by_their_statistics(stored):
    taken = decide("auto", stored, Model())
    assert taken.taken == "match" and taken.curve is None
    medians = np.median(taken.apply(stored.values), axis=1)
    assert np.mean(medians) == pytest.approx(0.06, rel=0.05)
    assert (taken.apply(stored.values) > 0).all()


def test_matching_uses_one_gain_and_keeps_colours():
    blue_sea = np.round(values(0, 1) * [[2000.0], [6000.0], [12000.0]])
    taken = decide("match", Stored(blue_sea, True, 16), Model())
    assert len(set(taken.gain)) == 1
    red, green, blue = np.median(taken.apply(blue_sea), axis=1)
    assert blue > 1.5 * green > 3 * red


def test_a_mosaics_statistics_stand_for_its_part():
    mosaic = sixteen_bits(300, 40000)
    part = Stored(mosaic.values[:, mosaic.values[0] > 30000], True, 16)
    taken = decide("match", part, Model(), reference=mosaic)
    of_mosaic = decide("match", mosaic, Model())
    assert (taken.gain, taken.offset) == (of_mosaic.gain, of_mosaic.offset)
    assert "--radiometry-from" in taken.why


@pytest.mark.parametrize("stored", [eight_bits(), sixteen_bits(300, 40000)])
def test_a_reflectance_reference_gives_each_band_its_median(stored):
    reflectance = (values(0.1, 0.3) * [[1.0], [0.5], [0.25]] * 1e4).astype(np.float32)
    reference = Stored(reflectance, True, 16, (1e-4,) * 3, (0.0,) * 3)
    taken = decide("auto", stored, Model(), reference)
    medians = np.median(taken.apply(stored.values), axis=1)
    np.testing.assert_allclose(medians, [0.2, 0.1, 0.05], rtol=0.03)


def test_a_reference_that_cannot_be_one_is_refused():
    with pytest.raises(InputError, match="different kinds"):
        decide("match", eight_bits(), Model(), sixteen_bits(300, 40000))
    with pytest.raises(InputError, match="is reflectance"):
        decide("reflectance", eight_bits(), Model(), eight_bits())


def test_haze_is_taken_off_each_channel():
    clear = values(0, 100)
    haze = np.array([[10.0], [25.0], [40.0]], np.float32)
    taken = decide("match", Stored(clear + haze, False, 32), Model())
    again = decide("match", Stored(clear, False, 32), Model())
    np.testing.assert_allclose(taken.apply(clear + haze), again.apply(clear), atol=3e-4)


def test_a_constant_picture_is_matched_not_divided_by_zero():
    taken = decide("match", Stored(np.full((3, 10), 900.0), True, 16), Model())
    np.testing.assert_allclose(taken.apply(np.full((3, 1), 900.0)), 0.06, rtol=1e-3)


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
        decide("auto", sixteen_bits(0, 65535), Model(domain=None))
    assert decide("auto", sixteen_bits(100, 6000), Model(domain=None)).taken == "reflectance"


SCALED = ((1e-4,) * 3, (0.0,) * 3)


def test_more_than_a_tenth_beyond_the_training_colours_is_warned_of():
    usual = values(100, 3000)
    few, many = usual.copy(), usual.copy()
    few[0, :150], many[0, :300] = 9_500, 9_500  # of 2000
    warnings = [decide("auto", Stored(v, True, 16, *SCALED), Model()).warnings for v in (few, many)]
    assert warnings[0] == ()
    assert warnings[1][0].startswith("15 % of the pixels lie outside the colours of the training")
    assert "red" in warnings[1][0] and "(--reliability shows where)" in warnings[1][0]


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        (sixteen_bits(100, 6000), "choose radiometry match"),
        (sixteen_bits(100, 3800), "12-bit counts of a sensor, choose radiometry match"),
        (sixteen_bits(100, 1900), "11-bit counts of a sensor, choose radiometry match"),
        (sixteen_bits(1800, 6000), "Sentinel-2 from 2022 on, subtract its offset: gdal_edit"),
        (Stored(values(0, 0.6), False, 32), "choose radiometry srgb"),
        (sixteen_bits(0, 65535), "give the bands their scale"),
        (sixteen_bits(20000, 60000), "give the bands their scale"),
    ],
)
def test_what_is_decided_by_range_alone_is_told_with_the_alternative(stored, says):
    warnings = decide("auto", stored, Model()).warnings
    assert "by their range alone" in warnings[0] and says in warnings[0]
    for choice in ("match", "reflectance"):
        said = decide(choice, stored, Model()).warnings
        assert not any("range alone" in warning for warning in said)


@pytest.mark.parametrize(
    "stored",
    [
        eight_bits(),
        Stored(values(100, 3000), True, 16, *SCALED),
        replace(sixteen_bits(100, 3000), facts=FileFacts(unit="Reflectance")),
        replace(sixteen_bits(1100, 4000), facts=FileFacts(tags={"PROCESSING_BASELINE": "04.00"})),
    ],
)
def test_what_the_file_says_is_no_guess(stored):
    warnings = decide("auto", stored, Model()).warnings
    assert not any("range alone" in warning for warning in warnings)


def test_sentinel_2s_offset_is_taken_off_where_the_file_says_so():
    name = "/d/S2A_MSIL2A_20230614T101031_N0509_R022_T32TQM_20230614T180000.SAFE/B04.tif"
    stored = replace(sixteen_bits(1100, 4000), facts=FileFacts(files=(name,)))
    for choice in ("auto", "reflectance"):
        taken = decide(choice, stored, Model())
        assert taken.taken == "reflectance"
        np.testing.assert_allclose(taken.apply(np.full((3, 1), 1500.0)), 0.05, rtol=1e-5)
    assert "1000 is added" in decide("auto", stored, Model()).why


def with_nodata(stored, share):
    """``stored`` with zeros in all bands of the first ``share`` of the pixels."""
    made = stored.values.copy()
    made[:, : int(share * made.shape[1])] = 0
    return replace(stored, values=made)


@pytest.mark.parametrize(
    "stored",
    [
        sixteen_bits(1080, 3000),
        with_nodata(sixteen_bits(1080, 3000), 0.6),
        replace(sixteen_bits(1080, 3000), integer=False, bits=32),
        Stored(values(1080, 3000), False, 32),  # resampled
    ],
)
def test_sentinel_2s_offset_is_taken_off_where_values_give_it_away(stored):
    taken = decide("auto", stored, Model())
    np.testing.assert_allclose(taken.apply(np.full((3, 1), 1500.0)), 0.05, rtol=1e-5)
    assert taken.zero_is_nodata
    assert "choose radiometry reflectance" in taken.warnings[0]
    told = decide("reflectance", stored, Model())
    np.testing.assert_allclose(told.apply(np.full((3, 1), 1500.0)), 0.15, rtol=1e-5)
    assert "gdal_edit.py -scale 0.0001 -offset -0.1" in told.warnings[0]


@pytest.mark.parametrize(
    "stored",
    [
        sixteen_bits(1800, 6000),  # bright, with an offset or without
        sixteen_bits(900, 3000),
        replace(sixteen_bits(1080, 3000), values=np.minimum(values(1080, 9000), 4095).round()),
        replace(sixteen_bits(1080, 3000), facts=FileFacts(used_bits=12)),
        replace(sixteen_bits(1080, 3000), facts=FileFacts(unit="reflectance")),
        replace(sixteen_bits(1080, 3000), facts=FileFacts(tags={"PROCESSING_BASELINE": "03.01"})),
        Stored(values(1080, 3000), True, 16, *((1e-4,) * 3, (0.0,) * 3)),
    ],
)
def test_no_offset_is_seen_where_there_is_hardly_one(stored):
    taken = decide("auto", stored, Model())
    assert not taken.zero_is_nodata
    assert not any("1000 is subtracted" in warning for warning in taken.warnings)


def test_a_reference_with_sentinel_2s_offset_gives_its_medians_without_it():
    plain, added = values(80, 2000).round(), values(80, 2000).round() + 1000
    given = replace(sixteen_bits(0, 1), values=plain, scale=(1e-4,) * 3, offset=(0.0,) * 3)
    known = decide("auto", eight_bits(), Model(), given)
    found = decide("auto", eight_bits(), Model(), replace(sixteen_bits(0, 1), values=added))
    np.testing.assert_allclose(found.gain, known.gain, rtol=1e-5)


@pytest.mark.parametrize("factor", [257, 256])
def test_a_picture_of_eight_bits_in_sixteen_is_read_as_in_eight(factor):
    eight = eight_bits()
    sixteen = replace(eight, values=eight.values * factor, bits=16)
    taken, known = (decide("auto", stored, Model()) for stored in (sixteen, eight))
    assert "8-bit picture in 16 bits" in taken.why and taken.warnings == known.warnings
    np.testing.assert_allclose(
        taken.apply(sixteen.values), known.apply(eight.values), rtol=1e-5, atol=1e-7
    )


def test_a_resampled_picture_is_one_where_its_bands_are_marked_as_colours():
    resampled = Stored(values(0, 250), False, 32, facts=FileFacts(shown=True))
    assert decide("auto", resampled, Model()).curve == PICTURE
    assert decide("auto", replace(resampled, facts=FileFacts()), Model()).curve is None
    percent = replace(resampled, values=values(0, 90))
    assert decide("auto", percent, Model()).curve is None


def test_numbers_of_twelve_bits_are_counts_where_the_file_says_so():
    stored = replace(sixteen_bits(100, 3800), facts=FileFacts(used_bits=12))
    taken = decide("auto", stored, Model())
    assert taken.taken == "match" and "12 bits" in taken.why


def test_fractions_that_end_at_one_are_a_picture():
    stored = Stored(np.minimum(values(0, 1.2), 1).astype(np.float32), False, 32)
    taken = decide("auto", stored, Model())
    assert taken.taken == "match" and taken.curve == PICTURE


def test_a_model_in_other_units_takes_its_own_numbers_as_they_are():
    domain = Domain((0.0, 0.5, 1.0), ((3000.0, 5000.0, 9000.0),) * 3)
    model = replace(Model(), input_unit="counts", domain=domain)
    taken = decide("auto", sixteen_bits(3500, 8000), model)
    assert taken.gain == (1, 1, 1) and taken.offset == (0, 0, 0)
    assert decide("auto", eight_bits(), model).taken == "match"


def _simulated(path):
    cube = read_cube(path)
    centres = np.array([band.wavelength_nm for band in BANDS])
    widths = np.array([band.fwhm_nm for band in BANDS])
    return band_response.apply(
        band_response.response_matrix(cube.wavelength_nm, centres, widths), cube.values
    )


def _curve_undone(value):
    """sRGB's transfer function (IEC 61966-2-1) undone, 0..255 to 0..1."""
    value = value / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def test_real_cameras_come_closer_to_real_spectra_than_by_their_median(shared_data):
    """The figures of transfer_curve's docstring: RMSE of the reflectance and of its level."""
    pairs, target = _camera_pairs(shared_data), 0.052  # the training scenes' median
    fixed, matched = [], []
    for picture, truth in pairs:
        taken = decide("auto", Stored(picture.reshape(3, -1), False, 32), Model())
        fixed.append(_errors(taken.apply(picture), truth))
        median = np.median(picture, axis=(1, 2)).mean()
        matched.append(_errors(picture * target / median, truth))
    rmse, level = np.mean(fixed, axis=0)
    assert rmse < 0.014 and level < 0.15
    assert rmse < 0.65 * np.mean(matched, axis=0)[0]


def _camera_pairs(shared_data):
    named = shared_data.glob("*/neon_[mo]*.tif")
    plots = sorted(path for path in named if path.parent.name in ("train", "val"))
    pairs = []
    for plot in plots:
        camera = RasterReader(shared_data / "pairs" / f"{plot.stem}_camera.tif", None)
        pairs.append((camera.read(camera.whole)[0], _simulated(plot)))
    assert len(pairs) == 78
    return pairs


def _errors(estimate, truth):
    coarse = estimate.reshape(3, 20, 10, 20, 10).mean(axis=(2, 4))
    seen = np.isfinite(truth).all(axis=0)
    coarse, truth = coarse[:, seen], truth[:, seen]
    rmse = np.sqrt(np.mean((coarse - truth) ** 2))
    return float(rmse), float(abs(np.log(coarse.mean() / truth.mean())))
