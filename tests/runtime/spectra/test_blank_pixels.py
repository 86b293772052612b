"""A frame of black or white that nothing declares as nodata is told."""

import numpy as np
import pytest

from model_runtime.spectra.blank_pixels import describe_blank


def picture(share, number):
    """A picture of 8 bits of which ``share`` is ``number`` in all bands."""
    values = np.random.default_rng(0).integers(1, 256, (3, 1000)).astype(np.float32)
    values[:, : int(1000 * share)] = number
    return values


@pytest.mark.parametrize(("share", "number"), [(0.3, 0), (0.02, 0), (0.1, 255), (0.02, 65535)])
def test_a_frame_is_told_with_how_to_declare_it(share, number):
    (said,) = describe_blank(picture(share, number))
    assert said.startswith(f"{100 * share:.0f} % of the pixels are {number} in all bands")
    assert f"-a_nodata {number}" in said


def test_a_pictures_own_black_and_white_are_not():
    assert describe_blank(picture(0.01, 0)) == []
    assert describe_blank(picture(0.09, 255)) == []
    dark = picture(0, 0)
    dark[0] = 0  # of one band alone
    assert describe_blank(dark) == []


def test_white_is_255_only_where_nothing_is_brighter():
    counts = picture(0.5, 255)
    counts[:, -1] = 4000
    assert describe_blank(counts) == []
