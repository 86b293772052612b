"""What a raster file says of its own bands: wavelengths and colours, read through GDAL."""

from typing import Dict, List, Optional

from osgeo import gdal

from ..model_runtime.contract import TAG_PREFIX
from ..model_runtime.errors import InputError
from ..model_runtime.raster.band_choice import CAMERA, BandFacts, Choice, choose
from ..model_runtime.raster.vrt_sources import name_by_files
from ..model_runtime.raster.wavelengths import centres_nm

_COLOURS = {
    gdal.GCI_RedBand: "red",
    gdal.GCI_GreenBand: "green",
    gdal.GCI_BlueBand: "blue",
    gdal.GCI_AlphaBand: "alpha",
}


def wavelengths_nm(name: str) -> List[Optional[float]]:
    """The centre of each band in nm, None where the file does not say."""
    dataset = open_raster(name)
    if dataset is None:
        return []
    return centres_nm(dataset.GetMetadataItem, [band.GetMetadataItem for band in _bands(dataset)])


def bands_of_file(name: str) -> Optional[Choice]:
    """The red, green and blue band, by what the file says; None where it has no three bands."""
    dataset = open_raster(name)
    if dataset is None:
        return None
    bands = _bands(dataset)
    by_file = name_by_files(name, len(bands))
    facts = [
        BandFacts(number, band.GetDescription() or stem, _colour_of(band), nm)
        for number, (band, stem, nm) in enumerate(zip(bands, by_file, wavelengths_nm(name)), 1)
    ]
    try:
        return choose(name, facts, CAMERA)
    except InputError:
        return None


def _colour_of(band) -> str:
    return _COLOURS.get(band.GetColorInterpretation(), "")


def _bands(dataset) -> List:
    return [dataset.GetRasterBand(i + 1) for i in range(dataset.RasterCount)]


def scdm_tags(name: str) -> Dict[str, str]:
    """What the worker wrote of a run, names without ``SCDM_``; empty for another's raster."""
    dataset = open_raster(name)
    if dataset is None:
        return {}
    tags = dataset.GetMetadata() or {}
    return {
        key[len(TAG_PREFIX) :]: text for key, text in tags.items() if key.startswith(TAG_PREFIX)
    }


def is_own_output(name: str) -> bool:
    """Whether the raster is an estimate, a spread or another result of this software."""
    return "CONTENT" in scdm_tags(name)


def open_raster(name: str):
    """The dataset, or None: whether GDAL raises is a setting that all of QGIS shares."""
    try:
        return gdal.Open(name)
    except RuntimeError:
        return None
