"""The values between which a band is stretched: shares of a thinned sample of its pixels.

QGIS's own cut is by a histogram, which GDAL has none of where all pixels are alike.
"""

from math import ceil, sqrt
from typing import Tuple

import numpy as np

from .raster_file import open_raster

SAMPLE_PIXELS = 250_000
UNKNOWN = (0.0, 1.0)  # of a band without a valid pixel


def cut_of(name: str, band: int, shares: Tuple[float, float]) -> Tuple[float, float]:
    """The quantiles ``shares`` of ``band`` (from 1) of the raster ``name``, in physical units.

    The first is always below the second: where all pixels are alike they lie about that value.
    """
    values = _thinned(name, band)
    if not values.size:
        return UNKNOWN
    low, high = (float(value) for value in np.quantile(values, shares))
    if high > low:
        return low, high
    margin = abs(low) / 2 or 0.5
    return low - margin, high + margin


def _thinned(name: str, number: int) -> np.ndarray:
    """Valid values (pixels,) after the band's scale and offset."""
    dataset = open_raster(name)
    if dataset is None:
        return np.zeros(0)
    every = max(1.0, sqrt(dataset.RasterXSize * dataset.RasterYSize / SAMPLE_PIXELS))
    size = {
        "buf_xsize": ceil(dataset.RasterXSize / every),
        "buf_ysize": ceil(dataset.RasterYSize / every),
    }
    band = dataset.GetRasterBand(number)
    stored = band.ReadAsArray(**size).astype(np.float64)
    valid = (band.GetMaskBand().ReadAsArray(**size) != 0) & np.isfinite(stored)
    scale = band.GetScale()
    return stored[valid] * (1.0 if scale is None else scale) + (band.GetOffset() or 0.0)
