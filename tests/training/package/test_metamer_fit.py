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
def deviation(tiny_package):
    """A function of groups of spectra and a colour: what the fitted table says of it (bands,)."""
    tiny = manifest.read(tiny_package)

    def of(groups, colour):
        table = fit(groups)
        replace(tiny, metamers=table).write(tiny_package)  # it can be kept
        look_up = metamers.of_package(replace(tiny, metamers=table))
        return look_up(np.array(colour, np.float32)[:, None, None])[:, 0, 0]

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
