"""The fit of the stated spread: intervals that hold the truth, for every sensor."""

import numpy as np
import pytest

from model_runtime.contract import INTERVAL_SPREADS
from training.package.spread_fit import Errors, coverage, coverages, fit

BANDS, PIXELS = 5, 4000


def sensor(seed, factor=1.0, relative=0.0, level=0.3, seen=True, shape=(BANDS, PIXELS)):
    """Errors of a normal distribution that is wider than the samples' spread by ``factor``."""
    rng = np.random.default_rng(seed)
    deviation = np.exp(rng.normal(-4, 0.5, shape))
    estimate = np.full(shape, level)
    true = np.hypot(factor * deviation, relative * estimate)
    error = np.abs(rng.normal(0, true))
    return Errors(error, deviation, estimate, np.zeros(shape), np.full(shape, seen))


def test_a_spread_that_holds_is_left_as_it_is():
    factor, relative = fit({"a": sensor(0)})
    assert len(factor) == len(relative) == BANDS
    assert coverage(sensor(1), factor, relative) == pytest.approx(0.9, abs=0.02)
    assert coverage(sensor(1), np.ones(BANDS), np.zeros(BANDS)) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    "how", [{"factor": 3.0}, {"relative": 0.1}, {"factor": 2, "relative": 0.03}]
)
def test_too_narrow_a_spread_is_widened_until_it_holds(how):
    factor, relative = fit({"a": sensor(0, **how)})
    fresh = sensor(1, **how)
    assert coverage(fresh, np.ones(BANDS), np.zeros(BANDS)) < 0.7
    assert coverage(fresh, factor, relative) == pytest.approx(0.9, abs=0.025)


def test_a_bright_and_a_dark_sensor_both_hold():
    """Only a part that grows with the signal serves both."""
    both = {
        "dark": sensor(0, relative=0.1, level=0.02),
        "bright": sensor(1, relative=0.1, level=0.5),
    }
    factor, relative = fit(both)
    assert min(relative) > 0.05
    for part in both.values():
        assert coverage(part, factor, relative) == pytest.approx(0.9, abs=0.05)


def test_the_mean_over_the_sensors_is_what_the_interval_says():
    """Where no one factor serves all, none is widened for the worst of them."""
    unlike = {"a": sensor(0, factor=2), "b": sensor(1, factor=2), "sure": sensor(2)}
    held = [coverage(part, *fit(unlike)) for part in unlike.values()]
    assert np.mean(held) == pytest.approx(0.9, abs=0.01)
    assert min(held) < 0.9 < max(held)


def test_bands_that_a_sensor_lacks_do_not_count():
    blind = sensor(1)
    blind.error[2:] = 100
    blind.seen[2:] = False
    factor, relative = fit({"a": sensor(0), "blind": blind})
    spread = np.hypot(np.array(factor) * 0.02, np.array(relative) * 0.3)
    assert np.all(INTERVAL_SPREADS * spread < 1)
    assert coverage(blind, factor, relative) == pytest.approx(0.9, abs=0.03)


def test_a_sensor_unlike_the_others_shows_when_it_is_left_out():
    found = coverages({"a": sensor(0), "b": sensor(1), "odd": sensor(2, factor=4)})
    inside, alone = found["odd"]
    assert alone < inside
    assert alone < 0.6
    assert np.isnan(coverages({"only": sensor(0)})["only"][1])


def test_spreads_of_neighbouring_bands_do_not_jump_where_few_pixels_were_seen():
    """Pairs that serve a band alike are far apart: a spectrum's band of spread would have steps."""
    few = sensor(3, factor=2, relative=0.05, shape=(30, 20))
    factor, relative = np.array(fit({"few": few}))
    for deviation in (0.003, 0.02, 0.06):
        spread = np.hypot(factor * deviation, relative * 0.3)
        assert np.abs(np.diff(np.log(spread))).max() < 0.4
