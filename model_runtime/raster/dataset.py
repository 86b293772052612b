"""Opens raster files, and refuses at once what is damaged or not a raster."""

import math
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import numpy as np

from ..contract import CONTENT_TAG, SPREAD_CONTENT
from ..errors import InputError, one_line
from . import named_sources, opening
from .gdal_setup import gdal

GIVE_RASTER = "give a raster file that GDAL reads, such as a GeoTIFF"
DAMAGED = "the file is damaged or cut short: copy or export it again"
MASK_KINDS = gdal.GMF_PER_DATASET | gdal.GMF_ALPHA | gdal.GMF_NODATA
CHECKED_BLOCKS = 20_000


def open_dataset(path: str):
    """Open the raster at ``path`` without overviews.

    Returns: GDAL's dataset.
    Raises: InputError that names what is wrong with it.
    """
    # Thinned readings take pixels as they are, not the averages of overviews.
    options = ["OVERVIEW_LEVEL=NONE"]
    try:
        dataset = opening.open_local_or_named(path, options)
    except RuntimeError as error:
        if _is_local(path) and not Path(path).exists():
            raise InputError(f"'{path}' does not exist", "check the path") from error
        _refuse_container(path)
        raise InputError(f"'{path}' cannot be read ({one_line(error)})", GIVE_RASTER) from error
    if not dataset.RasterCount:
        raise InputError(f"'{path}' holds no raster band of its own", _subdataset_remedy(dataset))
    return dataset


def _refuse_container(path: str) -> None:
    """Raise InputError for a file of subdatasets, in which GDAL finds no overview to do without."""
    with suppress(RuntimeError):
        dataset = opening.open_local_or_named(path)
        if not dataset.RasterCount:
            raise InputError(
                f"'{path}' holds no raster band of its own", _subdataset_remedy(dataset)
            )


@contextmanager
def refusing_damage(path: str) -> Iterator[None]:
    """Turn what GDAL says against an input on first sight into an InputError.

    Raises: InputError.
    """
    try:
        yield
    except RuntimeError as error:
        raise InputError(f"'{path}' cannot be read ({one_line(error)})", DAMAGED) from error


def _is_local(path: str) -> bool:
    return not str(path).startswith("/vsi") and ":" not in str(path)[2:]


def _subdataset_remedy(dataset) -> str:
    names = [name for name, _ in dataset.GetSubDatasets()]
    return f"name one of its parts, such as {names[0]}" if names else GIVE_RASTER


def thinned_size(rows: int, cols: int, side: int) -> Dict[str, int]:
    """Compute the buffer size that thins ``rows`` x ``cols`` to at most ``side`` pixels, in
    proportion.

    Returns: arguments of GDAL's ReadAsArray.
    """
    step = max(1.0, max(rows, cols) / side)
    return {"buf_xsize": math.ceil(cols / step), "buf_ysize": math.ceil(rows / step)}


def is_estimate(dataset) -> bool:
    """Tell whether a raster is an estimate of this software, its spread or its reliability.

    Returns: True by its tags.
    """
    return dataset.GetMetadataItem(CONTENT_TAG) is not None


def refuse_estimate(dataset, path: str) -> None:
    """Check that a raster is not an estimate of this software.

    Raises: InputError where it is one.
    """
    if is_estimate(dataset):
        content = dataset.GetMetadataItem(CONTENT_TAG)
        raise InputError(
            f"'{path}' is an estimate that this software made ({content}), not a picture",
            "choose the picture that it was made from",
        )


def refuse_spread(path: str) -> None:
    """Check that a raster that is read as spectra is not an estimate's spread.

    It has the bands and wavelengths of spectra, so nothing else would show it.

    Raises: InputError where it is one.
    """
    if open_dataset(path).GetMetadataItem(CONTENT_TAG) == SPREAD_CONTENT:
        raise InputError(
            f"'{path}' is the spread of an estimate, not spectra", "choose the estimate itself"
        )


def require_spread(path: str) -> None:
    """Check that what ``--spread`` names is not another output of this software.

    Raises: InputError where it is one.
    """
    content = open_dataset(path).GetMetadataItem(CONTENT_TAG)
    if content not in (None, SPREAD_CONTENT):
        raise InputError(
            f"--spread '{path}' is no spread ({content})", "choose what upsample --spread wrote"
        )


def mask_of(band):
    """Look up the mask of a band.

    Returns: GDAL's mask band.
    Raises: InputError for a mask beside the file that fits another raster.
    """
    mask = band.GetMaskBand()
    if (mask.XSize, mask.YSize) != (band.XSize, band.YSize):
        raise InputError(
            f"the mask of {mask.XSize} x {mask.YSize} pixels does not fit the raster of "
            f"{band.XSize} x {band.YSize}",
            "remove the .msk file beside the raster, or make it again",
        )
    return mask


def hidden_nodata(band, values: np.ndarray) -> np.ndarray:
    """Find the nodata of ``values`` that a band's mask does not know.

    GDAL lets a mask band or a .msk file hide the nodata value of the same raster; both count here.

    Returns: bool in the shape of ``values``.
    """
    nodata = band.GetNoDataValue()
    if nodata is None or band.GetMaskFlags() & gdal.GMF_NODATA:
        return np.zeros(values.shape, bool)
    return values == nodata


def refuse_short_file(path: str, handles) -> None:
    """Check that the directory of a TIFF does not point beyond the end of the file.

    Raises: InputError where it does.
    """
    if not Path(path).is_file():
        return
    size = Path(path).stat().st_size
    for band in handles:
        for x, y in _blocks_to_check(band):
            start = band.GetMetadataItem(f"BLOCK_OFFSET_{x}_{y}", "TIFF")
            length = band.GetMetadataItem(f"BLOCK_SIZE_{x}_{y}", "TIFF")
            if start and length and int(start) + int(length) > size:
                raise InputError(f"'{path}' ends before its pixels do ({size} bytes)", DAMAGED)


def _blocks_to_check(band) -> Iterator[Tuple[int, int]]:
    """All file blocks, or the last row of them where they are very many."""
    width, height = band.GetBlockSize()
    across, down = -(-band.XSize // width), -(-band.YSize // height)
    first = 0 if across * down <= CHECKED_BLOCKS else down - 1
    return ((x, y) for y in range(first, down) for x in range(across))


def open_with_sidecars(path: str):
    """Open the raster at ``path`` with overviews, band names and sidecars.

    Returns: GDAL's dataset.
    Raises: InputError that names what is wrong with it.
    """
    return opening.open_local_or_named(path)


def files_read(path: str) -> List[str]:
    """List the local files that a raster is made of, sidecars and the sources of VRTs too.

    Returns: paths.
    Raises: InputError.
    """
    open_dataset(path)  # which says what is wrong with it
    with refusing_damage(path):
        named = open_with_sidecars(path).GetFileList() or []
    led_to = opening.local_files(path)
    return sorted({str(name) for name in (*named, *led_to) if named_sources.is_file(Path(name))})
