"""The spectrum of a pixel, or of some about it, of a raster file, in physical units."""

from typing import Optional, Tuple

import numpy as np
from osgeo import gdal

from ..model_runtime.raster.band_scale import scale_of
from ..model_runtime.raster.wavelengths import bad_bands
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
        every = range(1, self._dataset.RasterCount + 1)
        items = [self._dataset.GetRasterBand(number).GetMetadataItem for number in every]
        self._bad = bad_bands(self._dataset.GetMetadataItem, items)
        self._inverse = gdal.InvGeoTransform(self._dataset.GetGeoTransform())

    def pixel(self, x: float, y: float) -> Optional[Tuple[int, int]]:
        """(column, row) under the point in the raster's own coordinates, None outside."""
        column, row = gdal.ApplyGeoTransform(self._inverse, x, y)
        column, row = int(np.floor(column)), int(np.floor(row))
        inside = 0 <= column < self._dataset.RasterXSize and 0 <= row < self._dataset.RasterYSize
        return (column, row) if inside else None

    def spectrum(self, column: int, row: int, side: int = 1) -> np.ndarray:
        """Mean values (bands,) of ``side`` × ``side`` pixels about one, as far as they lie inside.

        After band scale and offset; masked pixels do not count, NaN where all are and in bands
        that the file calls bad.
        """
        window = self._window(column, row, side)
        return np.array([self._value(i + 1, window) for i in self._order])

    def _window(self, column: int, row: int, side: int) -> Tuple[int, int, int, int]:
        """(column, row, columns, rows) of the pixels to read."""
        reach = side // 2
        left, top = max(column - reach, 0), max(row - reach, 0)
        right = min(column + reach, self._dataset.RasterXSize - 1)
        bottom = min(row + reach, self._dataset.RasterYSize - 1)
        return left, top, right - left + 1, bottom - top + 1

    def _value(self, number: int, window: Tuple[int, int, int, int]) -> float:
        if number in self._bad:
            return float("nan")
        band = self._dataset.GetRasterBand(number)
        stored = band.ReadAsArray(*window).astype(np.float64)
        seen = (band.GetMaskBand().ReadAsArray(*window) != 0) & np.isfinite(stored)
        if not seen.any():
            return float("nan")
        scale = scale_of(band.GetScale(), self._dataset.GetMetadataItem)
        return float(stored[seen].mean()) * scale + (band.GetOffset() or 0.0)
