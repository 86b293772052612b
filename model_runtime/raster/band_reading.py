"""Reads all bands of a window, each file block unpacked once."""

from contextlib import contextmanager
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ..tiling import Window
from .gdal_setup import gdal

# Of blocks in the cache at once; one row of blocks of a very wide raster may take more.
HELD_BYTES = 64 << 20
# What GDAL adds so that rounding does not lead to the pixel before.
_EDGE = 1e-10

Read = Callable[..., np.ndarray]


def read_stack(
    dataset,
    numbers: Sequence[int],
    read: Read,
    window: Optional[Window] = None,
    shape: Optional[Tuple[int, int]] = None,
) -> np.ndarray:
    """Apply ``read`` to each of the bands ``numbers`` (1-based).

    ``read(band, **place)`` returns a band's array (rows, cols); ``place`` has the names of GDAL's
    ReadAsArray. ``shape`` (rows, cols) thins the window to that size.

    Returns: (bands, rows, cols).
    """
    bands = [dataset.GetRasterBand(number) for number in numbers]
    whole = window or Window(0, 0, dataset.RasterYSize, dataset.RasterXSize)
    if len(bands) == 1 or not _in_one_block(dataset):
        return np.stack([read(band, **_place(whole, shape)) for band in bands])
    with _room_in_cache(2 * max(HELD_BYTES, _block_bytes(dataset))):
        if shape is None:
            return _join(dataset, bands, read, whole)
        return _thin(dataset, bands, read, whole, shape)


def _in_one_block(dataset) -> bool:
    return dataset.GetMetadataItem("INTERLEAVE", "IMAGE_STRUCTURE") == "PIXEL"


def _place(window: Window, shape: Optional[Tuple[int, int]]) -> dict:
    corner = {"xoff": window.col0, "yoff": window.row0}
    size = {} if shape is None else {"buf_xsize": shape[1], "buf_ysize": shape[0]}
    return {**corner, "win_xsize": window.cols, "win_ysize": window.rows, **size}


def _join(dataset, bands: List, read: Read, whole: Window) -> np.ndarray:
    made = np.empty(0)  # until the first part says the type
    for part in _parts(dataset, whole):
        values = np.stack([read(band, **_place(part, None)) for band in bands])
        if not made.size:
            made = np.empty((len(bands), whole.rows, whole.cols), values.dtype)
        row, col = part.row0 - whole.row0, part.col0 - whole.col0
        made[:, row : row + part.rows, col : col + part.cols] = values
    return made


def _thin(dataset, bands: List, read: Read, whole: Window, shape: Tuple[int, int]) -> np.ndarray:
    """Of the same pixels as GDAL's nearest neighbours."""
    rows, cols = _nearest(whole.rows, shape[0]), _nearest(whole.cols, shape[1])
    made = np.empty(0)  # until the first line says the type
    for col0, col1 in _cuts(whole.col0, whole.cols, _part_cols(dataset)):
        here = np.flatnonzero((cols >= col0 - whole.col0) & (cols < col1 - whole.col0))
        picked = cols[here] - (col0 - whole.col0)
        for i, row in enumerate(rows if len(here) else ()):
            line = Window(whole.row0 + int(row), col0, 1, col1 - col0)
            values = np.stack([read(band, **_place(line, None))[0] for band in bands])
            if not made.size:
                made = np.empty((len(bands), *shape), values.dtype)
            made[:, i, here] = values[:, picked]
    return made


def _nearest(length: int, count: int) -> np.ndarray:
    """The pixels that stand for ``count`` even shares of ``length``."""
    places = np.floor((np.arange(count) + 0.5) * (length / count) + _EDGE).astype(np.int64)
    return np.minimum(places, length - 1)


def _parts(dataset, whole: Window) -> Iterator[Window]:
    """The window cut at block borders into parts of about HELD_BYTES, or of one block."""
    width, height = dataset.GetRasterBand(1).GetBlockSize()
    across = -(-whole.cols // width) + 1  # blocks that a row of the window touches at most
    rows = height * max(1, HELD_BYTES // (across * _block_bytes(dataset)))
    for row0, row1 in _cuts(whole.row0, whole.rows, rows):
        for col0, col1 in _cuts(whole.col0, whole.cols, _part_cols(dataset)):
            yield Window(row0, col0, row1 - row0, col1 - col0)


def _part_cols(dataset) -> int:
    return dataset.GetRasterBand(1).GetBlockSize()[0] * max(1, HELD_BYTES // _block_bytes(dataset))


def _cuts(start: int, length: int, step: int) -> Iterator[Tuple[int, int]]:
    """The pieces of ``start`` to ``start + length`` between multiples of ``step``."""
    first = start
    while first < start + length:
        last = min(first // step * step + step, start + length)
        yield first, last
        first = last


def _block_bytes(dataset) -> int:
    """Bytes of one block with all bands."""
    width, height = dataset.GetRasterBand(1).GetBlockSize()
    bands = range(1, dataset.RasterCount + 1)
    return (
        width
        * height
        * sum(gdal.GetDataTypeSize(dataset.GetRasterBand(i).DataType) // 8 for i in bands)
    )


@contextmanager
def _room_in_cache(room: int) -> Iterator[None]:
    gdal.SetCacheMax(gdal.GetCacheMax() + room)
    try:
        yield
    finally:
        gdal.SetCacheMax(gdal.GetCacheMax() - room)
