"""The regions of a large raster for training, validation and test, with a gap between."""

from dataclasses import dataclass
from typing import Dict, List, Sequence

import numpy as np

from model_runtime.errors import InputError
from model_runtime.tiling import Window

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Region:
    """A part of the raster and the split that it belongs to."""

    split: str
    window: Window


def plan(
    rows: int, cols: int, side: int, gap: int, shares: Sequence[float], seed: int
) -> List[Region]:
    """Regions of at least ``side`` pixels that fill the raster, dealt to the splits by ``shares``.

    A region that is held out (val, test) loses ``gap`` pixels on every side, so pixels of
    different splits lie more than ``gap`` apart, diagonally too, and no training pixel is lost.
    Raises InputError where the raster or the shares allow no such plan.
    """
    if side < 1 or gap < 0 or side <= 2 * gap:
        raise InputError(f"--block is {side} and --gap {gap}", "make --block wider than two gaps")
    windows = [
        Window(row0, col0, row1 - row0, col1 - col0)
        for row0, row1 in _cuts(rows, side)
        for col0, col1 in _cuts(cols, side)
    ]
    splits = _dealt(len(windows), shares, seed)
    return [Region(s, _hold_back(w, 0 if s == "train" else gap)) for s, w in zip(splits, windows)]


def _cuts(length: int, side: int):
    """Nearly equal parts of at least ``side``; one where the length is less."""
    edges = np.linspace(0, length, max(length // side, 1) + 1).astype(int).tolist()
    return list(zip(edges, edges[1:]))


def _dealt(count: int, shares: Sequence[float], seed: int) -> List[str]:
    """A split per region: each split with a share gets one at least, training what is left."""
    if len(shares) != 3 or min(shares) < 0 or shares[0] <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise InputError(
            f"shares are {list(shares)}", "give three shares of train, val, test that sum to 1"
        )
    counts: Dict[str, int] = {
        split: max(round(share * count), 1) if share else 0
        for split, share in zip(SPLITS[1:], shares[1:])
    }
    left = count - sum(counts.values())
    if left < 1:
        raise InputError(
            f"the raster has {count} regions, too few to share", "make --block smaller"
        )
    splits = ["train"] * left + [split for split, n in counts.items() for _ in range(n)]
    return np.random.default_rng(seed).permutation(splits).tolist()


def _hold_back(window: Window, margin: int) -> Window:
    row0, col0 = window.row0 + margin, window.col0 + margin
    return Window(row0, col0, window.rows - 2 * margin, window.cols - 2 * margin)
