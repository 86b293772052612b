"""The one-shot baseline trains as the cascade does and estimates whole rasters."""

import dataclasses

import mst
import numpy as np
import one_shot
import pytest
import torch

from model_runtime.errors import InputError
from model_runtime.package import embedded, manifest
from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.georeference import Georeference
from training.config import load
from training.data.dataset import load_scenes
from training.data.sources import Sources
from training.loop import checkpoint

SMALL = {
    "data.patch": 8,
    "data.gain_sigma": 0.1,
    "data.shade_share": 0.0,
    "data.camera_share": 0.0,
    "data.libraries": [],
    "data.responses": [],
    "data.pairs": [],
    "training.batch": 4,
    "training.checkpoint_every": 10,
    "training.warmup": 5,
    "stages.0.network.context_widths": [16, 16],
    "stages.0.network.context_blocks": [1, 1],
    "stages.0.network.width": 16,
    "stages.1.network.width": 16,
}
WORDS = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A folder of one scene that trains in a moment."""
    folder = tmp_path_factory.mktemp("train")
    nm, rng = np.linspace(390, 1010, 40), np.random.default_rng(0)
    share = rng.uniform(0, 1, (20, 24)).astype(np.float32)
    spectra = 0.05 + 0.3 * (nm - 390) / 620, 0.04 + 0.4 / (1 + np.exp(-(nm - 715) / 15))
    values = sum(s[:, None, None] * w for s, w in zip(spectra, (share, 1 - share)))
    place = Georeference(None, None)
    cube = Cube(values.astype(np.float32), nm, np.full(40, 15.0), "reflectance", place)
    write_cube(str(folder / "a.tif"), cube, "float32", {})
    return folder


@pytest.fixture(scope="module")
def run(scenes, tmp_path_factory):
    """The folder of a run of 20 steps."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    assert one_shot.main([str(folder), "--data", str(scenes), "--steps", "20", *WORDS]) == 0
    return folder


@pytest.fixture(scope="module")
def regression(run):
    return one_shot.regression(run, manifest.read(embedded.EMBEDDED), threads=1)


def test_it_has_its_steps_and_makes_all_bands(run, regression):
    assert checkpoint.load(run, 0)["step"] == 20
    assert len(regression.wavelength_nm) == 48
    assert regression.function(np.full((3, 6, 8), 0.2, np.float32)).shape == (48, 6, 8)


def test_its_loss_falls(scenes):
    config = load(one_shot.CONFIG, [word for word in WORDS if word != "--set"])
    found = Sources(load_scenes([str(scenes)], config))
    trainer = one_shot._trainer(one_shot.one_shot_config(config, 120), found)
    losses = [trainer.advance() for _ in range(120)]
    assert np.mean(losses[-10:]) < 0.85 * np.mean(losses[:10])


def test_it_looks_once_and_draws_nothing(regression):
    rgb = np.random.default_rng(1).uniform(0.05, 0.4, (3, 9, 7)).astype(np.float32)
    torch.manual_seed(1)
    first = regression.function(rgb)
    assert np.array_equal(first, regression.function(rgb))
    assert first.shape == (48, 9, 7)


def test_a_pixel_far_from_the_edge_does_not_see_it(regression):
    rgb = np.random.default_rng(2).uniform(0.05, 0.4, (3, 30, 34)).astype(np.float32)
    whole, part = regression.function(rgb), regression.function(rgb[:, 4:, 2:])
    np.testing.assert_allclose(part[:, 10:-10, 10:-10], whole[:, 14:-10, 12:-10], atol=1e-5)


def test_masked_pixels_stay_masked(regression):
    rgb = np.full((3, 6, 8), 0.2, np.float32)
    rgb[1, 2, 3] = np.nan
    found = regression.function(rgb)
    assert np.isnan(found[:, 2, 3]).all()
    assert np.isfinite(found).sum() == 48 * (6 * 8 - 1)


def test_it_gets_the_steps_that_both_stages_have_time_for(scenes, monkeypatch):
    config = load(one_shot.CONFIG, ["stages.0.iterations=100", "stages.1.iterations=60"])
    found = Sources(load_scenes([str(scenes)], config))
    monkeypatch.setattr(
        one_shot, "_seconds_a_step", lambda t: 2.0 if isinstance(t, one_shot.OneShotTrainer) else 1
    )
    assert one_shot.affordable_steps(config, found) == 100 + 60 / 2


def test_mst_gets_the_time_of_all_stages(scenes, monkeypatch):
    config = load(one_shot.CONFIG, ["stages.0.iterations=100", "stages.1.iterations=60"])
    found = Sources(load_scenes([str(scenes)], config))
    monkeypatch.setattr(
        one_shot, "_seconds_a_step", lambda t: 4.0 if isinstance(t, one_shot.OneShotTrainer) else 1
    )
    assert one_shot.affordable_steps(config, found, one_shot.MST) == (100 + 60) / 4


def test_its_settings_are_stage_ones_with_the_blocks_of_both():
    config = load(one_shot.CONFIG, ["stages.0.network.blocks=1", "stages.1.network.blocks=2"])
    (stage,) = one_shot.one_shot_config(config, 7).stages
    assert stage.network == {**config.stages[0].network, "blocks": 3, "colour_width": 0}
    assert (stage.iterations, stage.final_bands) == (7, tuple(range(48)))


def test_a_run_goes_on_only_when_asked(run, scenes, capsys):
    words = [str(run), "--data", str(scenes), *WORDS]
    assert one_shot.main([*words, "--steps", "20"]) == 2
    assert "--resume" in capsys.readouterr().err
    assert one_shot.main([*words, "--resume"]) == 0


def test_a_package_of_other_input_bands_is_refused(run):
    model = manifest.read(embedded.EMBEDDED)
    other = dataclasses.replace(model, input_bands=model.input_bands[::-1])
    with pytest.raises(InputError, match="other input bands"):
        one_shot.regression(run, other, threads=1)


def test_other_networks_are_refused():
    config = load(one_shot.ROOT / "training" / "configs" / "released_small.toml")
    with pytest.raises(InputError, match="not compact"):
        one_shot.one_shot_config(config, 5)


def test_it_learns_from_camera_pictures_of_coarser_spectra(scenes, tmp_path, write_raster):
    values = np.random.default_rng(5).integers(20, 250, (3, 80, 96)).astype(np.float32)
    write_raster("a_camera.tif", values)
    words = [*WORDS, "--set", f"data.pairs=['{tmp_path}']", "--set", "data.pair_every=2"]
    words += ["--set", "data.pair_patch=32", "--set", "training.batch=2"]
    run = tmp_path / "run"
    assert one_shot.main([str(run), "--data", str(scenes), "--steps", "4", *words]) == 0
    assert checkpoint.load(run, 0)["step"] == 4


def test_mst_has_the_published_number_of_weights():
    network = mst.MstPlusPlus(mst.MstSettings(condition_bands=3, output_bands=31))
    weights = sum(parameter.numel() for parameter in network.parameters())
    assert weights / 1e6 == pytest.approx(1.62, abs=0.005)  # Cai et al. 2022, table 1


def test_mst_attends_to_bands_of_the_whole_patch():
    torch.manual_seed(0)
    network = mst.MstPlusPlus(mst.MstSettings(condition_bands=3, output_bands=4)).eval()
    rgb = torch.rand(2, 3, 16, 24)
    moved = rgb.clone()
    moved[0, :, 0, 0] += 1
    with torch.no_grad():
        before, after = (network(None, seen, None) for seen in (rgb, moved))
    assert before.shape == (2, 4, 16, 24)
    assert (before[0, :, -1, -1] != after[0, :, -1, -1]).all()
    assert torch.equal(before[1], after[1])


def test_mst_is_trained_and_estimates_rasters_of_any_size(scenes, tmp_path):
    words = [str(tmp_path / "run"), "--network", "mst++", "--data", str(scenes), "--steps", "1"]
    assert one_shot.main([*words, *WORDS]) == 0
    found = one_shot.regression(tmp_path / "run", manifest.read(embedded.EMBEDDED), threads=1)
    assert found.name == "MST++"
    assert found.function(np.full((3, 7, 9), 0.2, np.float32)).shape == (48, 7, 9)
