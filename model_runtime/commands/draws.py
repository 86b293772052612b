"""The draws that upsample wrote, as other commands take them."""

from pathlib import Path
from typing import List

import numpy as np

from ..contract import SAMPLE_NAME
from ..errors import InputError
from ..tiling import Window

FEWEST = 2


def draws_in(folder: str) -> List[str]:
    """Find the draws in ``folder``.

    Returns: their paths, in order.
    Raises: InputError where there are fewer than two.
    """
    found = [path for end in ("tif", "vrt") for path in Path(folder).glob(f"{SAMPLE_NAME}*.{end}")]
    if len(found) < FEWEST:
        raise InputError(
            f"--draws '{folder}' holds {len(found)} draws ({SAMPLE_NAME}001.tif, ...)",
            "name the folder that upsample --draws wrote",
        )
    return [str(path) for path in sorted(found)]


def refuse_other_grid(cube: str, other: str) -> None:
    """Check that ``other`` has the pixels, bands and place of ``cube``.

    Raises: InputError where it has not.
    """
    from ..raster.cube import cube_shape, read_cube

    corners = [read_cube(path, window=Window(0, 0, 1, 1)) for path in (cube, other)]
    own_nm, its_nm = (np.asarray(corner.wavelength_nm) for corner in corners)
    alike = cube_shape(cube) == cube_shape(other) and np.allclose(own_nm, its_nm, atol=0.01)
    if not alike or corners[0].geotransform != corners[1].geotransform:
        raise InputError(
            f"'{other}' has not the pixels and bands of '{cube}'",
            "take draws or a spread of the same run",
        )
