"""Tells of pixels that look like the frame around a picture, which nothing declares as nodata."""

from typing import List

import numpy as np

# Of the pixels; a picture's own black and white are fewer, but for snow and clouds.
MANY_BLACK, MANY_WHITE = 0.02, 0.1
# The largest numbers of whole types, and how many are many: 65535 is nodata more often than white.
LARGEST = ((255, MANY_WHITE), (65535, MANY_BLACK))


def describe_blank(values: np.ndarray) -> List[str]:
    """Describe valid ``values`` (bands, pixels) that are black, or white, in all bands.

    Returns: a warning each, where they are many.
    """
    largest = values.max()
    found = [(0, MANY_BLACK, "black")]
    found += [(number, least, "white") for number, least in LARGEST if number == largest]
    return [
        _in_words(number, share, word)
        for number, least, word in found
        if (share := float((values == number).all(axis=0).mean())) >= least
    ]


def _in_words(number: int, share: float, word: str) -> str:
    return (
        f"{100 * share:.0f} % of the pixels are {number} in all bands: if that is the frame around "
        f"the picture, mark it as nodata (gdal_edit.py -a_nodata {number}); as it is, it is "
        f"estimated as {word} ground, and seen by what lies beside it"
    )
