"""Values that programs write where they have none, in files that do not say so."""

from typing import Sequence

import numpy as np

# Of signed and floating-point numbers; no picture holds them otherwise.
FILL_VALUES = (-9999, -99999, -32768, -32767)
IN_FILE = "gdal_edit.py -a_nodata {:.9g}"
BEYOND = 1e30  # GDAL's, ESRI's and netCDF's largest numbers: -3.4e38, 9.97e36


def find_fill_values(values: np.ndarray) -> np.ndarray:
    """Find the fill values in stored ``values`` (any shape).

    Returns: bool in the same shape; False everywhere for unsigned whole numbers.
    """
    if values.dtype.kind == "u":
        return np.zeros(values.shape, bool)
    found = np.zeros(values.shape, bool)
    low = values <= max(FILL_VALUES)
    if low.any():  # rarely: most files are looked through only once
        for fill in FILL_VALUES:
            found |= values == fill
    if values.dtype.kind == "f":
        found |= np.abs(values) >= BEYOND
    return found


def find_undeclared(
    stored: Sequence[np.ndarray], valid: np.ndarray, zero_is_fill: bool
) -> np.ndarray:
    """Find what is no value among the ``valid`` pixels (rows, cols) of ``stored`` bands.

    ``zero_is_fill``: so is 0 in all bands.

    Returns: bool (bands, rows, cols).
    """
    filled = np.stack([find_fill_values(band) for band in stored]) & valid
    if zero_is_fill:
        filled |= valid & np.all([band == 0 for band in stored], axis=0)
    return filled


def describe_fill(values: np.ndarray, found: np.ndarray, remedy: str = IN_FILE) -> str:
    """Say that ``found`` (bands, ...) of a sample's ``values``, at least one, became nodata.

    ``remedy``: how to declare them, with a place for the value.

    Returns: a sentence.
    """
    share, first = 100 * found.any(axis=0).mean(), values[found][0]
    return (
        f"{share:.2g} % of the pixels hold {first:.7g} or the like: taken as nodata though "
        f"nothing says so. To make sure: {remedy.format(first)}"
    )
