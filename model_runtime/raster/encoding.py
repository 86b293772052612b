"""How values are stored and bands described: type, scale, nodata, wavelengths."""

import math
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Sequence, Tuple, Union

import numpy as np

_TYPES = {"Float32": np.float32, "UInt16": np.uint16, "Byte": np.uint8}


@dataclass(frozen=True)
class Spectral:
    """What is written about the bands: wavelengths, widths (nm) and the values' unit.

    ``colours``: the bands' colour interpretation, such as ("red", "green", "blue"). ``names``: what
    the sensor calls its bands.
    """

    wavelength_nm: Union[Sequence[float], np.ndarray]
    fwhm_nm: Union[Sequence[float], np.ndarray]
    unit: str
    colours: Sequence[str] = ()
    names: Sequence[str] = ()

    @property
    def count(self) -> int:
        """How many bands there are."""
        return len(self.wavelength_nm)


@dataclass(frozen=True)
class Named:
    """What is written about bands that are not a spectrum: their names and their unit.

    ``categories``: what the values 0, 1, 2 ... of a band of classes stand for.
    """

    names: Tuple[str, ...]
    unit: str = ""
    categories: Tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many bands there are."""
        return len(self.names)


Bands = Union[Spectral, Named]


@dataclass(frozen=True)
class Encoding:
    """How values are stored: GDAL type name, the band scale and the nodata value."""

    type_name: str
    scale: float
    nodata: float

    @property
    def item_bytes(self) -> int:
        """Bytes of one stored value."""
        return self.dtype.itemsize

    @property
    def dtype(self) -> np.dtype:
        """The type of stored values."""
        return np.dtype(_TYPES[self.type_name])

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Encode ``values`` (any shape); NaN becomes nodata, and no value wraps or becomes nodata.

        Returns: stored values in the same shape.
        """
        if self.type_name == "Float32":
            return np.ascontiguousarray(values, np.float32)
        counts = np.multiply(values, np.float32(1 / self.scale), dtype=np.float32)
        np.rint(counts, out=counts)
        # Looking whether there is anything to clip takes a tenth of clipping.
        low, high = counts.min(initial=0), counts.max(initial=0)  # NaN where there is one
        if not low >= 0:
            np.maximum(counts, 0, out=counts)
        if not high < self.nodata:
            np.minimum(counts, self.nodata - 1, out=counts)
        if np.isnan(high):
            counts[np.isnan(counts)] = self.nodata
        return counts.astype(self.dtype)

    def nothing(self, shape: Tuple[int, ...]) -> np.ndarray:
        """Fill ``shape`` with nodata.

        Returns: stored values.
        """
        return np.full(shape, self.nodata, self.dtype)

    def has_values(self, stored: np.ndarray) -> np.ndarray:
        """Find where ``stored`` is not nodata.

        Returns: bool in the same shape.
        """
        return ~np.isnan(stored) if self.type_name == "Float32" else stored != self.nodata


# Whole numbers from 0 to 100.
PERCENT = Encoding("Byte", 1.0, 255)


# Numbers of classes.
CLASSES = Encoding("UInt16", 1.0, 65535)


def of_dtype(dtype: str, unit: str) -> Encoding:
    """Choose the storage for ``--dtype``.

    uint16 is reflectance x 10,000, other units as they are. Float32 has NaN for nodata: a program
    that ignores the tag gets NaN from it, never a number that could pass for a value (-9999 would
    spoil a mean unseen).

    Returns: the Encoding.
    """
    if dtype == "float32":
        return Encoding("Float32", 1.0, math.nan)
    return Encoding("UInt16", 1e-4 if unit == "reflectance" else 1.0, 65535)


def envi_lists(spectral: Spectral) -> Dict[str, str]:
    """Write the ENVI domain of a raster with these bands.

    Returns: metadata items.
    """
    return {
        "wavelength": envi_list(spectral.wavelength_nm),
        "wavelength_units": "Nanometers",
        "fwhm": envi_list(spectral.fwhm_nm),
    }


def envi_list(values: Iterable[Any]) -> str:
    """Write numbers as ENVI's headers do: ``{450.00, 460.00}``.

    Returns: the text.
    """
    return f"{{{', '.join(f'{value:.2f}' for value in values)}}}"
