"""A dataset in another format with all that it says of its bands, and whether the disk holds it."""

import os
from pathlib import Path
from typing import Callable

from .band_metadata import (
    carry_domains,
    complete_envi_domain,
    copy_domains,
    say_reflectance_factor,
)
from .gdal_setup import callback_of, closing_errors, gdal

COG_OPTIONS = ("COMPRESS=DEFLATE", "PREDICTOR=YES", "BIGTIFF=IF_SAFER", "SPARSE_OK=TRUE")
COPY_DRIVERS = {"envi": ("ENVI", ()), "cog": ("COG", COG_OPTIONS)}
CUT_OFF = "cut off"  # said where GDAL says nothing, as 3.10 does of a source that it cannot read


def make_copy(dataset, made: Path, form: str, tell: Callable[[float], None], name: str) -> None:
    """Copy ``dataset`` to ``made``, with all that it says of its bands; it will be called ``name``.

    GDAL's own copies lose the ENVI domain, and before 3.8 IMAGERY too.

    Raises: RuntimeError, also for what GDAL says when it closes the copy.
    """
    driver_name, options = COPY_DRIVERS[form]
    driver, said = gdal.GetDriverByName(driver_name), []
    gdal.PushErrorHandler(lambda kind, number, message: said.append(message))
    try:
        copy = driver.CreateCopy(
            str(made), dataset, options=list(options), callback=callback_of(tell)
        )
    except RuntimeError as error:
        said.append(str(error))
        copy = None
    finally:
        gdal.PopErrorHandler()
    if copy is None:  # GDAL forgets to raise when a callback follows the error
        raise RuntimeError("; ".join(dict.fromkeys(said)) or CUT_OFF)
    if driver_name == "ENVI":
        copy_domains(dataset, copy)
        complete_envi_domain(dataset, copy)
        say_reflectance_factor(dataset, copy)
    with closing_errors() as trouble:
        del copy
    if trouble:
        raise RuntimeError(trouble[0])
    _settle_sidecars(dataset, made, form, name)


def _settle_sidecars(source, made: Path, form: str, name: str) -> None:
    if form == "cog":
        carry_domains(source, made)
        return
    header = made.with_suffix(".hdr")
    # GDAL writes the path as description; that is about to change.
    described = header.read_bytes().replace(os.fsencode(made), os.fsencode(name))
    header.write_bytes(described)


def refuse_cut_off(source, made: Path, form: str) -> None:
    """Check that the disk holds all of ``made``, a copy of ``source``: GDAL does not always say.

    Raises: RuntimeError where it does not.
    """
    whole = _envi_is_whole if form == "envi" else _tiff_is_whole
    if not whole(source, made):
        raise RuntimeError("the disk does not hold all of it")


def _envi_is_whole(source, made: Path) -> bool:
    bands = [source.GetRasterBand(i + 1) for i in range(source.RasterCount)]
    pixel = sum(gdal.GetDataTypeSize(band.DataType) // 8 for band in bands)
    size = source.RasterXSize * source.RasterYSize * pixel
    return made.stat().st_size >= size and _header_is_whole(source, made.with_suffix(".hdr"))


def _header_is_whole(source, header: Path) -> bool:
    """Whether the header ends after its last entry: ENVI's own, then the nodata value."""
    text = header.read_text(encoding="utf-8", errors="replace")
    wanted = ["band names", *(key.replace("_", " ") for key in source.GetMetadata("ENVI"))]
    nodata = source.GetRasterBand(1).GetNoDataValue()
    if nodata is not None:
        wanted.append("data ignore value")
    ends = text.endswith("\n") and text.count("{") == text.count("}")
    # GDAL pads some keys: "lines   = 30".
    written = {line.partition("=")[0].strip() for line in text.splitlines()}
    return ends and written.issuperset(wanted)


def _tiff_is_whole(_, made: Path) -> bool:
    copy, size = gdal.OpenEx(str(made), gdal.OF_RASTER), made.stat().st_size
    return not any(_ends_late(copy.GetRasterBand(i + 1), size) for i in range(copy.RasterCount))


def _ends_late(band, size: int) -> bool:
    width, height = band.GetBlockSize()
    for y in range(-(-band.YSize // height)):
        for x in range(-(-band.XSize // width)):
            start = band.GetMetadataItem(f"BLOCK_OFFSET_{x}_{y}", "TIFF")
            length = band.GetMetadataItem(f"BLOCK_SIZE_{x}_{y}", "TIFF")
            if start and length and int(start) + int(length) > size:
                return True
    return False
