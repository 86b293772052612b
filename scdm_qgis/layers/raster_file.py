"""What a raster file says of its own bands: wavelengths and colours, read through GDAL."""

from typing import Dict, List, Optional, Tuple

from osgeo import gdal

_PREFIX = "SCDM_"
_TO_NM = {"nanometers": 1.0, "nm": 1.0, "micrometers": 1e3, "um": 1e3, "µm": 1e3}


def wavelengths_nm(name: str) -> List[Optional[float]]:
    """The centre of each band in nm, None where the file does not say."""
    dataset = open_raster(name)
    if dataset is None:
        return []
    return [_band_nm(dataset.GetRasterBand(i + 1)) for i in range(dataset.RasterCount)]


def colour_bands(name: str) -> Tuple[int, int, int]:
    """The red, green and blue band by the file's colour interpretation, else 1, 2, 3."""
    dataset = open_raster(name)
    if dataset is None:
        return 1, 2, 3
    colours = [
        dataset.GetRasterBand(i + 1).GetColorInterpretation() for i in range(dataset.RasterCount)
    ]
    wanted = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand)
    red, green, blue = (
        colours.index(colour) + 1 if colour in colours else default
        for colour, default in zip(wanted, (1, 2, 3))
    )
    return red, green, blue


def scdm_tags(name: str) -> Dict[str, str]:
    """What the worker wrote of a run, names without ``SCDM_``; empty for another's raster."""
    dataset = open_raster(name)
    if dataset is None:
        return {}
    tags = dataset.GetMetadata() or {}
    return {key[len(_PREFIX) :]: text for key, text in tags.items() if key.startswith(_PREFIX)}


def open_raster(name: str):
    """The dataset, or None: whether GDAL raises is a setting that all of QGIS shares."""
    try:
        return gdal.Open(name)
    except RuntimeError:
        return None


def _band_nm(band) -> Optional[float]:
    value = _number(band.GetMetadataItem("wavelength"))
    units = (band.GetMetadataItem("wavelength_units") or "").lower()
    if value is not None and units in _TO_NM:
        return value * _TO_NM[units]
    # Second, as GDAL 3.10 rounds IMAGERY of an ENVI file to whole nm.
    micrometres = _number(band.GetMetadataItem("CENTRAL_WAVELENGTH_UM", "IMAGERY"))
    if micrometres is not None:
        return micrometres * 1e3
    return None if units else value


def _number(text: Optional[str]) -> Optional[float]:
    try:
        return float(text) if text else None
    except ValueError:
        return None
