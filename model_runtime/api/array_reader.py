"""Reads an array window by window, as raster.reader reads a file: the same pixels, no GDAL."""

from typing import Any, Optional, Sequence, Tuple

import numpy as np

from ..errors import InputError
from ..package.manifest import InputBand
from ..raster import band_choice
from ..raster.band_choice import BandFacts
from ..raster.fill_values import describe_fill, find_undeclared
from ..spectra.known_calibration import recognise
from ..spectra.radiometry import Stored
from ..tiling import Window, reflect
from .array_values import ArrayValues

# So that no share of pixels falls on an edge by rounding: GDAL's, which thins files.
EPSILON = 1e-10


class ArrayReader:
    """``given`` as an input whose bands are in the order of ``wanted``, the model's.

    ``bands`` (1-based) of the array; ``rows``, ``cols``; what a file says of its place and its
    bands is not known.
    """

    georeference: Any = None
    wavelength_nm: Optional[Sequence[float]] = None
    bands_doubt = ""
    values_doubts: Sequence[str] = ()  # what the first sample showed

    def __init__(self, given: ArrayValues, wanted: Tuple[InputBand, ...]):
        count, self.rows, self.cols = given.values.shape
        facts = given.bands or [band_choice.BandFacts(i) for i in range(1, count + 1)]
        choice = _choose_bands(given.name, facts, wanted)
        self.bands: Sequence[int] = choice.bands
        self.bands_taken = choice.describe(facts, wanted)
        self._given, self._picked = given, np.array(choice.bands) - 1
        # As of a file: Sentinel-2's and Landsat's nodata.
        known, kind = recognise(given.facts) if given.offset is None else None, given.values.dtype
        offset = known.offset if known is not None else given.offset or 0.0
        self._zero_is_fill = kind.kind in "ui" and kind.itemsize == 2 and offset < 0

    def mask_zeros(self) -> None:
        """Read 0 in all bands as nodata from now on."""
        self._zero_is_fill = True

    @property
    def whole(self) -> Window:
        """The window of the whole array."""
        return Window(0, 0, self.rows, self.cols)

    def read(self, window: Window) -> Tuple[np.ndarray, np.ndarray]:
        """Read ``window``, which may stick out of the array: there the array is mirrored.

        Returns: values (bands, rows, cols) float32, and what is valid, (rows, cols) bool.
        """
        rows = reflect(window.row0, window.row0 + window.rows, self.rows)
        cols = reflect(window.col0, window.col0 + window.cols, self.cols)
        return self._values(rows, cols)

    def sample(self, side: int) -> Stored:
        """What is known of the values, by the valid pixels of at most ``side`` rows and columns.

        Returns: the sample, with what is said of the values.
        Raises: InputError where no pixel is valid.
        """
        values, valid = self._values(_thin(self.rows, side), _thin(self.cols, side))
        if not valid.any():
            name = self._given.name
            raise InputError(f"{name} holds no valid pixel", "check its NaN, its mask and nodata")
        kind, given = self._given.values.dtype, self._given
        scaled = (given.scale or 1.0, given.offset or 0.0) != (1.0, 0.0)
        return Stored(
            values[:, valid],
            kind.kind in "ui",
            8 * kind.itemsize,
            [given.scale or 1.0] * len(values) if scaled else None,
            [given.offset or 0.0] * len(values) if scaled else None,
            given.facts,
        )

    def thin_validity(self, side: int) -> Tuple[np.ndarray, Tuple[float, float]]:
        """Which pixels of the whole array are valid, thinned as a raster's are.

        Returns: bool (rows, cols), and of how many rows and columns one is taken.
        """
        rows, cols = (_thin(n, side) for n in (self.rows, self.cols))
        return self._values(rows, cols)[1], (self.rows / len(rows), self.cols / len(cols))

    def _values(self, rows: np.ndarray, cols: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        stored = self._given.values[np.ix_(self._picked, rows, cols)]
        with np.errstate(over="ignore"):
            values = stored.astype(np.float32)
        valid = np.isfinite(values).all(axis=0)
        if self._given.masked is not None:
            valid &= ~self._given.masked[np.ix_(rows, cols)]
        filled = find_undeclared(stored, valid, self._zero_is_fill)
        self._note_fill(values, filled)
        return values, valid & ~filled.any(axis=0)

    def _note_fill(self, values: np.ndarray, filled: np.ndarray) -> None:
        """Warn once, of the first values that are read: the sample of the whole."""
        if self.values_doubts or not filled.any():
            return
        self.values_doubts = [describe_fill(values, filled, "give nodata={:.9g}, or NaN")]


def _choose_bands(
    name: str, facts: Sequence[BandFacts], wanted: Tuple[InputBand, ...]
) -> band_choice.Choice:
    """By what is said of the bands, else red, green and blue in this order."""
    try:
        choice = band_choice.choose(name, facts, wanted)
        band_choice.check(facts, choice, wanted)
        return choice
    except InputError as error:
        remedy = f"give the bands of {name} as red, green and blue, or correct what is said of them"
        raise InputError(error.message, remedy) from error


def _thin(length: int, side: int) -> np.ndarray:
    """The pixels that GDAL takes of ``length`` when it reads them into ``side``."""
    count = min(length, side)
    return np.floor((np.arange(count) + 0.5) * (length / count) + EPSILON).astype(np.intp)
