"""Wavelengths of metadata texts: every convention that rasters use, in nm."""

import pytest

from model_runtime.raster.wavelengths import (
    bad_bands,
    centres_nm,
    natural_colours,
    nearest_bands,
    widths_nm,
)
from model_runtime.spectra.wavelength_units import nanometres_per_unit


def metadata(items=None, **default):
    """A GetMetadataItem of {(key, domain): text}, and of keys in the default domain."""
    texts = {**{(key, ""): text for key, text in default.items()}, **(items or {})}
    return lambda key, domain: texts.get((key, domain))


NOTHING = metadata()


@pytest.mark.parametrize(
    ("texts", "nm"),
    [
        ({"wavelength": "550", "wavelength_units": "Nanometers"}, 550),
        ({"wavelength": "0.55", "wavelength_units": "Micrometers"}, 550),
        ({"wavelength": "0.55", "wavelength_units": "Microns"}, 550),
        ({"wavelength": "0.55", "wavelength_units": "um"}, 550),
        ({"wavelength": "0.55", "wavelength_units": "µm"}, 550),
        ({"wavelength": "5500", "wavelength_units": "Angstroms"}, 550),
        ({"wavelength": "5.5e-7", "wavelength_units": "m"}, 550),
        ({"wavelength": "5.5e-4", "wavelength_units": "Millimeters"}, 550),
        ({"wavelength": "0.55"}, 550),
        ({"wavelength": "550"}, 550),
        ({"wavelength": "12", "wavelength_units": "Index"}, None),
        ({"wavelength": "15000", "wavelength_units": "Wavenumber"}, None),
        ({"wavelength": "550", "wavelength_units": "Unknown"}, 550),
        ({"wavelength": "red"}, None),
        ({"wavelength": "-550"}, None),
        ({"wavelength": "inf"}, None),
    ],
)
def test_the_centre_of_a_band(texts, nm):
    found = centres_nm(NOTHING, [metadata(**texts)])
    assert found == [nm if nm is None else pytest.approx(nm)]


def test_the_file_goes_before_what_gdal_rounds():
    imagery = {("CENTRAL_WAVELENGTH_UM", "IMAGERY"): "0.55", ("FWHM_UM", "IMAGERY"): "0.01"}
    own = {"wavelength": "550.4", "wavelength_units": "nm", "fwhm": "10.2"}
    assert centres_nm(NOTHING, [metadata(imagery)]) == [pytest.approx(550)]
    assert centres_nm(NOTHING, [metadata(imagery, **own)]) == [550.4]
    assert widths_nm(NOTHING, [metadata(imagery)]) == [pytest.approx(10)]
    assert widths_nm(NOTHING, [metadata(imagery, **own)]) == [10.2]


@pytest.mark.parametrize("domain", ["ENVI", ""])
@pytest.mark.parametrize("key", ["wavelength_units", "wavelength units"])
@pytest.mark.parametrize(
    ("unit", "scale"), [("Nanometers", 1), ("Micrometers", 1000), ("", 1), ("", 1000)]
)
def test_a_list_of_the_dataset(domain, key, unit, scale):
    centres, widths = [number / scale for number in (400, 1200)], [n / scale for n in (9, 150)]
    listed = {"wavelength": centres, "fwhm": widths}
    texts = {(k, domain): "{" + ", ".join(map(str, v)) + "}" for k, v in listed.items()}
    dataset = metadata({**texts, (key, domain): unit})
    assert centres_nm(dataset, [NOTHING] * 2) == pytest.approx([400, 1200])
    assert widths_nm(dataset, [NOTHING] * 2) == pytest.approx([9, 150])


@pytest.mark.parametrize("unit", ["Index", "GHz", "wavenumber"])
def test_a_list_that_only_counts_bands_is_no_wavelengths(unit):
    dataset = metadata(wavelength="{1, 2}", wavelength_units=unit)
    assert centres_nm(dataset, [NOTHING] * 2) == [None, None]


def test_a_list_of_another_length_is_left_out():
    dataset = metadata(wavelength="{400, 500, 600}")
    assert centres_nm(dataset, [metadata(wavelength="550"), NOTHING]) == [550, None]


def test_a_width_without_a_unit_says_nothing():
    assert widths_nm(NOTHING, [metadata(wavelength="0.55", fwhm="0.01")]) == [None]


@pytest.mark.parametrize(
    ("unit", "largest", "nm"), [("Nanometers", 2.5, 1), ("", 2.5, 1000), (None, 2500, 1)]
)
def test_a_unit_that_is_stated_goes_before_a_guess(unit, largest, nm):
    assert nanometres_per_unit(unit, largest) == nm


@pytest.mark.parametrize(
    ("wavelength_nm", "bands"),
    [
        ((460, 550, 640), (3, 2, 1)),
        ((2200, 645, None, 540, 480), (2, 4, 5)),
        ((850,), (1, 1, 1)),
        ((None, None), ()),
        ((), ()),
    ],
)
def test_nearest_bands(wavelength_nm, bands):
    assert nearest_bands(wavelength_nm, (640, 550, 460)) == bands


@pytest.mark.parametrize(
    ("wavelength_nm", "colours"),
    [
        ((400, 465, 550, 640, 860), ["", "blue", "green", "red", ""]),
        ((640, 550, 460), ["red", "green", "blue"]),
        ((860, 1600, 2200), ["", "", ""]),  # sees no colour
        ((600, 595, 860), ["", "", ""]),  # one band for two colours
        ((None, 550), ["", ""]),
    ],
)
def test_colours_are_said_of_bands_that_show_them(wavelength_nm, colours):
    assert natural_colours(wavelength_nm) == colours


@pytest.mark.parametrize(
    ("dataset", "bands", "bad"),
    [
        ({("bbl", "ENVI"): "{1, 0, 1}"}, [{}, {}, {}], [2]),
        ({("bbl", ""): "{1.0,0.0,\n0.0}"}, [{}, {}, {}], [2, 3]),
        ({}, [{"bbl": "1"}, {"bbl": "0"}, {}], [2]),
        ({("bbl", "ENVI"): "{0, 0, 0}"}, [{}, {}, {}], []),
        ({("bbl", "ENVI"): "{0, 1}"}, [{}, {}, {}], []),
        ({}, [{}, {}, {}], []),
    ],
)
def test_bands_that_a_file_calls_bad(dataset, bands, bad):
    assert bad_bands(metadata(dataset), [metadata(**items) for items in bands]) == bad
