"""Which tiles a window is worked in, what is read and kept of each, and how they are joined.

All positions are absolute pixels of the whole raster, so that an extent gives the numbers of the
full run. Read windows begin at multiples of ``multiple``: any tile size sees the same grid. They
may stick out of the raster; ``reflected`` says which pixel stands in there, and only there.

Two ways to join. Where a network's ``influence`` is bounded, the outer pixels of a tile are cut and
the kept windows abut: exact. Where it is the whole tile (``influence`` None), the tiles overlap and
are blended by linear ramps, and their places are those of the full raster's plan.
"""

from dataclasses import dataclass
from typing import Iterator, List, Optional, Tuple

import numpy as np

# A file block is made of whole kept windows up to this side, so that none is written twice.
BLOCK_SIDE = 256


@dataclass(frozen=True)
class Window:
    """``rows`` x ``cols`` pixels of the raster from (``row0``, ``col0``)."""

    row0: int
    col0: int
    rows: int
    cols: int


@dataclass(frozen=True)
class Span:
    """A tile along one axis: what is read, what is kept and, for blending, its weights."""

    read0: int
    read1: int
    keep0: int
    keep1: int
    weights: Optional[np.ndarray] = None  # (keep1 - keep0,), with the other spans' they sum to 1


@dataclass(frozen=True)
class Tile:
    """One tile: its spans down the rows and along the columns."""

    down: Span
    along: Span

    @property
    def read(self) -> Window:
        """The window to be read; it may stick out of the raster."""
        return _window(self.down.read0, self.down.read1, self.along.read0, self.along.read1)

    @property
    def kept(self) -> Window:
        """The window whose estimate is used; inside the raster."""
        return _window(self.down.keep0, self.down.keep1, self.along.keep0, self.along.keep1)


def _window(row0: int, row1: int, col0: int, col1: int) -> Window:
    return Window(row0, col0, row1 - row0, col1 - col0)


def round_up(value: int, multiple: int) -> int:
    """The smallest multiple that is not below ``value``."""
    return -(-value // multiple) * multiple


def reflected(start: int, stop: int, length: int) -> np.ndarray:
    """For each place of [start, stop) the pixel in [0, length) that stands there.

    Mirrored at the first and last pixel as often as it takes (numpy's "reflect"; a raster of one
    pixel is that pixel everywhere).
    """
    places = np.arange(start, stop)
    if length == 1:
        return np.zeros_like(places)
    places = np.abs(places) % (2 * (length - 1))
    return np.minimum(places, 2 * (length - 1) - places)


def cut_spans(start: int, stop: int, size: int, margin: int, multiple: int) -> List[Span]:
    """Spans over [start, stop) that read ``margin`` pixels more on both sides and cut them.

    ``size`` and ``margin`` are multiples of ``multiple``. Where ``start`` is not, what is read
    grows to the grid: by less than two multiples.
    """
    step = size - 2 * margin
    spans = []
    for keep0 in range(start, stop, step):
        keep1 = min(keep0 + step, stop)
        read0 = (keep0 - margin) // multiple * multiple
        spans.append(Span(read0, round_up(keep1 + margin, multiple), keep0, keep1))
    return spans


def blend_spans(
    start: int, stop: int, length: int, size: int, overlap: int, multiple: int
) -> List[Span]:
    """Spans of the plan of [0, length) that meet [start, stop), with their linear ramps."""
    edges = [(a, min(a + size, round_up(length, multiple))) for a in _starts(length, size, overlap)]
    ramps = [_ramp(read0, min(read1, length), length, overlap) for read0, read1 in edges]
    total = np.zeros(length)
    for (read0, _), ramp in zip(edges, ramps):
        total[read0 : read0 + len(ramp)] += ramp
    spans = []
    for (read0, read1), ramp in zip(edges, ramps):
        keep0, keep1 = max(read0, start), min(read0 + len(ramp), stop)
        if keep0 < keep1:
            weights = ramp[keep0 - read0 : keep1 - read0] / total[keep0:keep1]
            spans.append(Span(read0, read1, keep0, keep1, weights.astype(np.float32)))
    return spans


def _starts(length: int, size: int, overlap: int) -> List[int]:
    """Where tiles begin; past the first they overlap by ``overlap``."""
    step = size - overlap
    return [i * step for i in range(max(1, -(-(length - overlap) // step)))]


def _ramp(start: int, stop: int, length: int, overlap: int) -> np.ndarray:
    """1 inside, falling linearly over ``overlap`` pixels towards each neighbouring tile."""
    places = np.arange(start, stop) + 0.5
    ramp = np.ones(stop - start)
    if start > 0 and overlap:
        ramp = np.minimum(ramp, (places - start) / overlap)
    if stop < length and overlap:
        ramp = np.minimum(ramp, (stop - places) / overlap)
    return ramp


@dataclass(frozen=True)
class Layout:
    """The tiles of ``window`` in a raster of ``rows`` x ``cols``.

    ``margin``: pixels cut from each side of a tile; None: tiles are blended over ``overlap``.
    ``size``, ``overlap`` and ``margin`` are multiples of ``multiple``, 2 ``margin`` < ``size`` and
    ``overlap`` at most half of ``size``.
    """

    rows: int
    cols: int
    window: Window
    size: int
    multiple: int
    margin: Optional[int]
    overlap: int

    def spans(self) -> Tuple[List[Span], List[Span]]:
        """The spans down the rows and along the columns; every pair of them is a tile."""
        window = self.window
        return (
            self._axis(window.row0, window.row0 + window.rows, self.rows),
            self._axis(window.col0, window.col0 + window.cols, self.cols),
        )

    def _axis(self, start: int, stop: int, length: int) -> List[Span]:
        if self.margin is None:
            return blend_spans(start, stop, length, self.size, self.overlap, self.multiple)
        return cut_spans(start, stop, self.size, self.margin, self.multiple)

    def block_side(self) -> int:
        """The side of a file block: whole kept windows where TIFF (multiples of 16) allows it."""
        if self.margin is None:
            return BLOCK_SIDE
        kept = self.size - 2 * self.margin
        if kept % 16:
            return BLOCK_SIDE
        return kept * max(1, BLOCK_SIDE // kept)

    def tiles(self) -> Iterator[Tile]:
        """All tiles, file block after file block (blending: row after row)."""
        down, along = self.spans()
        tall, wide = self._group(len(along))
        for i in range(0, len(down), tall):
            for j in range(0, len(along), wide):
                for row_span in down[i : i + tall]:
                    for col_span in along[j : j + wide]:
                        yield Tile(row_span, col_span)

    def _group(self, across: int) -> Tuple[int, int]:
        """How many tiles down and along are worked before the next ones."""
        if self.margin is None:
            return 1, across
        side = max(1, self.block_side() // (self.size - 2 * self.margin))
        return side, side

    def count(self) -> int:
        """How many tiles there are."""
        down, along = self.spans()
        return len(down) * len(along)


Piece = Tuple[Window, np.ndarray]


class Cutter:
    """Joins tiles whose kept windows abut: each is final as it comes."""

    def add(self, tile: Tile, values: np.ndarray) -> Iterator[Piece]:
        """The finished pieces, given ``values`` (bands, rows, cols) of ``tile.read``."""
        yield tile.kept, crop(values, tile)


class Blender:
    """Joins overlapping tiles that come row after row; holds one row of tiles at a time."""

    def __init__(self, layout: Layout, bands: int):
        down, along = layout.spans()
        self._window = layout.window
        self._last_col = along[-1].read0
        # Rows below the next row of tiles get no more: they are final.
        ends = [span.keep0 for span in down[1:]] + [layout.window.row0 + layout.window.rows]
        self._final = {span.read0: end for span, end in zip(down, ends)}
        self._top = layout.window.row0
        self._sum = np.zeros((bands, 0, layout.window.cols), np.float32)

    def add(self, tile: Tile, values: np.ndarray) -> Iterator[Piece]:
        """As ``Cutter.add``; pieces come when the last tile of a row is in."""
        kept = tile.kept
        self._grow(kept.row0 + kept.rows - self._top)
        row, col = kept.row0 - self._top, kept.col0 - self._window.col0
        weights = tile.down.weights[:, None] * tile.along.weights[None]
        part = self._sum[:, row : row + kept.rows, col : col + kept.cols]
        part += crop(values, tile) * weights
        if tile.along.read0 == self._last_col:
            yield from self._finish(self._final[tile.down.read0])

    def _grow(self, rows: int) -> None:
        missing = rows - self._sum.shape[1]
        if missing > 0:
            self._sum = np.pad(self._sum, ((0, 0), (0, missing), (0, 0)))

    def _finish(self, end: int) -> Iterator[Piece]:
        rows = end - self._top
        if rows > 0:
            yield (
                Window(self._top, self._window.col0, rows, self._window.cols),
                self._sum[:, :rows],
            )
            self._sum, self._top = self._sum[:, rows:].copy(), end


def crop(values: np.ndarray, tile: Tile) -> np.ndarray:
    """The kept part of ``values`` (bands, rows, cols) of ``tile.read``."""
    kept, read = tile.kept, tile.read
    row, col = kept.row0 - read.row0, kept.col0 - read.col0
    return values[:, row : row + kept.rows, col : col + kept.cols]
