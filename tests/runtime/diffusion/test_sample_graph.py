"""Samples by one graph are those that the stages make step by step, whatever is asked for."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from model_runtime.diffusion import onnx_session
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.sample_graph import PATCH_COLS, PATCH_ROWS, SampleGraph
from model_runtime.diffusion.settings import EstimateRequest, sampling_of_quality
from model_runtime.errors import PackageError
from model_runtime.package import embedded, manifest

MODEL = manifest.read(embedded.EMBEDDED)
ROWS, COLS = PATCH_ROWS + 12, 2 * PATCH_COLS - 4  # patches inside, at the right and at the bottom
RGB = np.random.default_rng(0).uniform(0.02, 0.6, (3, ROWS, COLS)).astype(np.float32)
CLOSE = {"rtol": 0, "atol": 1e-5}  # reflectance


def opened(model=MODEL, threads=1):
    return load_cascade(embedded.EMBEDDED, model, "cpu", threads)


@pytest.fixture(scope="module")
def by_graph():
    """The embedded model, as it is."""
    return opened()


@pytest.fixture(scope="module")
def by_steps():
    """The embedded model without its graphs of samples."""
    return opened(replace(MODEL, sample_graphs=()))


def sampling(quality="balanced", **changed):
    return replace(sampling_of_quality(MODEL.qualities[quality], (0.0, 0.0), seed=3), **changed)


def test_every_quality_has_a_graph():
    for quality in MODEL.qualities.values():
        assert MODEL.sample_graph(quality.sampler, quality.steps)


@pytest.mark.parametrize("quality", MODEL.qualities)
def test_a_quality_gives_the_same_by_its_graph(by_graph, by_steps, quality):
    wanted = EstimateRequest(draws=True, relative_spread=True)
    found, expected = (
        model.estimate(RGB, 70, -5, sampling(quality), wanted) for model in (by_graph, by_steps)
    )
    np.testing.assert_allclose(found.mean, expected.mean, **CLOSE)
    for one, other in zip(found.stages, expected.stages):
        np.testing.assert_allclose(one, other, **CLOSE)
    for one, other in zip(found.draws, expected.draws):  # stretched by a spread's factor, up to 5
        np.testing.assert_allclose(one, other, rtol=0, atol=5e-5)
    if expected.spread is None:
        assert found.spread is None
    else:
        np.testing.assert_allclose(found.spread, expected.spread, rtol=0, atol=5e-5)
        np.testing.assert_allclose(found.relative_spread, expected.relative_spread, rtol=1e-3)


def test_pixels_that_share_no_noise_give_the_same(by_steps):
    alone, by_step = (
        opened(replace(MODEL, shared_noise=None, sample_graphs=graphs))
        for graphs in (MODEL.sample_graphs, ())
    )
    found, expected = (model.estimate(RGB, 0, 0, sampling()).mean for model in (alone, by_step))
    np.testing.assert_allclose(found, expected, **CLOSE)
    assert np.abs(expected - by_steps.estimate(RGB, 0, 0, sampling()).mean).max() > 1e-3


def test_a_part_and_the_whole_and_any_threads_give_the_same(by_graph):
    whole = by_graph.estimate(RGB, 0, 0, sampling()).mean
    kept = slice(5, ROWS - 3), slice(7, COLS - 20)
    part = opened(threads=2).estimate(RGB, 0, 0, sampling(), EstimateRequest(kept)).mean
    np.testing.assert_allclose(part, whole[(slice(None), *kept)], **CLOSE)


@pytest.mark.parametrize(
    "changed",
    [
        {"steps": 2},
        {"sampler": "ddim"},
        {"guidance": (0.5, 0.5)},
        {"guidance": (0.5, 0.0), "guidance_interval": (300, 700)},
        {"truncation": (0.96, 1.0)},
    ],
)
def test_other_settings_go_step_by_step(by_graph, by_steps, changed):
    how = sampling(samples=1, **changed)
    found, expected = (m.estimate(RGB, 0, 0, how).mean for m in (by_graph, by_steps))
    np.testing.assert_array_equal(found, expected)


def test_a_graph_of_other_stages_is_not_used(by_steps):
    stale = tuple(replace(one, stages_sha256="0" * 64) for one in MODEL.sample_graphs)
    found = opened(replace(MODEL, sample_graphs=stale)).estimate(RGB, 0, 0, sampling("fast"))
    np.testing.assert_array_equal(found.mean, by_steps.estimate(RGB, 0, 0, sampling("fast")).mean)


def test_a_graph_that_is_no_graph_of_samples_is_refused():
    wrong = tuple(replace(one, graph=MODEL.stages[0].denoiser) for one in MODEL.sample_graphs)
    with pytest.raises(PackageError, match="graph of samples"):
        opened(replace(MODEL, sample_graphs=wrong)).estimate(RGB, 0, 0, sampling("fast"))


def test_a_graph_of_more_stages_than_the_package_is_refused(by_graph):
    session = by_graph._graphs("ddim", 1)._session
    with pytest.raises(PackageError, match="graph of samples"):
        SampleGraph(session, replace(MODEL, stages=MODEL.stages[:1]))


def test_networks_that_a_graph_stands_for_are_opened_when_they_are_needed(monkeypatch):
    opened_graphs, open_session = [], onnx_session.open_session

    def note(content, *rest):
        opened_graphs.append(content)
        return open_session(content, *rest)

    monkeypatch.setattr(onnx_session, "open_session", note)
    cascade = opened()
    cascade.estimate(RGB, 0, 0, sampling("fast"))
    assert len(opened_graphs) == 2  # the encoder that sees a whole tile, the graph of samples
    cascade.estimate(RGB, 0, 0, sampling("fast", steps=2))
    assert len(opened_graphs) == 5  # two denoisers and the second encoder
    cascade.estimate(RGB, 0, 0, sampling("fast", steps=2))
    assert len(opened_graphs) == 5


@pytest.mark.parametrize("file", [one.file for one in MODEL.graph_files[:4]])
def test_a_damaged_network_is_told_before_it_is_needed(tmp_path, file):
    folder = shutil.copytree(embedded.EMBEDDED, tmp_path / "model")
    path = folder / file
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(PackageError, match=rf"{file} has SHA-256"):
        load_cascade(folder, MODEL, "cpu", 1)
