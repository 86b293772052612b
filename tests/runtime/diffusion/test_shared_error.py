"""What a picture errs by as a whole: in the spread of each pixel, in each draw, not in the mean."""

from dataclasses import replace

import numpy as np
import pytest

from model_runtime.diffusion import shared_error
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import EstimateRequest, Sampling
from model_runtime.errors import PackageError
from model_runtime.package import manifest

BANDS = 8
LEVEL = (0.2,) * BANDS
SLOPE = tuple(np.linspace(-0.1, 0.1, BANDS).tolist())


@pytest.fixture
def model(tiny_package):
    """The tiny package's manifest, whose guessed pictures err by level and slope."""
    return replace(
        manifest.read(tiny_package), shared_error=manifest.SharedError((), (LEVEL, SLOPE))
    )


@pytest.fixture
def rgb():
    return np.random.default_rng(0).uniform(0.02, 0.6, (3, 16, 16)).astype(np.float32)


def estimate(model, folder, rgb, **how):
    settings = Sampling("ddim", 2, 6, (0.0, 0.0), seed=1)
    wanted = EstimateRequest(draws=True)
    loaded = load_cascade(folder, model, "cpu", 1)
    return loaded.estimate(rgb, 0, 0, replace(settings, **how), wanted)


def test_a_guessed_level_widens_the_spread_and_leaves_the_mean(model, tiny_package, rgb):
    known = estimate(model, tiny_package, rgb)
    guessed = estimate(model, tiny_package, rgb, level_guessed=True)
    np.testing.assert_array_equal(guessed.mean, known.mean)
    relative = np.hypot(LEVEL, SLOPE)[:, None, None]
    np.testing.assert_allclose(
        guessed.spread, np.hypot(known.spread, relative * known.mean), rtol=1e-5
    )


def test_the_draws_keep_mean_and_spread_and_move_as_a_whole(model, tiny_package, rgb):
    known = estimate(model, tiny_package, rgb)
    guessed = estimate(model, tiny_package, rgb, level_guessed=True)
    draws = np.array(guessed.draws)
    np.testing.assert_allclose(draws.mean(0), guessed.mean, atol=1e-6)
    np.testing.assert_allclose(draws.std(0, ddof=1), guessed.spread, rtol=1e-4, atol=1e-7)

    def of_area(draws):
        level = np.array(draws).mean(axis=(1, 2, 3))
        return level.std(ddof=1) / level.mean()

    # The error of an area's level is about that of the vectors' mean, not averaged away.
    assert of_area(guessed.draws) == pytest.approx(0.2, abs=0.12)
    assert of_area(known.draws) < 0.5 * of_area(guessed.draws)


def test_a_known_level_has_vectors_of_its_own(model, tiny_package, rgb):
    neither = estimate(replace(model, shared_error=None), tiny_package, rgb)
    known = estimate(model, tiny_package, rgb)
    np.testing.assert_array_equal(known.spread, neither.spread)
    np.testing.assert_array_equal(known.draws, neither.draws)


@pytest.mark.parametrize("samples", [2, 4, 16])
def test_shifts_sum_to_zero_and_depend_on_the_seed_alone(samples):
    vectors = np.array([LEVEL, SLOPE], np.float32)
    one = shared_error.shifts(vectors, samples, seed=3)
    assert one.shape == (samples, BANDS, 1, 1)
    np.testing.assert_allclose(one.sum(axis=0), 0, atol=1e-6)
    np.testing.assert_array_equal(one, shared_error.shifts(vectors, samples, seed=3))
    assert not np.array_equal(one, shared_error.shifts(vectors, samples, seed=4))


def test_many_shifts_have_the_vectors_covariance():
    vectors = np.array([LEVEL, SLOPE], np.float32)
    many = shared_error.shifts(vectors, 20_000, seed=0)[:, :, 0, 0]
    np.testing.assert_allclose(np.cov(many.T), vectors.T @ vectors, atol=2e-3)


@pytest.mark.parametrize("wrong", [(LEVEL[:7],), ((3.0,) * BANDS,), (LEVEL,) * 9])
def test_vectors_that_cannot_be_are_refused(model, tmp_path, wrong):
    with pytest.raises(PackageError, match=r"shared_error\.guessed"):
        replace(model, shared_error=manifest.SharedError((), wrong)).write(tmp_path)


def test_a_part_of_the_spread_is_shared_and_the_spread_stays(model, tiny_package, rgb):
    part = manifest.SharedError((), (), ((0.8,) * BANDS,))
    plain = estimate(replace(model, shared_error=None), tiny_package, rgb)
    found = estimate(replace(model, shared_error=part), tiny_package, rgb)
    np.testing.assert_array_equal(found.mean, plain.mean)
    np.testing.assert_array_equal(found.spread, plain.spread)
    draws = np.array(found.draws)
    np.testing.assert_allclose(draws.mean(0), found.mean, atol=1e-6)
    np.testing.assert_allclose(draws.std(0, ddof=1), found.spread, rtol=1e-4, atol=1e-7)

    def of_area(draws):
        return np.array(draws).mean(axis=(2, 3)).std(axis=0, ddof=1).mean()

    assert of_area(found.draws) > 1.5 * of_area(plain.draws)
    assert of_area(found.draws) < found.spread.mean()
