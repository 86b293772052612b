"""Which grids an ENVI header describes: of the others it would tell another place, in silence."""

import math

import pytest

from model_runtime.errors import InputError
from model_runtime.raster.envi_file import check_envi_place

COS, SIN = 30 * math.cos(0.3), 30 * math.sin(0.3)


@pytest.mark.parametrize(
    "terms",
    [
        (30, 0, 0, -30),
        (30, 0, 0, -20),
        (30, 0, 0, 30),  # south up
        (COS, SIN, SIN, -COS),
        (0, 30, 30, 0),
    ],
)
def test_what_is_read_again_is_described(terms):
    a, b, d, e = terms
    check_envi_place((366975.5, a, b, 5807085.25, d, e), False)
    check_envi_place(None, False)


@pytest.mark.parametrize(
    "terms",
    [
        (-30, 0, 0, -30),  # mirrored
        (0, 30, -30, 0),  # rows and columns changed
        (COS, -SIN, SIN, COS),
        (-30, 0, 0, 30),  # which reads as south up
        (COS, 2 * SIN, SIN, -2 * COS),  # turned, of pixels that are not square
        (30, 5, 0, -30),
    ],
)
def test_mirrored_and_skewed_grids_are_refused(terms):
    a, b, d, e = terms
    with pytest.raises(InputError, match="skewed or mirrored"):
        check_envi_place((366975.5, a, b, 5807085.25, d, e), False)
