"""What a raster file says of its own bands: wavelengths and colours, read through GDAL."""

from typing import Dict, List, Optional, Tuple

from osgeo import gdal

from ..model_runtime.contract import TAG_PREFIX
from ..model_runtime.raster.wavelengths import centres_nm


def wavelengths_nm(name: str) -> List[Optional[float]]:
    """The centre of each band in nm, None where the file does not say."""
    dataset = open_raster(name)
    if dataset is None:
        return []
    bands = [dataset.GetRasterBand(i + 1) for i in range(dataset.RasterCount)]
    return centres_nm(dataset.GetMetadataItem, [band.GetMetadataItem for band in bands])


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
