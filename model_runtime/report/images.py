"""Pictures (uint8 RGBA) of cubes and maps; what is masked is transparent. Pure NumPy."""

from typing import List, Optional, Sequence, Tuple

import numpy as np

from ..contract import (
    BLUE,
    GREEN,
    INFRARED_NM,
    NATURAL_NM,
    ORANGE,
    PURPLE,
    RESPONSES_NM,
    VERMILION,
)

STRETCH_PERCENT = (2, 98)
LEAST_RESPONSE = 0.1  # of the best band: below it a colour is not seen
INFRARED_PERCENT, LEAST_VISIBLE = 99, 0.5  # red and green up to half of the infrared at least
# Anchors of the viridis colour map (matplotlib, CC0): even steps in lightness, safe for the
# colour-blind.
_VIRIDIS = np.array(
    [
        (68, 1, 84),
        (71, 45, 123),
        (59, 82, 139),
        (44, 114, 142),
        (33, 145, 140),
        (40, 174, 128),
        (94, 201, 98),
        (173, 220, 48),
        (253, 231, 37),
    ],
    np.float64,
)
CLASS_COLOURS = (BLUE, ORANGE, GREEN, VERMILION, PURPLE)


def nearest_bands(wavelength_nm: Sequence[float], wanted_nm: Sequence[float]) -> List[int]:
    """Find the band nearest to each wanted wavelength; ``wavelength_nm`` (bands,).

    Returns: one 0-based band number per wanted wavelength.
    """
    wavelength = np.asarray(wavelength_nm, np.float64)
    return [int(np.abs(wavelength - nm).argmin()) for nm in wanted_nm]


def composite(bands: np.ndarray, together: bool, like: Optional[np.ndarray] = None) -> np.ndarray:
    """Stretch ``bands`` (3, rows, cols) between STRETCH_PERCENT into a picture, NaN transparent.

    All bands ``together`` (colours keep their balance) or each on its own; as ``like``
    (3, rows, cols), in the same unit, would be where it is given.

    Returns: RGBA of 8 bits (4, rows, cols).
    """
    shown = np.isfinite(bands).all(axis=0)
    measured = bands if like is None else like
    known = np.isfinite(measured).all(axis=0)
    if not (shown.any() and known.any()):
        return np.zeros((4, *bands.shape[1:]), np.uint8)
    low, high = np.percentile(measured[:, known], STRETCH_PERCENT, axis=None if together else 1)
    return _stretch(bands, shown, low, high)


def natural(
    cube: np.ndarray, wavelength_nm: Sequence[float], like: Optional[np.ndarray] = None
) -> np.ndarray:
    """Show an estimate (bands, rows, cols) as a camera sees it, stretched as its picture ``like``.

    A camera's broad red, green and blue are less saturated than the bands at their centres.

    Returns: RGBA of 8 bits (4, rows, cols).
    """
    wavelength = np.asarray(wavelength_nm, np.float64)[:, None]
    centres, widths = np.array(RESPONSES_NM).T
    weights = np.exp(-0.5 * ((wavelength - centres) / widths) ** 2)
    if min(weights.max(axis=0)) < LEAST_RESPONSE:  # no band lies in a colour's response
        return composite(cube[nearest_bands(wavelength_nm, NATURAL_NM)], True, like)
    seen = np.tensordot((weights / weights.sum(axis=0)).T, cube, 1)
    return composite(seen, True, like)


def infrared(cube: np.ndarray, wavelength_nm: Sequence[float]) -> np.ndarray:
    """Show an estimate (bands, rows, cols) in colour infrared: bands nearest INFRARED_NM.

    From 0 on, red and green alike: each on its own would paint every scene in the same colours.

    Returns: RGBA of 8 bits (4, rows, cols).
    """
    bands = cube[nearest_bands(wavelength_nm, INFRARED_NM)]
    shown = np.isfinite(bands).all(axis=0)
    if not shown.any():
        return np.zeros((4, *bands.shape[1:]), np.uint8)
    tops = np.percentile(bands[:, shown], INFRARED_PERCENT, axis=1)
    visible = max(*tops[1:], LEAST_VISIBLE * tops[0])
    return _stretch(bands, shown, 0.0, np.array([tops[0], visible, visible]))


def _stretch(bands: np.ndarray, shown: np.ndarray, low, high) -> np.ndarray:
    """RGBA of ``bands``, black at ``low`` and full at ``high``: numbers, or one for each band."""
    low, high = (np.broadcast_to(limit, 3)[:, None, None] for limit in (low, high))
    unit = (np.where(shown, bands, low) - low) / np.maximum(high - low, 1e-12)
    return _rgba(np.clip(unit, 0, 1) * 255, shown)


def colour_map(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Colour a map (rows, cols) in viridis from ``low`` to ``high``.

    Returns: RGBA (4, rows, cols) uint8; NaN is transparent.
    """
    shown = np.isfinite(values)
    unit = np.clip((np.where(shown, values, low) - low) / max(high - low, 1e-12), 0, 1)
    steps = np.linspace(0, 1, len(_VIRIDIS))
    return _rgba(np.stack([np.interp(unit, steps, channel) for channel in _VIRIDIS.T]), shown)


def class_map(labels: np.ndarray) -> np.ndarray:
    """Colour class numbers (rows, cols) with CLASS_COLOURS.

    Returns: RGBA (4, rows, cols) uint8; -1 is transparent.
    """
    colours = np.array([hex_rgb(colour) for colour in CLASS_COLOURS], np.float64)
    return _rgba(colours[labels % len(colours)].transpose(2, 0, 1), labels >= 0)


def hex_rgb(colour: str) -> Tuple[int, int, int]:
    """Convert ``#rrggbb`` to numbers.

    Returns: red, green and blue, 0 to 255.
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def enlarge(picture: np.ndarray, least_side: int) -> np.ndarray:
    """Repeat the pixels of ``picture`` (channels, rows, cols) until it is large enough.

    Returns: (channels, rows, cols), larger or the same.
    """
    times = max(1, -(-least_side // max(picture.shape[1:])))
    return picture.repeat(times, axis=1).repeat(times, axis=2)


def _rgba(rgb: np.ndarray, shown: np.ndarray) -> np.ndarray:
    return np.concatenate([np.rint(rgb), shown[None] * 255]).astype(np.uint8)
