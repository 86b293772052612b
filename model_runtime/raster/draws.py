"""The folder that ``upsample --draws`` fills: its cubes, and whether they fit an estimate."""

import re
from pathlib import Path
from typing import List

import numpy as np

from ..contract import FINGERPRINT_TAG, SAMPLE_NAME, TAG_PREFIX, VALUES_TAGS
from ..errors import InputError
from ..tiling import Window
from .cube import cube_shape, read_cube
from .dataset import open_dataset

FEWEST_DRAWS = 2
DRAW = re.compile(rf"{re.escape(SAMPLE_NAME)}\d+")
_SAME_RUN = "take draws or a spread of the same run"
_WORDS = {name: name[len(TAG_PREFIX) :].lower().replace("_", " ") for name in VALUES_TAGS}


def find_draws(folder: str) -> List[str]:
    """List the draws in ``folder``.

    Returns: paths, in order.
    Raises: InputError where there are fewer than two.
    """
    files = [path for end in (".tif", ".vrt") for path in sorted(Path(folder).glob(f"*{end}"))]
    # "sample_001 (copy).tif" is no draw of its own: it would make intervals narrower.
    found = [path for path in files if DRAW.fullmatch(path.stem)]
    if len(found) < FEWEST_DRAWS:
        raise InputError(
            f"--draws '{folder}' holds {len(found)} draws ({SAMPLE_NAME}001.tif, ...)",
            "name the folder that upsample --draws wrote",
        )
    return [str(path) for path in found]


def refuse_other_run(cube: str, other: str) -> None:
    """Check that ``other``, draws or a spread, has the pixels and bands of ``cube`` and its values.

    Rasters without tags, as those of other software, are only held to the pixels and bands.

    Raises: InputError where it has not.
    """
    _refuse_other_grid(cube, other)
    tags, others = (open_dataset(path).GetMetadata() or {} for path in (cube, other))
    differ = [name for name in VALUES_TAGS if name in tags and name in others]
    differ = [name for name in differ if tags[name] != others[name]]
    if FINGERPRINT_TAG in differ:
        raise InputError(f"'{other}' was made of another picture than '{cube}'", _SAME_RUN)
    if differ:
        name = differ[0]
        raise InputError(
            f"'{other}' is not of the run that made '{cube}': its {_WORDS[name]} is "
            f"{others[name]}, not {tags[name]}",
            _SAME_RUN,
        )


def _refuse_other_grid(cube: str, other: str) -> None:
    corners = [read_cube(path, window=Window(0, 0, 1, 1)) for path in (cube, other)]
    own_nm, its_nm = (np.asarray(corner.wavelength_nm) for corner in corners)
    alike = cube_shape(cube) == cube_shape(other) and np.allclose(own_nm, its_nm, atol=0.01)
    if not alike or corners[0].geotransform != corners[1].geotransform:
        raise InputError(
            f"'{other}' has not the pixels and bands of '{cube}'",
            _SAME_RUN,
        )
