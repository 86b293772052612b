"""What the API is given: an array, checked, with what is said of its values."""

from dataclasses import dataclass, field
from typing import Any, Optional, Tuple

import numpy as np

from ..errors import InputError
from ..package.manifest import InputBand
from ..raster.band_choice import BandFacts
from ..spectra.known_calibration import FileFacts


@dataclass(frozen=True)
class ArrayValues:
    """``values`` (bands, rows, cols), red, green and blue first where these are the bands.

    ``masked`` (rows, cols) bool, or None; ``scale`` and ``offset`` make reflectance of what is
    stored, None where nothing is said; ``facts``: what else is known; ``name`` of the parameter;
    ``bands``: what is said of each band, empty where nothing is.
    """

    values: np.ndarray
    masked: Optional[np.ndarray] = None
    scale: Optional[float] = None
    offset: Optional[float] = None
    facts: FileFacts = field(default_factory=FileFacts)
    name: str = "rgb"
    bands: Tuple[BandFacts, ...] = ()


def of_array(rgb: Any, nodata: Optional[float]) -> ArrayValues:
    """Take an array (bands, rows, cols), masked or not; ``nodata`` in any band masks a pixel.

    Returns: the values, as they are stored.
    Raises: InputError for a ``nodata`` that is not one number.
    """
    if nodata is not None and (np.ndim(nodata) or np.asarray(nodata).dtype.kind not in "uif"):
        raise InputError(
            f"nodata is {nodata!r}, not a number", "give one number for all bands, or a mask"
        )
    values = np.ma.getdata(rgb)
    masked = np.ma.getmask(rgb) if isinstance(rgb, np.ma.MaskedArray) else np.ma.nomask
    if nodata is not None:
        masked = masked | (values == nodata)
    none = masked is np.ma.nomask or values.ndim != 3
    return ArrayValues(values, None if none else masked.any(axis=0))


def check(given: ArrayValues, wanted: Tuple[InputBand, ...]) -> None:
    """Check that the values are real numbers, (bands, rows, cols), of the bands ``wanted``.

    Raises: InputError where they are not.
    """
    values, name = given.values, given.name
    names = ", ".join(band.name for band in sorted(wanted, key=lambda one: -one.wavelength_nm))
    right = f"({len(wanted)}, rows, cols): {names}"
    if values.ndim != 3 or len(values) != len(wanted) or not values.size:
        last = values.ndim == 3 and values.shape[2] == len(wanted)
        remedy = f"move the bands first: numpy.moveaxis({name}, -1, 0)" if last else f"give {right}"
        raise InputError(f"{name} has the shape {values.shape}, not {right}", remedy)
    if values.dtype.kind not in "uif":
        raise InputError(
            f"{name} holds values of type {values.dtype}", "give whole or floating-point numbers"
        )
