"""Which tiles a window is computed in, what is read and kept of each, and how they are joined."""

import math
from dataclasses import dataclass, replace
from typing import Iterator, List, Optional, Sequence, Tuple

import numpy as np

# A file block is made of whole kept windows up to this side, so that none is written twice.
BLOCK_SIDE = 256
# Sides of blocks in a TIFF are multiples of this.
TIFF_STEP = 16
# Of small kept windows: four of them side by side make whole steps.
FEW_STEP = 4
# From this side on, keeping up to 15 pixels less costs little.
LEAST_TRIMMED = 128
# Values (float32) of a strip: little beside the rest of a process, so that memory is flat.
STRIP_BYTES = 32 << 20
# Tiles are worked one by one from this side on: what a killed run loses is one of them.
UNIT_SIDE = 96


@dataclass(frozen=True)
class Window:
    """``rows`` x ``cols`` pixels of the raster from (``row0``, ``col0``)."""

    row0: int
    col0: int
    rows: int
    cols: int

    def slices(self, within: "Window") -> Tuple[slice, slice]:
        """Locate the window in an array of the pixels ``within``.

        Returns: slices of rows and columns.
        """
        row, col = self.row0 - within.row0, self.col0 - within.col0
        return slice(row, row + self.rows), slice(col, col + self.cols)


def strips(bands: int, rows: int, cols: int) -> Iterator[Window]:
    """Cut a raster into strips of at most STRIP_BYTES of ``bands``, in whole blocks of a file.

    Where a row of blocks would be more than that, a strip is a part of it: what is held does not
    grow with the raster.

    Returns: the windows, from the top, and from the left.
    """
    fitting = STRIP_BYTES // (4 * bands)  # pixels
    height = max(BLOCK_SIDE, fitting // cols // BLOCK_SIDE * BLOCK_SIDE)
    width = max(BLOCK_SIDE, fitting // height // BLOCK_SIDE * BLOCK_SIDE)
    yield from areas(rows, cols, height, width)


def areas(rows: int, cols: int, height: int, width: int) -> Iterator[Window]:
    """Cut ``rows`` x ``cols`` pixels into windows of at most ``height`` x ``width``.

    Returns: the windows, from the top, and from the left.
    """
    for row0 in range(0, rows, height):
        for col0 in range(0, cols, width):
            yield Window(row0, col0, min(height, rows - row0), min(width, cols - col0))


@dataclass(frozen=True)
class Span:
    """A tile along one axis: what is read, what is kept and, for blending, its weights."""

    read0: int
    read1: int
    keep0: int
    keep1: int
    weights: Optional[np.ndarray] = None  # (keep1 - keep0,), with the other spans' they sum to 1

    @property
    def ramp(self) -> np.ndarray:
        """The weights of a span that is blended (keep1 - keep0,)."""
        if self.weights is None:
            raise ValueError("the spans of tiles that are cut have no weights")
        return self.weights


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

    @property
    def kept_in_read(self) -> Tuple[slice, slice]:
        """The rows and columns of ``read`` that are kept."""
        down, along = (
            slice(span.keep0 - span.read0, span.keep1 - span.read0)
            for span in (self.down, self.along)
        )
        return down, along


def _window(row0: int, row1: int, col0: int, col1: int) -> Window:
    return Window(row0, col0, row1 - row0, col1 - col0)


def round_up(value: int, multiple: int) -> int:
    """Round ``value`` up to a multiple.

    Returns: the smallest multiple that is not below ``value``.
    """
    return -(-value // multiple) * multiple


def reflect(start: int, stop: int, length: int) -> np.ndarray:
    """Mirror the pixels [0, length) beyond both ends, for each place of [start, stop).

    Mirrored at the first and last pixel as often as it takes (numpy's "reflect"; a raster of one
    pixel is that pixel everywhere).

    Returns: (stop - start,) pixel numbers.
    """
    places = np.arange(start, stop)
    if length == 1:
        return np.zeros_like(places)
    places = np.abs(places) % (2 * (length - 1))
    return np.minimum(places, 2 * (length - 1) - places)


def kept_side(size: int, margin: int) -> int:
    """Compute the pixels that a cut tile keeps along a side: whole TIFF blocks where that costs
    little.

    Returns: pixels.
    """
    kept = size - 2 * margin
    step = TIFF_STEP if kept >= LEAST_TRIMMED else FEW_STEP if kept >= TIFF_STEP else 1
    return kept - kept % step


def cut_spans(start: int, stop: int, size: int, margin: int, multiple: int) -> List[Span]:
    """Plan spans over [start, stop) that read ``margin`` pixels more on both sides and cut them.

    ``size`` and ``margin`` are multiples of ``multiple``. Where ``start`` is not, what is read
    grows to the grid, by less than two multiples.

    Returns: the spans, in order.
    """
    step = kept_side(size, margin)
    spans = []
    for keep0 in range(start, stop, step):
        keep1 = min(keep0 + step, stop)
        read0 = (keep0 - margin) // multiple * multiple
        spans.append(Span(read0, round_up(keep1 + margin, multiple), keep0, keep1))
    return spans


def blend_spans(
    start: int, stop: int, length: int, size: int, overlap: int, multiple: int
) -> List[Span]:
    """Take those spans of the plan of [0, length) that meet [start, stop), with their linear ramps.

    Returns: the spans, in order.
    """
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
        """Plan the spans down the rows and along the columns; every pair of them is a tile.

        Returns: both lists, in order.
        """
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
        """Choose the side of a file block: a multiple of 16, as TIFF asks, of whole kept windows.

        So a block is written once and completely: the file is the same whoever made which part
        when.

        Returns: pixels.
        """
        if self.margin is None:
            return BLOCK_SIDE
        side = math.lcm(self._kept_side(), TIFF_STEP)
        return side * max(1, BLOCK_SIDE // side)

    def pieces(self, part: Optional[Window] = None) -> Iterator["Piece"]:
        """Divide the window into pieces, each with the units of work from which it is joined.

        With ``part``, which begins where a file block does, those of that part alone.

        Returns: the pieces, in order.
        """
        if self.margin is None:
            return self._pieces_to_blend(part or self.window)
        return replace(self, window=part or self.window)._cut_pieces()

    def _cut_pieces(self) -> Iterator["Piece"]:
        """File block after file block, each of the whole kept windows of its own tiles."""
        down, along = self.spans()
        kept = self._kept_side()
        side, few = max(1, self.block_side() // kept), self._unit_side()
        for rows in _runs(down, side):
            for cols in _runs(along, side):
                units = tuple(
                    Unit(_product(r, c)) for r in _runs(rows, few) for c in _runs(cols, few)
                )
                yield Piece(Unit(_product(rows, cols)).window, units)

    @property
    def tiles_of_a_unit(self) -> int:
        """At most; at the window's right and bottom there may be fewer."""
        return 1 if self.margin is None else self._unit_side() ** 2

    def _unit_side(self) -> int:
        """Tiles down and along a unit."""
        return max(1, UNIT_SIDE // self._kept_side())

    def _kept_side(self) -> int:
        """Pixels a side that are kept of a tile; of blended ones all are."""
        return kept_side(self.size, self.margin or 0)

    def _pieces_to_blend(self, window: Window) -> Iterator["Piece"]:
        """File block after file block, each with all tiles that reach into it."""
        down, along = self.spans()
        for row0 in range(window.row0, window.row0 + window.rows, BLOCK_SIDE):
            row1 = min(row0 + BLOCK_SIDE, window.row0 + window.rows)
            for col0 in range(window.col0, window.col0 + window.cols, BLOCK_SIDE):
                col1 = min(col0 + BLOCK_SIDE, window.col0 + window.cols)
                meeting = _product(_meeting(down, row0, row1), _meeting(along, col0, col1))
                units = tuple(Unit((tile,)) for tile in meeting)
                yield Piece(_window(row0, row1, col0, col1), units)

    def smaller(self) -> Optional["Layout"]:
        """Plan the same pixels in tiles of about half the side.

        Blended tiles have no smaller ones: their size is part of their result.

        Returns: the layout; None where there is none.
        """
        if self.margin is None:
            return None
        least = 2 * self.margin + self.multiple
        size = max(least, round_up(self.size // 2, self.multiple))
        return replace(self, size=size) if size < self.size else None

    def tiles_of(self, window: Window) -> Iterator[Tile]:
        """List the tiles that make ``window``, a part of this layout's, on its own.

        Returns: the tiles, in order.
        """
        down, along = replace(self, window=window).spans()
        return iter(_product(down, along))

    def count(self, part: Optional[Window] = None) -> int:
        """Count the tiles, or those that the pieces of ``part`` take.

        Returns: a number of tiles.
        """
        if part is not None and self.margin is not None:
            return replace(self, window=part).count()
        down, along = self.spans()
        if part is not None:
            down = _meeting(down, part.row0, part.row0 + part.rows)
            along = _meeting(along, part.col0, part.col0 + part.cols)
        return len(down) * len(along)


@dataclass(frozen=True)
class Unit:
    """Tiles that are computed, and kept if the run is interrupted, as one."""

    tiles: Tuple[Tile, ...]

    @property
    def window(self) -> Window:
        """What the tiles keep together."""
        first, last = self.tiles[0], self.tiles[-1]
        return _window(first.down.keep0, last.down.keep1, first.along.keep0, last.along.keep1)

    @property
    def name(self) -> str:
        """A name that no other unit of the layout has."""
        read = self.tiles[0].read
        return f"{read.row0}_{read.col0}"


@dataclass(frozen=True)
class Piece:
    """A window of the output and the units it takes."""

    window: Window
    units: Tuple[Unit, ...]


def _runs(spans: Sequence[Span], length: int) -> List[Sequence[Span]]:
    return [spans[i : i + length] for i in range(0, len(spans), length)]


def _product(down: Sequence[Span], along: Sequence[Span]) -> Tuple[Tile, ...]:
    return tuple(Tile(row_span, col_span) for row_span in down for col_span in along)


def _meeting(spans: Sequence[Span], start: int, stop: int) -> List[Span]:
    return [span for span in spans if span.keep0 < stop and span.keep1 > start]


def blend(piece: Piece, values: Sequence[np.ndarray]) -> np.ndarray:
    """Join a piece from ``values`` (bands, rows, cols), what each of its units keeps, by ramps.

    Returns: (bands, rows, cols) float32.
    """
    window = piece.window
    total = np.zeros((len(values[0]), window.rows, window.cols), np.float32)
    for unit, kept in zip(piece.units, values):
        (tile,) = unit.tiles
        rows, from_rows = _overlap(tile.down, window.row0, window.rows)
        cols, from_cols = _overlap(tile.along, window.col0, window.cols)
        weights = np.outer(tile.down.ramp[from_rows], tile.along.ramp[from_cols])
        total[:, rows, cols] += kept[:, from_rows, from_cols] * weights
    return total


def _overlap(span: Span, start: int, length: int) -> Tuple[slice, slice]:
    """Where the kept part meets [start, start + length): there, and counted from its own start."""
    first, last = max(span.keep0, start), min(span.keep1, start + length)
    return slice(first - start, last - start), slice(first - span.keep0, last - span.keep0)
