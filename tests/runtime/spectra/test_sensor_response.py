"""How a sensor's bands see a spectrum, against integrals worked out apart."""

import numpy as np
import pytest

from model_runtime.spectra import sensor_response
from model_runtime.spectra.sensor_catalogue import SensorBand, catalogue
from model_runtime.spectra.spectral_library import Reference

FINE = np.arange(380.0, 1101.0, 0.25)
SOURCE = np.arange(400.0, 1001.0, 5.0)


def spectrum(nm):
    """A red edge, as vegetation has it."""
    return 0.05 + 0.4 / (1 + np.exp((715 - nm) / 15)) + 0.03 * np.sin(nm / 30)


def integral(values, nm):
    """Trapezoid rule: NumPy 1 and 2 call it differently."""
    return float((0.5 * (values[1:] + values[:-1]) * np.diff(nm)).sum())


@pytest.mark.parametrize("shuffled", [False, True])
def test_gaussians_integrate_the_spectrum(shuffled):
    source = np.random.default_rng(0).permutation(SOURCE) if shuffled else SOURCE
    bands = [SensorBand("narrow", 705, 15), SensorBand("wide", 833, 106), SensorBand("g", 560, 36)]
    found = sensor_response.of_gaussians(bands, source)
    for band, value in zip(bands, found.weights @ spectrum(source)):
        sigma = band.fwhm_nm / 2.354820045
        gauss = np.exp(-0.5 * ((FINE - band.wavelength_nm) / sigma) ** 2)
        assert value == pytest.approx((gauss * spectrum(FINE)).sum() / gauss.sum(), abs=5e-4)
    assert found.share == pytest.approx([1, 1, 1], abs=1e-3)


@pytest.mark.parametrize("step", [0.5, 3.0, 10.0])
def test_a_table_integrates_the_spectrum(step):
    """Fine and coarse tables; a box of 80 nm and a lopsided one."""
    nm = np.arange(500.0, 801.0, step)
    box = ((nm >= 600) & (nm <= 680)).astype(float)
    ramp = np.clip((nm - 690) / 100, 0, 1)
    table = [Reference("box", nm, box), Reference("ramp", nm, 100 * ramp)]
    found = sensor_response.of_table(table, SOURCE)
    straight = np.interp(nm, SOURCE, spectrum(SOURCE))
    for one, value in zip((box, ramp), found.weights @ spectrum(SOURCE)):
        expected = integral(one * straight, nm) / integral(one, nm)
        assert value == pytest.approx(expected, abs=2e-3)
    assert found.weights.sum(axis=1) == pytest.approx([1, 1])
    assert found.bands[0].wavelength_nm == pytest.approx(640, abs=1)
    assert found.bands[0].fwhm_nm == pytest.approx(80, abs=step)


def test_what_a_raster_does_not_cover_is_told():
    bands = catalogue()["sentinel2a"].bands
    found = sensor_response.of_gaussians(bands, SOURCE)
    seen, unseen = sensor_response.split_by_coverage(found)
    assert [bands[i].name for i in unseen] == ["B10", "B11", "B12"]
    assert [bands[i].name for i in seen][:2] == ["B1", "B2"]


def test_a_gap_in_the_raster_is_not_bridged():
    """Water vapour: no bands from 1330 to 1440 nm, and the cirrus band lies in between."""
    source = np.concatenate([np.arange(400.0, 1331, 10), np.arange(1440.0, 2400, 10)])
    found = sensor_response.of_gaussians(catalogue()["landsat8"].bands, source)
    _, unseen = sensor_response.split_by_coverage(found)
    assert [found.bands[i].name for i in unseen] == ["B9"]
    nm = np.arange(1370.0, 1391.0)
    table = sensor_response.of_table([Reference("cirrus", nm, np.ones(21))], source)
    assert sensor_response.split_by_coverage(table) == ([], [0])


def test_a_red_edge_is_not_made_of_red_and_infrared():
    camera = np.array([475.0, 560, 668, 842])
    found = sensor_response.of_gaussians(catalogue()["sentinel2a"].bands, camera)
    seen, _ = sensor_response.split_by_coverage(found)
    assert [found.bands[i].name for i in seen] == ["B2", "B3", "B4", "B8"]


def test_half_a_response_is_half_a_share():
    nm = np.arange(900.0, 1101.0, 1)
    found = sensor_response.of_table([Reference("nir", nm, np.ones(len(nm)))], SOURCE)
    assert found.share == pytest.approx([0.5], abs=0.01)


def test_the_catalogue_is_plausible():
    """No slip of a digit: names are unique, widths below the centre, the bands where light is."""
    for name, sensor in catalogue().items():
        names = [band.name for band in sensor.bands]
        assert len(set(names)) == len(names) and sensor.source and sensor.title, name
        for band in sensor.bands:
            assert 400 < band.wavelength_nm < 2500 and 5 < band.fwhm_nm < 280, (name, band)
    assert len(catalogue()["enmap"].bands) == 224


RGB_OF = {
    "sentinel2a": ("B4", "B3", "B2"),
    "sentinel2b": ("B4", "B3", "B2"),
    "landsat8": ("B4", "B3", "B2"),
    "landsat9": ("B4", "B3", "B2"),
    "landsat7": ("B3", "B2", "B1"),
    "worldview2": ("red", "green", "blue"),
    "rapideye": ("red", "green", "blue"),
}
# Centres of the measured responses of the same bands, from tables of their makers.
MEASURED_NM = {
    "sentinel2a": (664.3, 559.8, 492.5),
    "sentinel2b": (664.9, 559.2, 492.2),
    "landsat8": (654.5, 561.3, 482.8),
    "landsat9": (654.5, 560.8, 482.7),
    "landsat7": (661.4, 561.0, 478.8),
    "worldview2": (659.2, 547.6, 479.1),
    "rapideye": (658.1, 555.4, 476.8),
}


@pytest.mark.parametrize("name", sorted(RGB_OF))
def test_centres_are_those_of_measured_responses(name):
    centres = {band.name: band.wavelength_nm for band in catalogue()[name].bands}
    found = [centres[band] for band in RGB_OF[name]]
    assert found == pytest.approx(MEASURED_NM[name], abs=7)
