"""The fit of what a whole picture errs by: recognised where it is, and nothing made up."""

import numpy as np
import pytest

from training.package.shared_error_fit import MOST_SHARED, SIDE, areas_of, fit, fit_of_spread

BANDS, DRAWS = 4, 8
LEVEL = np.array([0.3, 0.3, 0.1, 0.1])


def areas(rng, vectors, own=0.0, seen=None):
    """A picture whose truth lies off by ``vectors``, and draws that differ by ``own``."""
    shape = BANDS, 4 * SIDE, 4 * SIDE
    mean = np.full(shape, 0.4)
    shift = sum(rng.standard_normal() * np.array(one) for one in vectors)
    truth = mean * (1 + np.reshape(shift, (-1, 1, 1)))
    truth += own * rng.standard_normal((BANDS, 1, 1)) * mean
    draws = mean * (1 + own * rng.standard_normal((DRAWS, BANDS, 1, 1)))
    every = np.ones(shape, bool) if seen is None else np.broadcast_to(seen, shape)
    return areas_of(truth, every, mean, draws, 0.1 * mean)


def relative(vectors):
    return np.sqrt((np.array(vectors) ** 2).sum(axis=0))


def test_an_error_that_a_picture_shares_is_recognised():
    rng = np.random.default_rng(0)
    found = fit([[areas(rng, [LEVEL]) for _ in range(400)]])
    assert len(found) == 1
    np.testing.assert_allclose(relative(found), LEVEL, rtol=0.12)


def test_what_the_draws_say_themselves_is_not_counted_again():
    rng = np.random.default_rng(1)
    plain = fit([[areas(rng, [LEVEL], own=0.2) for _ in range(400)]])
    np.testing.assert_allclose(relative(plain), LEVEL, atol=0.07)
    nothing = fit([[areas(rng, [0 * LEVEL], own=0.2) for _ in range(400)]])
    assert not nothing or relative(nothing).max() < 0.08


def test_groups_count_alike_however_many_areas_they_have():
    rng = np.random.default_rng(2)
    calm = [areas(rng, [0 * LEVEL]) for _ in range(900)]
    found = fit([calm, [areas(rng, [LEVEL]) for _ in range(300)]])
    np.testing.assert_allclose(relative(found), LEVEL / np.sqrt(2), rtol=0.15)


def test_bands_that_no_sensor_saw_do_not_count():
    rng = np.random.default_rng(3)
    seen = np.array([True, True, True, False])[:, None, None]
    found = fit([[areas(rng, [LEVEL], seen=seen) for _ in range(200)]])
    assert relative(found)[3] == pytest.approx(0, abs=1e-3)


def test_a_picture_smaller_than_an_area_says_nothing():
    small = np.full((BANDS, SIDE - 1, SIDE - 1), 0.4)
    found = areas_of(small, np.ones(small.shape, bool), small, np.stack([small] * DRAWS), small)
    assert len(found.error) == 0
    assert fit([[found]]) == fit([]) == fit_of_spread([]) == ()


def test_errors_as_large_as_the_spread_are_shared_as_far_as_the_draws_do_not_say_them():
    rng = np.random.default_rng(4)
    tenth = np.full(BANDS, 0.1)  # of the estimate, as the spread
    whole = fit_of_spread([[areas(rng, [tenth]) for _ in range(300)]])
    np.testing.assert_allclose(relative(whole) ** 2, MOST_SHARED, rtol=0.1)
    some = fit_of_spread([[areas(rng, [tenth / 2]) for _ in range(300)]])
    np.testing.assert_allclose(relative(some) ** 2, 0.25, rtol=0.2)
    none = fit_of_spread([[areas(rng, [0 * tenth], own=0.08) for _ in range(300)]])
    assert not none or (relative(none) ** 2).max() < 0.3


def test_what_the_spread_shares_is_no_level():
    rng = np.random.default_rng(5)
    tenth = np.full(BANDS, 0.1)
    guessed = [[areas(rng, [tenth]) for _ in range(300)]]
    assert relative(fit(guessed)) == pytest.approx(tenth, rel=0.15)
    left = fit(guessed, ((0.9,) * BANDS,))
    assert relative(left) == pytest.approx(np.sqrt(0.19) * tenth, rel=0.35)
