"""The plan of regions: nothing shared between splits, a gap between, no training pixel lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_runtime.errors import InputError
from training.data.region_split import SPLITS, plan


def painted(rows, cols, regions):
    """(rows, cols): 0 where no region lies, else 1 + its split; fails where regions overlap."""
    picture = np.zeros((rows, cols), int)
    for region in regions:
        w = region.window
        part = picture[w.row0 : w.row0 + w.rows, w.col0 : w.col0 + w.cols]
        assert part.shape == (w.rows, w.cols)
        assert not part.any()
        part[:] = 1 + SPLITS.index(region.split)
    return picture


def grown(mask, by):
    """``mask`` with every pixel within ``by`` of it, diagonals included."""
    padded = np.pad(mask, by)
    rows, cols = mask.shape
    near = [
        padded[r : r + rows, c : c + cols] for r in range(2 * by + 1) for c in range(2 * by + 1)
    ]
    return np.any(near, axis=0)


@given(
    rows=st.integers(24, 60),
    cols=st.integers(24, 60),
    side=st.integers(7, 12),
    gap=st.integers(0, 3),
    seed=st.integers(0, 99),
)
def test_splits_keep_their_distance_and_fill_the_raster(rows, cols, side, gap, seed):
    regions = plan(rows, cols, side, gap, (0.5, 0.25, 0.25), seed)
    picture = painted(rows, cols, regions)
    assert {region.split for region in regions} == set(SPLITS)
    for number in (1, 2, 3):
        others = (picture != number) & (picture != 0)
        assert not (grown(picture == number, gap) & others).any()
    full = painted(rows, cols, plan(rows, cols, side, 0, (0.5, 0.25, 0.25), seed))
    assert (full > 0).all()
    assert np.array_equal(full == 1, picture == 1)
    assert min(min(b.window.rows, b.window.cols) for b in regions if b.split == "train") >= side


def test_shares_and_seed_decide_who_gets_what():
    first = plan(1202, 4172, 512, 16, (0.8, 0.1, 0.1), 0)
    counts = [sum(region.split == split for region in first) for split in SPLITS]
    assert counts == [12, 2, 2]
    assert first == plan(1202, 4172, 512, 16, (0.8, 0.1, 0.1), 0)
    assert first != plan(1202, 4172, 512, 16, (0.8, 0.1, 0.1), 1)


def test_a_split_without_a_share_gets_nothing():
    regions = plan(40, 40, 10, 2, (0.8, 0.2, 0.0), 0)
    assert {region.split for region in regions} == {"train", "val"}


@pytest.mark.parametrize(
    "rows, side, gap, shares, message",
    [
        (40, 10, 5, (0.8, 0.1, 0.1), "gap 5"),
        (40, 0, 0, (0.8, 0.1, 0.1), "--block is 0"),
        (15, 10, 1, (0.8, 0.1, 0.1), "1 regions"),
        (40, 10, 1, (0.8, 0.1), "three shares"),
        (40, 10, 1, (0.8, 0.3, 0.1), "sum to 1"),
        (40, 10, 1, (0.0, 0.5, 0.5), "shares"),
        (40, 10, 1, (1.1, -0.1, 0.0), "shares"),
    ],
)
def test_impossible_plans_are_refused(rows, side, gap, shares, message):
    with pytest.raises(InputError, match=message):
        plan(rows, 15, side, gap, shares, 0)
