"""Noise that belongs to the ground, not to the tile: drawn for absolute cells of pixels."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Optional, Tuple

import numpy as np

from ..package.manifest import SharedNoise
from ..tiling import Window, round_up

CELL = 32  # pixels per side; small enough that a tile's margin draws little that it does not use
_PER_STAGE, _PER_SAMPLE = 48, 24  # bits: step below 2^24, sample below 2^24, stage above
_KEY = 0x5343444D  # "SCDM"
_BANK_KEY = _KEY + 1  # no cell's
SHIFT_KEY = _KEY + 2  # of what shifts a whole draw: no pixel's noise
SHIFT_OF_SPREAD_KEY = _KEY + 3
_ODD = 0x9E3779B97F4A7C15
_NODES = 0x5851F42D4C957F2D  # tells the nodes of shared noise from pixels
BANK = 256  # draws: neighbours seldom get the same, and the bank stays in the cache
# Columns whose places are worked out at once: for a patch alone, NumPy's calls cost more than that.
COLUMNS = 256


@dataclass(frozen=True)
class NoiseKey:
    """Which draw: ``step`` is the timestep that the noise is added at, T for the start."""

    seed: int
    stage: int
    sample: int
    step: int

    @property
    def word(self) -> int:
        """All but the seed, as one number."""
        return self.word_of_all_samples | (self.sample << _PER_SAMPLE)

    @property
    def word_of_all_samples(self) -> int:
        """Stage and step as one number: ``word`` of the first sample."""
        return (self.stage << _PER_STAGE) | self.step


def draw_noise(key: NoiseKey, bands: int, window: Window) -> np.ndarray:
    """Standard normal float32 (bands, rows, cols) for the absolute ``window``.

    Windows that overlap see the same numbers where they do (Philox, counter-based: Salmon et al.
    2011).

    Returns: float32 (bands, rows, cols).
    """
    row0, col0, rows, cols = window.row0, window.col0, window.rows, window.cols
    cells_down = range(row0 // CELL, (row0 + rows - 1) // CELL + 1)
    cells_across = range(col0 // CELL, (col0 + cols - 1) // CELL + 1)
    whole = np.empty((bands, len(cells_down) * CELL, len(cells_across) * CELL), np.float32)
    for i, cell_row in enumerate(cells_down):
        for j, cell_col in enumerate(cells_across):
            area = np.s_[:, i * CELL : (i + 1) * CELL, j * CELL : (j + 1) * CELL]
            whole[area] = _cell(key, cell_row, cell_col, bands)
    top, left = row0 - cells_down[0] * CELL, col0 - cells_across[0] * CELL
    return whole[:, top : top + rows, left : left + cols]


def pick_noise(
    key: NoiseKey,
    bands: int,
    samples: int,
    window: Window,
    shared: Optional[SharedNoise] = None,
) -> np.ndarray:
    """Standard normal float32 (bands, rows, cols) for ``window``, picked from a bank of draws.

    For networks that work on single pixels: a pixel's absolute position says which of BANK draws it
    gets, so that any window sees the same, at a tenth of the price of drawing for every pixel. The
    draws of a pixel's ``samples`` sum to zero and each is still standard normal (moment matching:
    Glasserman 2003, section 4.5.1): their mean hardly depends on chance.

    With ``shared``, neighbours have a part of their noise in common; a pixel's own is still
    standard normal, so that a network that works on single pixels cannot tell.

    Returns: float32 (bands, rows, cols).
    """
    shared_key = key.seed % 2**64, key.word_of_all_samples
    bank = _bank(*shared_key, bands, samples)[key.sample]
    # The places lie in the bank: "wrap" only spares the search for one that does not.
    own = bank.take(_places(*shared_key, *_numbers(window)), axis=1, mode="wrap")
    if shared is None or not shared.share:
        return own
    own *= np.float32(np.sqrt(1 - shared.share))
    own += _smooth(bank, shared_key, shared, window)
    return own


@dataclass(frozen=True)
class NoiseParts:
    """``pick_noise`` before its sum: bank[places] + ``pixel_weights`` @ nodes, pixels in a row.

    ``places`` (pixels,), ``bank`` (BANK, bands), ``nodes`` (nodes, bands).
    """

    places: np.ndarray
    bank: np.ndarray
    nodes: np.ndarray


def pick_parts(
    key: NoiseKey,
    bands: int,
    samples: int,
    window: Window,
    shared: Optional[SharedNoise] = None,
) -> NoiseParts:
    """Pick what the noise of ``pick_noise`` is summed of, for a graph that sums it.

    Returns: the parts.
    """
    shared_key = key.seed % 2**64, key.word_of_all_samples
    share = shared.share if shared else 0.0
    bank = _own_bank(*shared_key, bands, samples, key.sample, share)
    places = _places(*shared_key, *_numbers(window)).reshape(-1)
    if shared is None:
        return NoiseParts(places, bank, np.zeros((1, bands), np.float32))
    picked = _node_places(shared_key, shared.cell, window).reshape(-1)
    nodes = _own_bank(*shared_key, bands, samples, key.sample, 0.0).take(
        picked, axis=0, mode="wrap"
    )
    return NoiseParts(places, bank, nodes)


@lru_cache(maxsize=512)
def _own_bank(
    seed: int, draw: int, bands: int, samples: int, sample: int, share: float
) -> np.ndarray:
    """(BANK, bands): the draws of one sample, as much of them as is a pixel's own."""
    bank = _bank(seed, draw, bands, samples)[sample]
    return np.ascontiguousarray((bank * np.float32(np.sqrt(1 - share))).T)


def pixel_weights(window: Window, shared: Optional[SharedNoise] = None) -> np.ndarray:
    """Compute how much of each node's draw a pixel of ``window`` gets.

    Returns: float32 (pixels, nodes); of nothing shared (pixels, 1), zeros.
    """
    if shared is None:
        return np.zeros((window.rows * window.cols, 1), np.float32)
    row, col = window.row0 % shared.cell, window.col0 % shared.cell  # nodes repeat
    return _pixel_weights(row, window.rows, col, window.cols, shared)


@lru_cache(maxsize=16)
def _pixel_weights(row0: int, rows: int, col0: int, cols: int, shared: SharedNoise) -> np.ndarray:
    _, down = interpolation(row0, rows, shared.cell)
    _, across = interpolation(col0, cols, shared.cell)
    down = np.float32(np.sqrt(shared.share)) * down
    weights = down[:, None, :, None] * across[None, :, None, :]
    return weights.reshape(rows * cols, -1)


def _numbers(window: Window) -> Tuple[int, int, int, int]:
    return window.row0, window.col0, window.rows, window.cols


def _smooth(
    bank: np.ndarray, key: Tuple[int, int], shared: SharedNoise, window: Window
) -> np.ndarray:
    """Normal (bands, rows, cols) of variance ``shared.share`` that varies over ``shared.cell``.

    Picks at the nodes of a grid that belongs to the ground, interpolated linearly; the weights'
    squares add up to 1, so the variance is the same everywhere.
    """
    _, down = interpolation(window.row0, window.rows, shared.cell)
    _, across = interpolation(window.col0, window.cols, shared.cell)
    down = np.float32(np.sqrt(shared.share)) * down
    picks = bank.take(_node_places(key, shared.cell, window), axis=1, mode="wrap")
    by_row = np.matmul(down, picks).reshape(-1, across.shape[1])  # one product, not one per band
    return (by_row @ across.T).reshape(len(bank), window.rows, window.cols)


@lru_cache(maxsize=64)  # as _places
def _node_places(key: Tuple[int, int], cell: int, window: Window) -> np.ndarray:
    """(rows, cols) of the nodes around ``window``: which draw each gets."""
    first_row, down = interpolation(window.row0, window.rows, cell)
    first_col, across = interpolation(window.col0, window.cols, cell)
    seed, draw = key
    return _places(seed ^ _NODES, draw, first_row, first_col, down.shape[1], across.shape[1])


@lru_cache(maxsize=64)
def interpolation(first: int, count: int, cell: int) -> Tuple[int, np.ndarray]:
    """Interpolate linearly between nodes ``cell`` pixels apart.

    Returns: the first node at or before pixel ``first``, and weights (count, nodes) of unit rows.
    """
    place = (np.arange(first, first + count) + 0.5) / cell
    node = np.floor(place).astype(np.int64)
    share = place - node
    weights = np.zeros((count, int(node[-1] - node[0]) + 2), np.float64)
    pixels = np.arange(count)
    weights[pixels, node - node[0]] = 1 - share
    weights[pixels, node - node[0] + 1] = share
    weights /= np.sqrt((weights**2).sum(axis=1, keepdims=True))
    return int(node[0]), weights.astype(np.float32)


@lru_cache(maxsize=128)
def _bank(seed: int, draw: int, bands: int, samples: int) -> np.ndarray:
    """(samples, bands, BANK) draws."""
    words = np.array([0, 0, 0, draw], np.uint64)
    key = np.array([seed, _BANK_KEY], np.uint64)
    generator = np.random.Generator(np.random.Philox(counter=words, key=key))
    draws = generator.standard_normal((samples, bands, BANK))
    if samples > 1:
        draws = (draws - draws.mean(0)) * np.sqrt(samples / (samples - 1))
    return draws.astype(np.float32)


@lru_cache(maxsize=64)  # the samples of a strip have theirs in common
def _places(seed: int, draw: int, row0: int, col0: int, rows: int, cols: int) -> np.ndarray:
    """(rows, cols): which draw a pixel gets; windows side by side are cut out of one array."""
    if cols >= COLUMNS:
        return _mix_places(seed, draw, row0, col0, rows, cols)
    before = col0 % COLUMNS
    wide = _mix_places(seed, draw, row0, col0 - before, rows, round_up(before + cols, COLUMNS))
    return np.ascontiguousarray(wide[:, before : before + cols])


@lru_cache(maxsize=64)  # as _places
def _mix_places(seed: int, draw: int, row0: int, col0: int, rows: int, cols: int) -> np.ndarray:
    """(rows, cols): places by SplitMix64's mixing (Steele et al. 2014)."""
    down = np.arange(row0, row0 + rows).astype(np.uint64)[:, None]
    across = np.arange(col0, col0 + cols).astype(np.uint64)[None]
    mixed = _mix_bits(across + np.uint64((seed ^ draw * _ODD) % 2**64)) + down
    # BANK is a power of two: its lowest bits are the remainder, in a tenth of the time.
    places = (_mix_bits(mixed) & np.uint64(BANK - 1)).astype(np.intp)
    places.setflags(write=False)
    return places


def _mix_bits(values: np.ndarray) -> np.ndarray:
    values = values * np.uint64(_ODD)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        values ^= values >> np.uint64(shift)
        values *= np.uint64(factor)
    values ^= values >> np.uint64(31)
    return values


def _cell(key: NoiseKey, cell_row: int, cell_col: int, bands: int) -> np.ndarray:
    words = np.array([0, cell_col % 2**64, cell_row % 2**64, key.word], np.uint64)
    philox_key = np.array([key.seed % 2**64, _KEY], np.uint64)
    generator = np.random.Generator(np.random.Philox(counter=words, key=philox_key))
    return generator.standard_normal((bands, CELL, CELL), dtype=np.float32)
