"""Reads calibration targets: the mean light of the pixels of each polygon."""

import math
from dataclasses import dataclass
from typing import Callable, Iterator, Optional

import numpy as np

from ..errors import InputError
from ..raster.features import Placed
from ..raster.reader import RasterReader
from ..spectra.empirical_line import SRGB_CURVE, Seen
from ..spectra.radiometry import SAMPLE_SIDE
from ..spectra.transfer_curve import SRGB
from ..tiling import Window, strips

UNSIGNED = ("Byte", "UInt")
FEWEST_BITS = 10


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

    Saturated is what lies at the end of the scale.

    Returns: each feature's Seen, None for one without a pixel.
    Raises: InputError for a curve that does not go with the picture, StorageError.
    """
    white, count = white_of(reader, curve), len(placed.geometries)
    end = end_of_scale(reader)
    for number in range(count):
        yield _read(reader, placed, number, Scale(white, curve, end))
        tell(number + 1, count)


@dataclass(frozen=True)
class Scale:
    """A picture's scale: the value of ``white`` under ``curve``, and its ``end``."""

    white: float
    curve: str
    end: float


def end_of_scale(reader: RasterReader) -> float:
    """Find the value at which a picture's pixels are saturated.

    It is the largest of its type or of the bits that it uses; else, as of 12 bits in 16 that no tag
    tells of, the largest value where that is the end of 10 bits or more, or exactly 1.

    Returns: the value, infinity where no pixel is at any end.
    """
    largest = float(reader.sample(SAMPLE_SIDE).max())
    if not reader.integer:
        return 1.0 if largest == 1 else math.inf
    bits = reader.facts.used_bits or reader.bits - (not reader.type_name.startswith(UNSIGNED))
    is_end = largest >= 2**FEWEST_BITS - 1 and (largest + 1).is_integer() and _is_power(largest + 1)
    return min(2.0**bits - 1, largest if is_end else math.inf)


def _is_power(number: float) -> bool:
    return math.frexp(number)[0] == 0.5


def _read(reader: RasterReader, placed: Placed, number: int, scale: Scale) -> Optional[Seen]:
    window = placed.window(number)
    if window is None:
        return None
    total, pixels, clipped = np.zeros(len(reader.bands)), 0, 0
    for part in strips(2 * len(reader.bands), window.rows, window.cols):
        place = Window(window.row0 + part.row0, window.col0 + part.col0, part.rows, part.cols)
        values, valid = reader.read(place)
        picked = values[:, placed.mask(number, place) & valid].astype(np.float64)
        total += light_of(reader, picked, scale.white, scale.curve).sum(axis=1)
        pixels += picked.shape[1]
        clipped += int((picked >= scale.end).any(axis=0).sum())
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
