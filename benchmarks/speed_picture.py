"""The 8-bit pictures that the speed benchmark upsamples."""

from pathlib import Path
from typing import Optional

import numpy as np
from osgeo import gdal

from model_runtime.errors import InputError

gdal.UseExceptions()
PATCH, KNOTS = 512, 33  # pixels per side of the texture, of the random grid under it
NOISE = 3.0  # counts: a camera's, which compression and caches feel


def write(path: Path, side: int, source: Optional[Path] = None) -> Path:
    """Write ``side`` x ``side`` pixels at ``path``: of ``source``, else a texture, mirrored on.

    Raises InputError for a source that is no 8-bit picture of three bands.
    """
    seen = texture() if source is None else _pixels(source, side)
    missing = [(0, max(0, side - n)) for n in seen.shape[1:]]
    values = np.pad(seen, [(0, 0), *missing], mode="symmetric")[:, :side, :side]
    made = gdal.GetDriverByName("GTiff").Create(str(path), side, side, 3, options=["TILED=YES"])
    made.SetGeoTransform((0, 0.1, 0, 0, 0, -0.1))
    made.WriteArray(np.ascontiguousarray(values))
    return path


def texture() -> np.ndarray:
    """uint8 (3, PATCH, PATCH): random values, smooth between the knots, with noise."""
    rng = np.random.default_rng(0)
    knots = rng.uniform(20, 230, (3, KNOTS, KNOTS))
    at = np.linspace(0, KNOTS - 1, PATCH)
    weight = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(KNOTS)))  # (PATCH, KNOTS), linear
    smooth = weight @ knots @ weight.T
    return np.clip(smooth + rng.normal(0, NOISE, smooth.shape), 0, 255).astype(np.uint8)


def _pixels(source: Path, side: int) -> np.ndarray:
    try:
        picture = gdal.Open(str(source))
    except RuntimeError as error:
        raise InputError(
            f"'{source}' cannot be read ({error})", "name another --picture"
        ) from error
    cols, rows = min(side, picture.RasterXSize), min(side, picture.RasterYSize)
    values = picture.ReadAsArray(0, 0, cols, rows)
    if values.dtype != np.uint8 or values.ndim != 3 or len(values) < 3:
        raise InputError(f"'{source}' is no 8-bit picture of three bands", "name another --picture")
    return values[:3]
