"""The table of metamers: wide where one colour has many spectra, narrow where it has one."""

from dataclasses import replace

import numpy as np
import pytest

from model_runtime.contract import INTERVAL_SPREADS
from model_runtime.diffusion import metamers
from model_runtime.package import manifest
from training.package.metamer_fit import Spectra, fit

BANDS = 8


@pytest.fixture
def deviation(tiny_package, tmp_path):
    """A function of groups of spectra and a colour: what the fitted table says of it (bands,).

    Of an ``estimate``, equal in all bands; without one, of the middle of the range.
    """
    tiny = manifest.read(tiny_package)

    def of(groups, colour, estimate=None):
        table = fit(groups)
        replace(tiny, metamers=table).write(tmp_path)  # it can be kept
        kept = replace(table, middle=() if estimate is None else table.middle)
        look_up = metamers.of_package(replace(tiny, metamers=kept))
        rgb = np.array(colour, np.float32)[:, None, None]
        return look_up(rgb, np.full((BANDS, 1, 1), estimate or 0.0, np.float32))[:, 0, 0]

    return of


def spectra(seed, ratios, infrared, count=500):
    """Spectra of a colour by its ratios, whose last band is up to ``infrared`` times the level."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.uniform(np.log(0.05), np.log(0.4), count))
    shape = np.cumprod([1, *ratios])
    rgb = level * (shape / shape.mean())[:, None] * np.exp(rng.normal(0, 0.02, (3, count)))
    cube = np.repeat(level[None], BANDS, 0)
    cube[-1] = level * rng.uniform(0, infrared, count)
    return Spectra(rgb, cube, np.ones(cube.shape, bool))


def test_green_is_uncertain_and_grey_is_not(deviation):
    groups = [spectra(0, (1.3, 0.7), 6.0), spectra(1, (1.0, 1.0), 0.5)]
    green = deviation(groups, 0.2 * np.array([1, 1.3, 0.91]) / 1.07)
    grey = deviation(groups, [0.2, 0.2, 0.2])
    assert green[-1] == pytest.approx(0.2 * 3 / INTERVAL_SPREADS, rel=0.15)
    assert grey[-1] == pytest.approx(0.2 * 0.25 / INTERVAL_SPREADS, rel=0.3)
    assert green[0] < 0.05 * green[-1]


def test_a_rare_class_counts_as_much_as_a_frequent_one(deviation):
    bright = spectra(1, (1.2, 0.8), 6.0, count=60)
    found = deviation([spectra(0, (1.2, 0.8), 0.1, count=5000), bright], [0.19, 0.23, 0.18])
    assert found[-1] > 0.2 * 2 / INTERVAL_SPREADS


def test_bands_that_were_not_seen_have_the_others_number(deviation):
    one, other = spectra(0, (1.2, 0.8), 4.0), spectra(1, (0.8, 1.0), 1.0)
    other.seen[-1] = False
    found = deviation([one, other], [0.2, 0.16, 0.16])
    assert np.all(np.isfinite(found)) and found[-1] > 0


def test_an_estimate_at_one_end_of_the_range_is_off_by_all_of_it_at_most(deviation):
    groups, colour = [spectra(0, (1.2, 0.8), 4.0)], [0.19, 0.23, 0.18]  # infrared 0 to 0.8
    for estimate, farthest in ((0.4, 0.4), (0.01, 0.8), (0.75, 0.75)):
        found = deviation(groups, colour, estimate)[-1]
        assert INTERVAL_SPREADS * found == pytest.approx(farthest, rel=0.12)
