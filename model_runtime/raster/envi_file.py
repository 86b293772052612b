"""ENVI data: two files of one name, and which rasters its header can describe."""

from pathlib import Path
from typing import Optional, Sequence

from ..errors import InputError
from ..system import final_names
from .gdal_setup import gdal

# Data whose header would have the same name as that of NAME.img.
ENVI_ENDS = ("", ".img", ".dat", ".bsq", ".bil", ".bip", ".raw", ".bin", ".sli")
TOLERANCE = 1e-9  # of a pixel, per pixel
TRIAL = "/vsimem/scdm_envi_place.img"


def check_envi_name(path: str) -> None:
    """Check that ``path`` can be the name of ENVI data, and its header that of no other raster.

    Raises: InputError.
    """
    target = Path(path)
    if target.suffix.lower() in ("", ".hdr", ".tif", ".tiff", ".xml"):
        raise InputError(
            f"the output '{target}' must be a name of ENVI data", "use a name that ends in .img"
        )
    if not target.parent.is_dir():
        raise InputError(
            f"the folder '{target.parent}' does not exist", "make it, or choose another"
        )
    header = target.with_suffix(".hdr")
    for made in (target, header):
        if made.is_dir():
            raise InputError(f"'{made}' is a folder", "name a file")
    others = (target.with_suffix(end) for end in ENVI_ENDS if end != target.suffix.lower())
    if header.exists() and not target.exists() and any(other.is_file() for other in others):
        raise InputError(f"'{header}' is the header of another raster", final_names.ANOTHER)


def check_envi_place(geotransform: Optional[Sequence[float]], has_gcps: bool) -> None:
    """Check that an ENVI header can say where a raster lies: it has two pixel sizes and an angle.

    A turned grid of square pixels it describes, a skewed or mirrored one not.

    Raises: InputError where it cannot.
    """
    remedy = "write a GeoTIFF, or bring the raster to a north-up grid first (gdalwarp)"
    if has_gcps:
        raise InputError("an ENVI header cannot hold the raster's ground control points", remedy)
    if geotransform is not None and not _can_be_said(geotransform):
        raise InputError(
            "an ENVI header cannot describe the raster's skewed or mirrored grid", remedy
        )


def _can_be_said(geotransform: Sequence[float]) -> bool:
    """Whether GDAL reads ``geotransform`` of a header that it wrote of it."""
    driver = gdal.GetDriverByName("ENVI")
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        driver.Create(TRIAL, 1, 1, 1).SetGeoTransform(list(geotransform))
        found = gdal.OpenEx(TRIAL, gdal.OF_RASTER).GetGeoTransform()
        driver.Delete(TRIAL)
    finally:
        gdal.PopErrorHandler()
    pixel = max(map(abs, (*geotransform[1:3], *geotransform[4:])))
    terms = [(found[i], geotransform[i]) for i in (1, 2, 4, 5)]
    return all(abs(read - written) <= TOLERANCE * pixel for read, written in terms)
