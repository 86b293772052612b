"""What the tests of upsample's further outputs share: a picture, the command, reading back."""

import numpy as np
from osgeo import gdal

gdal.UseExceptions()


def masked_values(most):
    """Reflectance x 10,000 up to ``most``, 0 in a corner: 41 x 53 pixels, several tiles of 32."""
    values = np.random.default_rng(3).integers(200, most, (3, 41, 53)).astype(np.uint16)
    values[:, :4, :6] = 0
    return values


def words(source, package, out, *more):
    """The command line that takes ``source`` for reflectance."""
    asked = ["upsample", source, out, "--model", package, "--radiometry", "reflectance"]
    return [str(word) for word in (*asked, *more)]


def float32_words(source, package, out, *more):
    """The same with outputs that are not rounded."""
    return words(source, package, out, "--dtype", "float32", *more)


def read(path):
    """The values of a raster as they are stored."""
    return gdal.Open(str(path)).ReadAsArray()
