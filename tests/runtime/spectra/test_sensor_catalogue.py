"""The sensors' centres and widths, held against measured responses of red, green and blue."""

import json
from pathlib import Path

import pytest

from model_runtime.spectra.sensor_catalogue import catalogue

RESPONSES = Path(__file__).resolve().parents[4] / "shared" / "data" / "responses" / "rgb_srf.json"
STEP_NM = 5  # of the measured responses: their widths are no finer
# Our sensor: theirs, our bands that are red, green and blue, and how far a centre may lie off.
# TM's is published as a range, of which its response is not the middle.
MEASURED = {
    "sentinel2a": ("S2A_MSI_V4", ("B4", "B3", "B2"), 1),
    "sentinel2b": ("S2B_MSI_V4", ("B4", "B3", "B2"), 1),
    "landsat8": ("L8_OLI", ("B4", "B3", "B2"), 1),
    "landsat9": ("L9_OLI", ("B4", "B3", "B2"), 3),
    "landsat7": ("L7_ETM", ("B3", "B2", "B1"), 7),
    "landsat5": ("L5_TM", ("B3", "B2", "B1"), 12),
    "superdove": ("PlanetScope_SD8", ("red", "green", "blue"), 3),
    "rapideye": ("RapidEye", ("red", "green", "blue"), 3),
    "worldview2": ("WorldView2", ("red", "green", "blue"), 3),
}


@pytest.mark.parametrize("name", MEASURED)
def test_centres_and_widths_are_those_of_the_measured_responses(name):
    if not RESPONSES.is_file():
        pytest.skip(f"needs the measured responses in {RESPONSES}")
    theirs, bands, off_nm = MEASURED[name]
    measured = {one["name"]: one for one in json.loads(RESPONSES.read_text())}[theirs]
    own = {band.name: band for band in catalogue()[name].bands}
    for band, centre, width in zip(bands, measured["centre_nm"], measured["fwhm_nm"]):
        assert own[band].wavelength_nm == pytest.approx(centre, abs=off_nm)
        assert own[band].fwhm_nm == pytest.approx(width, abs=2 * STEP_NM)
