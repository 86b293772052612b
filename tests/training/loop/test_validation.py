"""Validation: the cascade on whole scenes, and the mean over sensors."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from model_runtime.diffusion.settings import Sampling
from model_runtime.diffusion.stage_sampler import StageSampler
from training.config import load
from training.data.dataset import Scene, load_scenes
from training.loop import validation
from training.loop.figures import spectra_figure
from training.networks import registry

NAN = float("nan")


def judged(sensor, sam, ssim=0.5):
    """A scene's measures."""
    empty = np.zeros((1, 1, 1), np.float32)
    scores = {"sam_degrees": sam, "ssim": ssim}
    return validation.Judged(Scene("s", (sensor,), empty, empty, empty > 0), scores, empty)


def test_every_sensor_counts_alike():
    found = validation.means([judged(1.0, 2.0), judged(1.0, 4.0), judged(2.0, 9.0)])
    assert found == {"sam_degrees": pytest.approx(6.0), "ssim": 0.5}


def test_a_measure_that_a_scene_has_not_does_not_count():
    found = validation.means([judged(1.0, 2.0, NAN), judged(1.0, 4.0, 0.7), judged(2.0, 9.0, NAN)])
    assert found["ssim"] == pytest.approx(0.7)
    assert np.isnan(validation.means([judged(1.0, 2.0, NAN)])["ssim"])


@pytest.fixture
def small(small_toml):
    """(settings, networks of both stages with fresh weights, the validation scene of 7 x 9)."""
    config = load(small_toml)
    torch.manual_seed(0)
    built = [registry.build(config, stage).eval() for stage in (0, 1)]
    return config, built, load_scenes(config.data.validation, config)


@pytest.mark.parametrize("stages, bands", [(1, [0, 4]), (2, list(range(8)))])
def test_a_scene_of_any_size_is_judged_by_the_stages_there_are(small, stages, bands):
    config, built, scenes = small
    (found,) = validation.judge(config, built[:stages], scenes)
    assert found.estimate.shape == (len(bands), 7, 9)
    error = found.estimate - scenes[0].cube[bands]
    assert found.scores["rmse"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-4)


def test_the_same_networks_are_judged_the_same(small):
    config, built, scenes = small
    one, again = (validation.judge(config, built, scenes)[0] for _ in range(2))
    np.testing.assert_array_equal(one.estimate, again.estimate)


def test_the_figure_shows_measured_and_estimated_spectra_by_wavelength(small):
    config, built, scenes = small
    found = validation.judge(config, built, scenes)
    (axes,) = spectra_figure(config, 1, found).axes
    measured, estimated = axes.lines
    assert measured.get_xdata().tolist() == pytest.approx(list(config.output.wavelength_nm))
    assert measured.get_ydata() == pytest.approx(scenes[0].cube[:, 3, 4])
    assert estimated.get_ydata() == pytest.approx(found[0].estimate[:, 3, 4])
    assert axes.get_ylabel() == "reflectance"


def test_a_stage_alone_is_given_the_true_bands_of_the_one_before(small):
    """A network that repeats its condition gives those bands back, in the output's unit."""
    config, built, scenes = small
    whole = validation.torch_cascade(config, built)
    n = replace(whole.manifest.normalisation, output_offset=(0.1,) * 4 + (0.3,) * 4)
    entry = whole.manifest.stages[1]

    def repeat(x, condition, timestep):
        return np.repeat(condition, 4, axis=1)

    manifest = replace(whole.manifest, normalisation=n)
    cascade = validation.alone(manifest, StageSampler(entry, repeat, None))
    how = Sampling("ddim", 2, 1, (0.0,), seed=0)
    (found,) = validation.measure(cascade, how, scenes, config.stages[0].final_bands)
    expected = np.repeat(scenes[0].cube[[0, 4]], 4, axis=0)
    np.testing.assert_allclose(found.estimate, expected, atol=1e-6)


def test_the_first_stage_alone_is_the_first_of_the_cascade(small):
    config, built, scenes = small
    (one,) = validation.judge_alone(config, 0, built[0], scenes)
    (other,) = validation.judge(config, built[:1], scenes)
    np.testing.assert_array_equal(one.estimate, other.estimate)
