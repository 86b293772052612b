"""Reads calibration targets: the mean light of the pixels of each polygon."""

from typing import Callable, Iterator, Optional

import numpy as np

from ..errors import InputError
from ..raster.features import Placed
from ..raster.reader import RasterReader
from ..spectra.empirical_line import SRGB_CURVE, Seen
from ..spectra.transfer_curve import SRGB
from ..tiling import Window, strips


def white_of(reader: RasterReader, curve: str) -> float:
    """Find the value that stands for white under ``curve``.

    Returns: the value, 1 for a linear curve.
    Raises: InputError where sRGB's has none: the picture has neither 8 nor 16 bits.
    """
    if curve != SRGB_CURVE:
        return 1.0
    if not reader.integer or reader.bits not in (8, 16):
        raise InputError(
            f"--curve srgb needs a picture of 8 or 16 bits, '{reader.path}' holds "
            f"{reader.type_name}",
            "choose --curve linear",
        )
    return float(2**reader.bits - 1)


def read_targets(
    reader: RasterReader, placed: Placed, curve: str, tell: Callable[[int, int], None]
) -> Iterator[Optional[Seen]]:
    """Read the mean light of the pixels of each feature; ``tell`` hears (done, total).

    Saturated is what lies at the end of the scale of whole numbers.

    Returns: each feature's Seen, None for one without a pixel.
    Raises: InputError for a curve that does not go with the picture, StorageError.
    """
    white, count = white_of(reader, curve), len(placed.geometries)
    for number in range(count):
        yield _read(reader, placed, number, white, curve)
        tell(number + 1, count)


def _read(
    reader: RasterReader, placed: Placed, number: int, white: float, curve: str
) -> Optional[Seen]:
    window = placed.window(number)
    if window is None:
        return None
    total, pixels, clipped = np.zeros(len(reader.bands)), 0, 0
    for part in strips(2 * len(reader.bands), window.rows, window.cols):
        place = Window(window.row0 + part.row0, window.col0 + part.col0, part.rows, part.cols)
        values, valid = reader.read(place)
        picked = values[:, placed.mask(number, place) & valid].astype(np.float64)
        total += light_of(reader, picked, white, curve).sum(axis=1)
        pixels += picked.shape[1]
        clipped += int(_is_clipped(reader, picked).sum())
    if not pixels:
        return None
    return Seen(pixels, tuple((total / pixels).tolist()), clipped / pixels)


def light_of(reader: RasterReader, values: np.ndarray, white: float, curve: str) -> np.ndarray:
    """Turn raw ``values`` (bands, pixels) into light, by band scale and offset or with sRGB undone.

    Returns: (bands, pixels).
    """
    if curve == SRGB_CURVE:
        return np.asarray(SRGB.light((values / white).astype(np.float32)), np.float64)
    if reader.scale is None or reader.offset is None:
        return values
    return values * np.array(reader.scale)[:, None] + np.array(reader.offset)[:, None]


def _is_clipped(reader: RasterReader, values: np.ndarray) -> np.ndarray:
    """Which pixels lie at the end of the scale in a band."""
    if not reader.integer:
        return np.zeros(values.shape[1], bool)
    return (values >= 2**reader.bits - 1).any(axis=0)
