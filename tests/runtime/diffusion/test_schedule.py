"""Schedules against their closed forms, their digest, and what a prediction says of x0."""

import numpy as np
import pytest

from model_runtime.diffusion import schedule
from model_runtime.errors import PackageError
from model_runtime.package import manifest

# Of the released setting: it must never change, packages carry it.
LINEAR_1000 = "c79f82979140a7e80e40b9d8b93d88acc69a44ab69b153fc27a1c278ae5c35b6"
COSINE_1000 = "65b42a350f994c759a314fd1ddfaf4979d4622db3f262d3a2e996b79067381ef"


def test_linear_betas_are_evenly_spaced_between_their_ends():
    betas = schedule.betas("linear", 5, 0.1, 0.3)
    np.testing.assert_allclose(betas, [0.1, 0.15, 0.2, 0.25, 0.3], rtol=1e-15)
    assert betas.dtype == np.float64


def test_cosine_alpha_bar_is_the_squared_cosine():
    """alpha_bar_t = f(t + 1) / f(0), f(t) = cos^2((t / T + s) / (1 + s) pi / 2), s = 0.008."""
    t = np.arange(1, 1000) / 1000
    curve = np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2 / np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    d = schedule.diffusion(schedule.betas("cosine", 1000, 0, 0))
    unclipped = d.betas[:-1] < 0.999
    np.testing.assert_allclose(d.alpha_bar[:-1][unclipped], curve[unclipped], rtol=1e-9)
    assert d.betas[-1] == 0.999


def test_the_share_of_signal_and_noise():
    d = schedule.diffusion(np.array([0.19, 0.36]))
    assert d.signal(0) == pytest.approx(0.9)
    assert d.signal(1) == pytest.approx(0.9 * 0.8)
    assert d.noise(1) == pytest.approx(np.sqrt(1 - 0.72**2))
    assert (d.signal(-1), d.noise(-1)) == (1.0, 0.0)
    assert d.steps == 2


def test_an_unknown_schedule_is_refused():
    with pytest.raises(PackageError, match="'sigmoid' is unknown"):
        schedule.betas("sigmoid", 10, 0.1, 0.2)


def test_the_digest_never_changes():
    assert schedule.digest(schedule.betas("linear", 1000, 1e-4, 0.02)) == LINEAR_1000
    assert schedule.digest(schedule.betas("cosine", 1000, 1e-4, 0.02)) == COSINE_1000


def test_the_digest_forgives_the_last_bit_and_nothing_more():
    betas = schedule.betas("cosine", 100, 0, 0)
    assert schedule.digest(np.nextafter(betas, 1)) == schedule.digest(betas)
    assert schedule.digest(betas + 1e-9) != schedule.digest(betas)


def entry(kind="linear", steps=50, low=1e-3, high=0.2, digest=None):
    """A manifest's schedule with the digest that belongs to it, or another."""
    digest = digest or schedule.digest(schedule.betas(kind, steps, low, high))
    return manifest.Schedule(kind, steps, low, high, digest)


def test_a_manifests_schedule_is_made():
    d = schedule.of_manifest(entry())
    np.testing.assert_array_equal(d.betas, np.linspace(1e-3, 0.2, 50))
    np.testing.assert_allclose(d.alpha_bar, np.cumprod(1 - d.betas))


def test_a_schedule_with_another_digest_is_refused():
    with pytest.raises(PackageError, match="do not have SHA-256 0000"):
        schedule.of_manifest(entry(digest="0" * 64))


@pytest.mark.parametrize(
    "low, high, steps",
    [(0.0, 0.2, 50), (0.2, 0.0, 50), (0.1, 1.0, 50), (0.1, 0.2, 5000)],
    ids=["beta 0 at first", "beta 0 at last", "beta 1", "signal underflows"],
)
def test_a_schedule_that_divides_by_zero_is_refused(low, high, steps):
    with pytest.raises(PackageError, match="betas from"):
        schedule.of_manifest(entry(low=low, high=high, steps=steps))


@pytest.mark.parametrize("t", [0, 10, 49])
@pytest.mark.parametrize("kind", manifest.PREDICTIONS)
def test_every_kind_of_prediction_gives_back_x0_and_epsilon(kind, t):
    d = schedule.of_manifest(entry())
    rng = np.random.default_rng(t)
    x0, epsilon = rng.standard_normal((2, 1, 3, 4, 5)).astype(np.float32)
    x_t = (d.signal(t) * x0 + d.noise(t) * epsilon).astype(np.float32)
    v = (d.signal(t) * epsilon - d.noise(t) * x0).astype(np.float32)
    prediction = {"epsilon": epsilon, "x0": x0, "v": v}[kind]
    found = schedule.x0(kind, prediction, x_t, d, t)
    for got, wanted in zip((found, schedule.epsilon(found, x_t, d, t)), (x0, epsilon)):
        np.testing.assert_allclose(got, wanted, atol=2e-4)
        assert got.dtype == np.float32
