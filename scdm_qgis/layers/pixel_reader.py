"""The spectrum of one pixel of a raster file, in physical units, read through GDAL."""

from typing import Optional, Tuple

import numpy as np
from osgeo import gdal

from ..translation import tr
from .raster_file import wavelengths_nm


class PixelReader:
    """Spectra of the raster ``name``; raises ValueError when it cannot be read or has no nm.

    ``wavelength_nm`` (bands,) ascending, of the bands that have one.
    """

    def __init__(self, name: str):
        found = wavelengths_nm(name)
        known = sorted((nm, i) for i, nm in enumerate(found) if nm is not None)
        if not known:
            raise ValueError(tr("'{}' has no wavelengths: nothing to draw against").format(name))
        self.wavelength_nm = np.array([nm for nm, _ in known])
        self._order = [i for _, i in known]
        self._dataset = gdal.Open(name)
        self._inverse = gdal.InvGeoTransform(self._dataset.GetGeoTransform())

    def pixel(self, x: float, y: float) -> Optional[Tuple[int, int]]:
        """(column, row) under the point in the raster's own coordinates, None outside."""
        column, row = gdal.ApplyGeoTransform(self._inverse, x, y)
        column, row = int(np.floor(column)), int(np.floor(row))
        inside = 0 <= column < self._dataset.RasterXSize and 0 <= row < self._dataset.RasterYSize
        return (column, row) if inside else None

    def spectrum(self, column: int, row: int) -> np.ndarray:
        """Values (bands,) after band scale and offset, NaN where masked."""
        return np.array([self._value(i + 1, column, row) for i in self._order])

    def _value(self, number: int, column: int, row: int) -> float:
        band = self._dataset.GetRasterBand(number)
        stored = _first(band, column, row)
        masked = _first(band.GetMaskBand(), column, row) == 0
        if masked or not np.isfinite(stored):
            return float("nan")
        scale, offset = band.GetScale(), band.GetOffset()
        return stored * (1.0 if scale is None else scale) + (offset or 0.0)


def _first(band, column: int, row: int) -> float:
    return float(band.ReadAsArray(column, row, 1, 1)[0, 0])
