"""Runtime and plugin read the same wavelengths of one file, by whichever convention it has them."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.raster.cube import read_cube
from scdm_qgis.layers.raster_file import wavelengths_nm

NM = (450.0, 550.0, 650.0)


def per_band(factor, **more):
    """Each band's own item: ``factor`` times nm."""
    return [{("wavelength", ""): f"{nm * factor:g}", **items(more)} for nm in NM], {}


def items(texts):
    return {(key, ""): text for key, text in texts.items()}


def listed(factor, units, domain="ENVI"):
    """A list in a domain of the dataset."""
    text = "{" + ", ".join(f"{nm * factor:g}" for nm in NM) + "}"
    return [{}] * 3, {("wavelength", domain): text, ("wavelength_units", domain): units}


CONVENTIONS = {
    "a band's nm": per_band(1, wavelength_units="Nanometers"),
    "a band's µm without a unit": per_band(1e-3),
    "a band's nm without a unit": per_band(1),
    "a band's microns": per_band(1e-3, wavelength_units="Microns"),
    "a band's µm": per_band(1e-3, wavelength_units="µm"),
    "the dataset's ENVI list of µm": listed(1e-3, "Micrometers"),
    "the dataset's ENVI list of nm": listed(1, "Nanometers"),
    "the dataset's own list": listed(1, "nm", domain=""),
    "IMAGERY": ([{("CENTRAL_WAVELENGTH_UM", "IMAGERY"): f"{nm / 1000:g}"} for nm in NM], {}),
}


@pytest.fixture(params=CONVENTIONS)
def path(request, write_raster):
    """A GeoTIFF that has its wavelengths by one convention."""
    bands, dataset = CONVENTIONS[request.param]
    name = write_raster("cube.tif", np.ones((3, 4, 5), np.float32))
    opened = gdal.Open(str(name), gdal.GA_Update)
    for number, texts in enumerate((dataset, *bands)):
        of = opened.GetRasterBand(number) if number else opened
        for (key, domain), text in texts.items():
            of.SetMetadataItem(key, text, domain)
    opened.FlushCache()
    return str(name)


@pytest.mark.parametrize(
    "read", [wavelengths_nm, lambda path: read_cube(path).wavelength_nm], ids=["plugin", "runtime"]
)
def test_wavelengths_are_those_of_the_file(path, read):
    assert list(read(path)) == pytest.approx(NM)
