"""Weights to start from: a run's, or a package's as they are read back from its ONNX files."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from model_runtime.errors import InputError
from model_runtime.package import embedded, manifest
from training import add_sample_graphs, export
from training import train as command_line
from training.config import load
from training.graphs import initial_weights
from training.graphs.compact import COLOUR_SHARE, OLD_COLOUR_SHARE
from training.loop import checkpoint, run_folder
from training.networks import registry

ROOT = Path(__file__).parents[3]
# Another compact second stage, and one of the released kind in its place.
COLOURS = "stages.0.network.colour_width=6"
WIDER = "stages.1.network.width=12"
RELEASED = (
    "stages.1.network={kind='released', base_width=4, multipliers=[1, 2], attention_levels=[], "
    "time_width=8, groups=2, residual_blocks=1}"
)


def run_of(folder, config):
    """A run as train.py leaves it, of networks whose every weight is something."""
    run_folder.keep(folder, config)
    for stage in range(len(config.stages)):
        torch.manual_seed(stage)
        network = registry.build(config, stage)
        for weights in network.parameters():
            torch.nn.init.normal_(weights, std=0.3)
        if network.condition_encoder.colours is not None:
            network.condition_encoder.colours.fitted.fill_(True)
        state = {"step": 1, "network": {}, "ema": network.state_dict(), "optimiser": {}}
        checkpoint.save(folder, stage, state)
    return folder


def _is_fitted(name):
    """Whether a weight is part of what a timestep adds, of which the graph keeps a table only."""
    return name.startswith("denoiser.") and ("time." in name or name.endswith("widen.bias"))


@pytest.fixture(scope="module")
def exported(tmp_path_factory, small_toml):
    """(settings, a run, the package made of it)."""
    return export_of(load(small_toml), tmp_path_factory)


@pytest.fixture(scope="module")
def exported_with_colours(tmp_path_factory, small_toml):
    """The same of a first stage that also tells a spectrum by colours alone."""
    return export_of(load(small_toml, [COLOURS]), tmp_path_factory)


def export_of(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    export.export(run_of(folder / "run", config), folder / "package")
    return config, folder / "run", folder / "package"


def test_a_runs_weights_are_its_averaged_ones(exported):
    config, run, _ = exported
    found = initial_weights.read(run, config, [0, 1])
    for stage in (0, 1):
        kept = checkpoint.load(run, stage)["ema"]
        assert found[stage].keys() == kept.keys()
        assert all(torch.equal(found[stage][name], kept[name]) for name in kept)


@pytest.mark.parametrize("which", ["exported", "exported_with_colours"])
def test_a_packages_weights_predict_what_those_that_it_was_made_of_do(request, which):
    """They come back to rounding; what a timestep adds is fitted, best where sampling begins."""
    config, run, package = request.getfixturevalue(which)
    found = initial_weights.read(package, config, [0, 1])
    for stage in (0, 1):
        kept = checkpoint.load(run, stage)["ema"]
        for name, value in kept.items():
            if not _is_fitted(name):
                torch.testing.assert_close(found[stage][name], value, rtol=1e-4, atol=1e-5)
        one, other = (registry.build(config, stage).eval() for _ in range(2))
        one.load_state_dict(kept)
        other.load_state_dict(found[stage])
        x = torch.randn(1, len(config.stages[stage].final_bands), 4, 4)
        condition = torch.randn(1, registry.condition_bands(config, stage), 4, 4)
        for t, least in ((0, 0.1), (20, 0.1), (49, 0.03)):
            with torch.no_grad():
                expected, got = (n(x, condition, torch.tensor([t])) for n in (one, other))
            assert (got - expected).square().mean().sqrt() < least * expected.std()


@pytest.mark.parametrize(
    "override, match",
    [
        (
            WIDER,
            r"stage 2 of .*package: condition_encoder.* is 7, in the network of the settings 11",
        ),
        ("normalisation.scale=0.3", r"normalisation \(offset, scale\) \[\(0.2, 0.2\)\], the"),
        ("output.grid_nm=[400.0, 999.0, 8]", "output bands at"),
        ("stages.0.prediction=v", "in stage 1 the prediction x0, the settings v"),
        ("stages.1.timesteps=60", "in stage 2 the timesteps 50, the settings 60"),
        (RELEASED, "of compact networks only, and stage 2 is of another kind"),
    ],
)
def test_a_package_of_something_else_is_refused(exported, small_toml, override, match):
    with pytest.raises(InputError, match=match) as caught:
        initial_weights.read(exported[2], load(small_toml, [override]), [0, 1])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("which", ["exported", "exported_with_colours"])
def test_what_colours_tell_counts_where_the_package_has_it(request, small_toml, which):
    config = load(small_toml, [COLOURS])
    found = initial_weights.read(request.getfixturevalue(which)[2], config, [0])[0]
    fitted = found["condition_encoder.colours.fitted"]
    assert bool(fitted) == (which == "exported_with_colours")
    registry.build(config, 0).load_state_dict(found)


def test_a_run_of_another_network_is_refused_before_anything_is_trained(exported, small_toml):
    with pytest.raises(InputError, match=r"stage 2 of .*run: condition_encoder.* is 7, in"):
        initial_weights.read(exported[1], load(small_toml, [WIDER]), [0, 1])


def test_a_folder_that_is_neither_is_refused(tmp_path, small_toml):
    with pytest.raises(InputError, match=r"neither a run of train\.py nor a model package"):
        initial_weights.read(tmp_path, load(small_toml), [0])


def test_training_starts_from_a_package(exported, small_toml, tmp_path, capsys):
    """At a rate of next to nothing the weights stay those of the package."""
    still = ["--set", "training.learning_rate=1e-12", "--set", "stages.0.iterations=2"]
    words = ["--config", str(small_toml), "--out", str(tmp_path / "run"), "--stage", "1", *still]
    assert command_line.main([*words, "--init-from", str(exported[2])]) == 0, capsys.readouterr()
    trained = checkpoint.load(tmp_path / "run", 0)["ema"]
    kept = checkpoint.load(exported[1], 0)["ema"]
    for name in ("condition_encoder.looks.enter.weight", "denoiser.blocks.0.narrow.weight"):
        torch.testing.assert_close(trained[name], kept[name], rtol=1e-4, atol=1e-5)


def test_the_settings_for_ones_own_scenes_start_from_the_embedded_model():
    """The commonest wish: the embedded model, trained on with some scenes of one's own."""
    config = load(ROOT / "training" / "configs" / "own.toml")
    found = initial_weights.read(embedded.package_folder(None), config, [1])
    assert all(torch.isfinite(value).all() for value in found[1].values())


def test_a_network_without_texture_is_where_one_with_it_begins(exported, small_toml):
    """That tells nothing until it is trained."""
    _, run, package = exported
    wider = load(small_toml, ["stages.0.network.texture=true"])
    of_run, of_package = (initial_weights.read(each, wider, [0])[0] for each in (run, package))
    added = {name for name in of_run if name not in checkpoint.load(run, 0)["ema"]}
    assert added and added == {name for name in of_package if ".texture." in name}
    assert all(not of_run[name].any() for name in added)


@pytest.fixture
def of_before(exported_with_colours, tmp_path):
    """The package as 0.8 would have written it: a share of every x0, the rest of what it leaves."""
    package = shutil.copytree(exported_with_colours[2], tmp_path / "package")
    file = package / "stage1.onnx"
    graph = onnx.load(file)
    renamed = {COLOUR_SHARE: OLD_COLOUR_SHARE}
    for tensor in graph.graph.initializer:
        if tensor.name.startswith(("shape.", "rest.")):
            values = numpy_helper.to_array(tensor) * np.float32(0.7)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
        tensor.name = renamed.get(tensor.name, tensor.name)
    for node in graph.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    onnx.save(graph, file)
    read = manifest.read(package)
    stage = read.stages[0]
    denoiser = replace(stage.denoiser, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    stages = (replace(stage, denoiser=denoiser), *read.stages[1:])
    replace(read, stages=stages, sample_graphs=()).write(package)
    return package


def test_weights_of_before_come_back_whole(exported_with_colours, of_before):
    config, run, _ = exported_with_colours
    found, kept = initial_weights.read(of_before, config, [0])[0], checkpoint.load(run, 0)["ema"]
    for layer in ("shape", "rest"):
        name = f"denoiser.{layer}.weight"
        torch.testing.assert_close(found[name], kept[name], rtol=1e-4, atol=1e-5)


def test_a_package_of_before_gets_no_graphs_and_is_left_as_it_is(of_before, capsys):
    before = {path.name: path.read_bytes() for path in of_before.iterdir()}
    assert add_sample_graphs.main([str(of_before)]) == 3
    assert "exported before 0.9" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in of_before.iterdir()} == before
