"""Spectra of points and polygons: one reading of those tiles of a raster that hold a feature."""

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ..raster.cube import read_cube, usable_bands
from ..raster.features import Placed
from ..spectra import index_interval
from ..spectra.feature_statistics import FeatureSums
from ..spectra.index_bands import weights_at
from ..spectra.index_formula import Formula
from ..tiling import Window

TILE_BYTES = 32 << 20  # of all bands
LARGEST_SIDE, SMALLEST_SIDE = 512, 16


@dataclass(frozen=True)
class FeatureSpectra:
    """What is known of each feature; arrays are float64 (features, columns).

    The columns are the raster's bands at ``wavelength_nm``, then the indices ``names``. ``mean`` of
    an index is that of the mean spectrum. ``deviation`` is from pixel to pixel (NaN for an index);
    ``uncertainty`` from one of the ``draws`` to another, None without. ``counts``: valid pixels of
    each column.
    """

    wavelength_nm: np.ndarray
    names: Tuple[str, ...]
    counts: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    uncertainty: Optional[np.ndarray]
    draws: int = 0

    @property
    def low(self) -> Optional[np.ndarray]:
        """The lower end of the 90 % interval."""
        return self._end(-1)

    @property
    def high(self) -> Optional[np.ndarray]:
        """The upper end of the 90 % interval."""
        return self._end(1)

    def _end(self, sign: int) -> Optional[np.ndarray]:
        if self.uncertainty is None:
            return None
        return self.mean + sign * index_interval.deviations(self.draws) * self.uncertainty

    @property
    def pixels(self) -> np.ndarray:
        """Pixels of each feature that hold a value (features,)."""
        return self.counts.max(1)


def sample_features(
    cube: str,
    draws: Sequence[str],
    placed: Placed,
    indices: Mapping[str, Formula],
    tell: Callable[[int, int], None],
) -> FeatureSpectra:
    """Read the spectra of the features ``placed`` on ``cube``, and of its ``draws``.

    ``tell`` hears how many of how many readings are done.

    Returns: the FeatureSpectra.
    Raises: InputError for an index that the bands do not see.
    """
    wavelength_nm = np.asarray(read_cube(cube, window=Window(0, 0, 1, 1)).wavelength_nm)
    asked_nm = sorted({nm for formula in indices.values() for nm in formula.wavelength_nm})
    usable = usable_bands(cube) if indices else None
    seen, formulas = weights_at(asked_nm, wavelength_nm, usable), list(indices.values())

    def with_indices(means: np.ndarray, least: float = -np.inf) -> np.ndarray:
        if not formulas:
            return means
        bands = np.maximum(means[:, seen.bands], least).T[:, :, None]  # (bands, features, 1)
        worked_out = seen.work_out(formulas, seen.see(bands))
        return np.hstack([means, worked_out[:, :, 0].T])

    sums = _sums([cube, *draws], placed, len(wavelength_nm), tell)
    own, middle = sums[0], with_indices(sums[0].mean)
    counts = np.hstack([own.counts, np.tile(own.counts.max(1)[:, None], len(formulas))])
    blank = np.full((len(middle), len(formulas)), np.nan)
    apart = None
    if draws:
        # A draw may lie below 0, which no reflectance does: ratios would run away.
        drawn = (with_indices(other.mean, least=0) for other in sums[1:])
        apart = index_interval.of_draws(middle, drawn)
    deviation = np.hstack([own.deviation, blank])
    known = middle, deviation, apart, len(draws)
    return FeatureSpectra(wavelength_nm, tuple(indices), counts, *known)


def _sums(
    paths: Sequence[str], placed: Placed, bands: int, tell: Callable[[int, int], None]
) -> List[FeatureSums]:
    """The sums of each raster of ``paths``: tile by tile, each pixel read once."""
    sums = [FeatureSums(len(placed.geometries), bands) for _ in paths]
    tiles, done = _tiles(placed, _side(bands)), 0
    for window, members in tiles.items():
        masks = {number: placed.mask(number, window) for number in members}
        for path, of_path in zip(paths, sums):
            values = read_cube(path, window=window).values
            for number, mask in masks.items():
                of_path.add(number, values[:, mask])
            done += 1
            tell(done, len(tiles) * len(paths))
    return sums


def _side(bands: int) -> int:
    """Of a tile, in pixels: a power of two, so that it meets the blocks of a file."""
    fitting = max(1, math.isqrt(max(1, TILE_BYTES // (4 * bands))))
    return min(LARGEST_SIDE, max(SMALLEST_SIDE, 2 ** int(math.log2(fitting))))


def _tiles(placed: Placed, side: int) -> Dict[Window, List[int]]:
    """The features in each tile, by the part of the tile that they need."""
    members: Dict[Tuple[int, int], List[Tuple[int, Window]]] = defaultdict(list)
    for number in range(len(placed.geometries)):
        window = placed.window(number)
        if window is None:
            continue
        for row in range(window.row0 // side, -(-(window.row0 + window.rows) // side)):
            for col in range(window.col0 // side, -(-(window.col0 + window.cols) // side)):
                members[row, col].append((number, window))
    return {
        _part(row * side, col * side, side, [window for _, window in inside]): [
            number for number, _ in inside
        ]
        for (row, col), inside in sorted(members.items())
    }


def _part(row0: int, col0: int, side: int, windows: Sequence[Window]) -> Window:
    """The part of a tile that ``windows`` cover together."""
    top = max(row0, min(window.row0 for window in windows))
    left = max(col0, min(window.col0 for window in windows))
    bottom = min(row0 + side, max(window.row0 + window.rows for window in windows))
    right = min(col0 + side, max(window.col0 + window.cols for window in windows))
    return Window(top, left, bottom - top, right - left)
