"""Reads what a raster file says, beside its values, of what they mean."""

import base64
import binascii
from typing import Optional, Sequence, Tuple

from ..spectra.known_calibration import FileFacts
from .band_metadata import COLOURS

EXIF_SRGB = "1"  # of EXIF's ColorSpace


def read(dataset, files: Sequence[str], bands: Sequence[int], names: Tuple[str, ...]) -> FileFacts:
    """Read the facts of GDAL's ``dataset`` and of its ``bands`` (1-based), which have ``names``.

    ``files``: the dataset's own, first, and those that it leads to.

    Returns: the FileFacts.
    """
    handles = [dataset.GetRasterBand(number) for number in bands]
    tags = dataset.GetMetadata() or {}
    units = {band.GetUnitType() or tags.get("units", "") for band in handles}
    return FileFacts(
        files=tuple(files),
        tags=tags,
        band_names=names,
        used_bits=_used_bits(handles[0]),
        srgb=_is_srgb(dataset, tags),
        unit=units.pop() if len(units) == 1 else "",
        shown={band.GetColorInterpretation() for band in handles} == set(COLOURS.values()),
    )


def _used_bits(band) -> Optional[int]:
    text = band.GetMetadataItem("NBITS", "IMAGE_STRUCTURE") or ""
    return int(text) if text.isdecimal() else None


def _is_srgb(dataset, tags) -> bool:
    if tags.get("EXIF_ColorSpace", "").strip() == EXIF_SRGB:
        return True
    profile = dataset.GetMetadata("COLOR_PROFILE") or {}
    if "sRGB" in profile.get("SOURCE_ICC_PROFILE_NAME", ""):
        return True
    try:
        content = base64.b64decode(profile.get("SOURCE_ICC_PROFILE", ""))
    except binascii.Error:
        return False
    return b"sRGB" in content or "sRGB".encode("utf-16-be") in content
