"""Pictures (uint8 RGBA) of cubes and maps; what is masked is transparent. Pure NumPy."""

from typing import List, Sequence, Tuple

import numpy as np

from ..contract import INFRARED_NM, NATURAL_NM

STRETCH_PERCENT = (2, 98)
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
# Okabe and Ito's colours for categories, safe for the colour-blind.
CLASS_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7")


def nearest_bands(wavelength_nm: Sequence[float], wanted_nm: Sequence[float]) -> List[int]:
    """The band (0-based) nearest to each wanted wavelength."""
    wavelength = np.asarray(wavelength_nm, np.float64)
    return [int(np.abs(wavelength - nm).argmin()) for nm in wanted_nm]


def composite(bands: np.ndarray, together: bool) -> np.ndarray:
    """RGBA (4, rows, cols) of ``bands`` (3, rows, cols), NaN transparent.

    Stretched between STRETCH_PERCENT: all bands ``together`` (colours keep their balance) or each
    on its own.
    """
    shown = np.isfinite(bands).all(axis=0)
    if not shown.any():
        return np.zeros((4, *bands.shape[1:]), np.uint8)
    axis = None if together else 1
    low, high = np.percentile(bands[:, shown], STRETCH_PERCENT, axis=axis)
    low, high = (np.broadcast_to(limit, 3)[:, None, None] for limit in (low, high))
    unit = (np.where(shown, bands, low) - low) / np.maximum(high - low, 1e-12)
    return _rgba(np.clip(unit, 0, 1) * 255, shown)


def natural(cube: np.ndarray, wavelength_nm: Sequence[float]) -> np.ndarray:
    """Natural colour of an estimate (bands, rows, cols): bands nearest NATURAL_NM."""
    return composite(cube[nearest_bands(wavelength_nm, NATURAL_NM)], together=True)


def infrared(cube: np.ndarray, wavelength_nm: Sequence[float]) -> np.ndarray:
    """Colour infrared of an estimate (bands, rows, cols): bands nearest INFRARED_NM."""
    return composite(cube[nearest_bands(wavelength_nm, INFRARED_NM)], together=False)


def colour_map(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """RGBA of a map (rows, cols) in viridis from ``low`` to ``high``; NaN transparent."""
    shown = np.isfinite(values)
    unit = np.clip((np.where(shown, values, low) - low) / max(high - low, 1e-12), 0, 1)
    steps = np.linspace(0, 1, len(_VIRIDIS))
    return _rgba(np.stack([np.interp(unit, steps, channel) for channel in _VIRIDIS.T]), shown)


def class_map(labels: np.ndarray) -> np.ndarray:
    """RGBA of class numbers (rows, cols) in CLASS_COLOURS; -1 transparent."""
    colours = np.array([hex_rgb(colour) for colour in CLASS_COLOURS], np.float64)
    return _rgba(colours[labels % len(colours)].transpose(2, 0, 1), labels >= 0)


def hex_rgb(colour: str) -> Tuple[int, int, int]:
    """``#rrggbb`` as three numbers from 0 to 255."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def enlarge(picture: np.ndarray, least_side: int) -> np.ndarray:
    """``picture`` (channels, rows, cols) with its pixels repeated until it is wide enough."""
    times = max(1, -(-least_side // max(picture.shape[1:])))
    return picture.repeat(times, axis=1).repeat(times, axis=2)


def _rgba(rgb: np.ndarray, shown: np.ndarray) -> np.ndarray:
    return np.concatenate([np.rint(rgb), shown[None] * 255]).astype(np.uint8)
