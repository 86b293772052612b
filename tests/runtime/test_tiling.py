"""Tiles: every pixel once, nothing read outside but by reflection, any size joins to the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_runtime.tiling import (
    Layout,
    Window,
    blend,
    blend_spans,
    cut_spans,
    kept_side,
    reflect,
    round_up,
)


@st.composite
def layouts(draw, blended):
    rows, cols = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    row0, col0 = draw(st.integers(0, rows - 1)), draw(st.integers(0, cols - 1))
    window = Window(
        row0, col0, draw(st.integers(1, rows - row0)), draw(st.integers(1, cols - col0))
    )
    multiple = draw(st.sampled_from([1, 2, 4, 8]))
    margin = multiple * draw(st.integers(0, 2))
    size = 2 * margin + multiple * draw(st.integers(1, 5))
    overlap = multiple * draw(st.integers(0, size // multiple // 2))
    return Layout(rows, cols, window, size, multiple, None if blended else margin, overlap)


def tiles_of(layout):
    """All tiles, each once, as they are met."""
    found = {}
    for piece in layout.pieces():
        for unit in piece.units:
            found.setdefault(unit.name, unit)
    return [tile for unit in found.values() for tile in unit.tiles]


def kept(unit, of_tile, bands):
    """What the unit keeps, from its tiles."""
    window = unit.window
    values = np.full((bands, window.rows, window.cols), np.nan, np.float32)
    for tile in unit.tiles:
        row, col = tile.kept.row0 - window.row0, tile.kept.col0 - window.col0
        rows, cols = slice(row, row + tile.kept.rows), slice(col, col + tile.kept.cols)
        assert np.isnan(values[:, rows, cols]).all()
        values[:, rows, cols] = of_tile(tile)[(slice(None), *tile.kept_in_read)]
    return values


def put_together(piece, values, layout):
    if layout.margin is None:
        return blend(piece, values)
    whole = np.full((len(values[0]), piece.window.rows, piece.window.cols), np.nan, np.float32)
    for unit, part in zip(piece.units, values):
        row, col = unit.window.row0 - piece.window.row0, unit.window.col0 - piece.window.col0
        whole[:, row : row + unit.window.rows, col : col + unit.window.cols] = part
    return whole


def joined(layout, of_tile, bands=2):
    """The window put together from ``of_tile(tile)``, and how often each pixel was written."""
    window = layout.window
    result = np.full((bands, window.rows, window.cols), np.nan, np.float32)
    count = np.zeros((window.rows, window.cols), int)
    for piece in layout.pieces():
        values = [kept(unit, of_tile, bands) for unit in piece.units]
        row, col = piece.window.row0 - window.row0, piece.window.col0 - window.col0
        rows, cols = slice(row, row + piece.window.rows), slice(col, col + piece.window.cols)
        assert row >= 0 and col >= 0
        result[:, rows, cols] = put_together(piece, values, layout)
        count[rows, cols] += 1
    return result, count


def picture(layout):
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, layout.rows, layout.cols)).astype(np.float32)


def read(image, window):
    rows = reflect(window.row0, window.row0 + window.rows, image.shape[1])
    cols = reflect(window.col0, window.col0 + window.cols, image.shape[2])
    return image[:, rows[:, None], cols]


@given(layouts(blended=False) | layouts(blended=True))
def test_tiles_put_together_give_the_picture_with_every_pixel_once(layout):
    image, w = picture(layout), layout.window
    result, count = joined(layout, lambda tile: read(image, tile.read))
    assert (count == 1).all()
    whole = image[:, w.row0 : w.row0 + w.rows, w.col0 : w.col0 + w.cols]
    np.testing.assert_allclose(result, whole, atol=1e-6)


@given(layouts(blended=False) | layouts(blended=True))
def test_tiles_begin_and_end_on_the_grid_and_are_counted(layout):
    tiles = tiles_of(layout)
    assert len(tiles) == layout.count()
    for tile in tiles:
        r = tile.read
        assert r.row0 % layout.multiple == 0 and r.col0 % layout.multiple == 0
        assert r.rows % layout.multiple == 0 and r.cols % layout.multiple == 0
        assert r.rows < layout.size + 2 * layout.multiple


def smoothed(values, reach):
    """Mean over (2 reach + 1)^2 pixels, zeros beyond the tile: a network of that influence."""
    padded = np.pad(values, ((0, 0), (reach, reach), (reach, reach)))
    size = 2 * reach + 1
    shape = values.shape[1:]
    shifts = [(i, j) for i in range(size) for j in range(size)]
    return sum(padded[:, i : i + shape[0], j : j + shape[1]] for i, j in shifts) / size**2


@given(layouts(blended=False), st.integers(1, 6))
def test_a_bounded_network_gives_the_same_on_any_tile_size_and_extent(layout, tiles_more):
    """The margin is at least the influence here: equal, not just close."""
    image, reach = picture(layout), layout.margin
    other = Layout(
        layout.rows,
        layout.cols,
        Window(0, 0, layout.rows, layout.cols),
        layout.size + tiles_more * layout.multiple,
        layout.multiple,
        layout.margin,
        layout.overlap,
    )
    one, _ = joined(layout, lambda tile: smoothed(read(image, tile.read), reach))
    two, _ = joined(other, lambda tile: smoothed(read(image, tile.read), reach))
    w = layout.window
    part = two[:, w.row0 : w.row0 + w.rows, w.col0 : w.col0 + w.cols]
    np.testing.assert_allclose(one, part, atol=1e-5)


@given(layouts(blended=True))
def test_blending_an_extent_gives_the_numbers_of_the_whole_raster(layout):
    """Tiles that disagree (each has its own level) show any difference in place or weight."""
    whole = Layout(
        layout.rows,
        layout.cols,
        Window(0, 0, layout.rows, layout.cols),
        layout.size,
        layout.multiple,
        None,
        layout.overlap,
    )

    def level(tile):
        r = tile.read
        return np.full((2, r.rows, r.cols), 7 * r.row0 + 13 * r.col0, np.float32)

    one, _ = joined(layout, level)
    two, _ = joined(whole, level)
    w = layout.window
    part = two[:, w.row0 : w.row0 + w.rows, w.col0 : w.col0 + w.cols]
    np.testing.assert_allclose(one, part, rtol=1e-5, atol=1e-3)


def test_blended_pieces_are_file_blocks_whose_tiles_are_met_again():
    layout = Layout(300, 530, Window(7, 3, 290, 520), 64, 8, None, 16)
    image = picture(layout)
    result, count = joined(layout, lambda tile: read(image, tile.read))
    assert (count == 1).all()
    np.testing.assert_allclose(result, image[:, 7:297, 3:523], atol=1e-6)
    met = [unit.name for piece in layout.pieces() for unit in piece.units]
    assert len(met) > len(set(met)) == layout.count()


@given(layouts(blended=False))
def test_smaller_tiles_make_the_same_unit(layout):
    image = picture(layout)
    less = layout.smaller()
    if less is None:
        assert layout.size == 2 * layout.margin + layout.multiple
        return
    assert less.size < layout.size and less.size % layout.multiple == 0
    unit = next(layout.pieces()).units[0]
    w = unit.window
    again = np.full((2, w.rows, w.cols), np.nan, np.float32)
    for tile in less.tiles_of(w):
        row, col = tile.kept.row0 - w.row0, tile.kept.col0 - w.col0
        part = read(image, tile.read)[(slice(None), *tile.kept_in_read)]
        again[:, row : row + tile.kept.rows, col : col + tile.kept.cols] = part
    np.testing.assert_array_equal(
        again, image[:, w.row0 : w.row0 + w.rows, w.col0 : w.col0 + w.cols]
    )


def test_blended_tiles_are_never_made_smaller():
    assert Layout(99, 99, Window(0, 0, 99, 99), 64, 8, None, 16).smaller() is None


def test_blending_falls_linearly_from_one_tile_to_the_next():
    first, second = blend_spans(0, 12, 12, size=8, overlap=4, multiple=4)
    np.testing.assert_allclose(first.weights, [1, 1, 1, 1, 0.875, 0.625, 0.375, 0.125])
    np.testing.assert_allclose(first.weights[4:] + second.weights[:4], 1)


@pytest.mark.parametrize(
    ("start", "stop", "length", "places"),
    [
        (-3, 6, 4, [3, 2, 1, 0, 1, 2, 3, 2, 1]),
        (-2, 3, 1, [0, 0, 0, 0, 0]),
        (-5, 5, 2, [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]),
        (1, 3, 9, [1, 2]),
    ],
)
def test_reflection(start, stop, length, places):
    assert reflect(start, stop, length).tolist() == places


@given(st.integers(2, 30), st.integers(0, 90))
def test_reflection_is_numpys(length, beyond):
    expected = np.pad(np.arange(length), (beyond, beyond), mode="reflect")
    assert reflect(-beyond, length + beyond, length).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("rows", "cols", "tile", "margin", "multiple", "reads"),
    [
        (1, 1, 32, 8, 8, [(-8, -8, 24, 24)]),
        (5, 20, 32, 8, 8, [(-8, -8, 24, 32), (-8, 8, 24, 24)]),
        (16, 16, 32, 8, 8, [(-8, -8, 32, 32)]),
    ],
)
def test_what_small_rasters_read(rows, cols, tile, margin, multiple, reads):
    layout = Layout(rows, cols, Window(0, 0, rows, cols), tile, multiple, margin, 0)
    found = [(t.read.row0, t.read.col0, t.read.rows, t.read.cols) for t in tiles_of(layout)]
    assert found == reads


@settings(max_examples=50)
@given(st.integers(1, 40), st.integers(0, 6), st.sampled_from([1, 2, 8, 16]))
def test_no_file_block_is_left_and_met_again(kept_steps, margin_steps, multiple):
    """Tiles come file block after file block, so that no block is packed twice."""
    margin = margin_steps * multiple
    layout = Layout(
        300, 700, Window(0, 0, 300, 700), 2 * margin + kept_steps * multiple, multiple, margin, 0
    )
    side = layout.block_side()
    assert side % 16 == 0
    assert side % kept_side(layout.size, margin) == 0
    seen, last = set(), None
    for tile in tiles_of(layout):
        block = (tile.kept.row0 // side, tile.kept.col0 // side)
        assert block == last or block not in seen
        assert (tile.kept.row0 + tile.kept.rows - 1) // side == block[0]
        seen.add(block)
        last = block


@pytest.mark.parametrize(
    ("size", "margin", "kept"),
    [(512, 22, 464), (512, 32, 448), (128, 8, 112), (128, 22, 84), (40, 8, 24)],
)
def test_large_tiles_keep_whole_file_blocks(size, margin, kept):
    assert kept_side(size, margin) == kept
    layout = Layout(2000, 2000, Window(0, 0, 2000, 2000), size, 2, margin, 0)
    assert layout.block_side() % 16 == 0
    assert all(tile.read.rows <= size and tile.read.cols <= size for tile in tiles_of(layout))


def test_cut_spans_of_an_unaligned_extent_still_read_on_the_grid():
    spans = cut_spans(3, 40, size=32, margin=8, multiple=8)
    assert [(s.read0, s.read1, s.keep0, s.keep1) for s in spans] == [
        (-8, 32, 3, 19),
        (8, 48, 19, 35),
        (24, 48, 35, 40),
    ]


def test_the_kept_part_of_what_is_read():
    layout = Layout(5, 20, Window(0, 0, 5, 20), 32, 8, 8, 0)
    tile = tiles_of(layout)[0]
    values = np.arange(24 * 32).reshape(1, 24, 32)
    kept = values[(slice(None), *tile.kept_in_read)]
    assert kept.shape == (1, 5, 16)
    assert kept[0, 0, 0] == 8 * 32 + 8


@given(st.integers(-50, 50), st.integers(1, 9))
def test_round_up(value, multiple):
    assert 0 <= round_up(value, multiple) - value < multiple
    assert round_up(value, multiple) % multiple == 0
