"""Spectral angles of pixels and a library, against plain NumPy for every pair."""

import numpy as np
import pytest

from model_runtime.spectra import matching
from model_runtime.spectra.spectral_library import Reference

RNG = np.random.default_rng(0)
BANDS, ROWS, COLS, SPECTRA = 9, 4, 7, 6


def angle(x, r, spread=None):
    """The definition, for one pixel and one spectrum."""
    known = np.isfinite(x) & np.isfinite(r)
    s = np.ones(len(x)) if spread is None else spread
    x, r = (x / s)[known], (r / s)[known]
    return np.degrees(np.arccos(np.clip(x @ r / np.sqrt((x @ x) * (r @ r)), -1, 1)))


@pytest.fixture
def scene():
    """(values, library, spread): a pixel without data, missing bands in both."""
    values = RNG.uniform(0.05, 0.6, (BANDS, ROWS, COLS))
    library = RNG.uniform(0.05, 0.6, (SPECTRA, BANDS))
    values[:, 0, 0] = np.nan
    values[2, 1, 1] = np.nan
    library[3, :2] = np.nan
    return values, library, RNG.uniform(0.01, 0.2, (BANDS, ROWS, COLS))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_best_of_all_pairs(scene, weighted, monkeypatch):
    values, library, spread = scene
    monkeypatch.setattr(matching, "PAIRS_AT_ONCE", 5 * SPECTRA)  # pixels come in several parts
    found = matching.match(values, library, spread if weighted else None)
    for row, col in np.ndindex(ROWS, COLS):
        x, s = values[:, row, col], spread[:, row, col] if weighted else None
        if (row, col) == (0, 0):
            assert found.number[row, col] == -1 and np.isnan(found.angle[row, col])
            continue
        angles = [angle(x, r, s) for r in library]
        assert found.number[row, col] == np.argmin(angles)
        assert found.angle[row, col] == pytest.approx(min(angles), abs=1e-4)


def test_brightness_does_not_count(scene):
    values, library, _ = scene
    dark = matching.match(0.1 * values, library)
    np.testing.assert_array_equal(dark.number, matching.match(values, library).number)


def test_a_band_of_which_nothing_is_known_decides_nothing():
    library = np.array([[0.1, 0.1, 0.5], [0.1, 0.3, 0.1]])
    pixel = np.array([0.1, 0.25, 0.6])[:, None, None]  # the last band speaks for the first
    unsure = np.array([0.01, 0.01, 10.0])[:, None, None]
    assert matching.match(pixel, library).number[0, 0] == 0
    assert matching.match(pixel, library, unsure).number[0, 0] == 1


def test_a_few_bands_in_common_are_no_match():
    library = np.array([[0.1] * 8, [0.2] * 8])
    pixel = np.full((8, 1, 1), np.nan)
    pixel[:3] = 0.1
    assert matching.match(pixel, library).number[0, 0] == -1


def test_a_black_pixel_has_no_direction():
    assert matching.match(np.zeros((4, 1, 1)), np.full((2, 4), 0.2)).number[0, 0] == -1


def test_libraries_of_several_grids_come_to_the_bands_of_the_sensor():
    """Straight lines stay straight lines, whatever they were sampled at; beyond it is nothing."""
    bands, widths = np.array([450.0, 550, 650, 900]), np.full(4, 20.0)
    fine, coarse = np.arange(400.0, 1001), np.arange(400.0, 701, 5)
    line = lambda nm: 0.1 + nm / 5000  # noqa: E731
    gap = np.where((fine > 540) & (fine < 560), np.nan, line(fine))
    spectra = [
        Reference("fine", fine, line(fine)),
        Reference("coarse", coarse, line(coarse)),
        Reference("gap", fine, gap),
    ]
    found = matching.at_bands(spectra, bands, widths)
    assert found[0] == pytest.approx(line(bands), abs=1e-4)
    assert found[1, :3] == pytest.approx(line(bands[:3]), abs=1e-4) and np.isnan(found[1, 3])
    assert np.isnan(found[2, 1]) and np.isfinite(found[2, [0, 2, 3]]).all()
    assert list(matching.enough_bands(found)) == [True, True, True]
    assert not matching.enough_bands(np.array([[0.1, 0.2, np.nan, np.nan]]))[0]


def test_nothing_is_said_of_bands_in_a_gap_of_a_spectrum():
    nm = np.arange(400.0, 1001, 10)
    known = (nm < 690) | (nm > 810)
    whole = Reference("whole", nm, nm / 1000)
    holed = Reference("holed", nm, np.where(known, nm / 1000, np.nan))
    cut = Reference("cut", nm[known], nm[known] / 1000)
    spectra = [whole, holed, cut]
    found = matching.hide_gaps(matching.at_bands(spectra, nm, np.full(len(nm), 10.0)), spectra, nm)
    assert np.isfinite(found[0]).all()
    near = np.abs(nm[:, None] - nm[known][None]).min(axis=1) <= 15
    np.testing.assert_array_equal(np.isfinite(found[2]), near)
    assert np.isnan(found[1][~near]).all()
