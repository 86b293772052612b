"""What a run keeps, and what may change when it goes on."""

import dataclasses
import json

import pytest

from model_runtime.errors import InputError
from training.config import load, overridden
from training.loop import checkpoint, run_folder


@pytest.fixture
def run(tmp_path, small_toml):
    """A function that makes a run with checkpoints of ``stages``: its folder."""

    def make(*stages):
        folder = tmp_path / "run"
        run_folder.keep(folder, load(small_toml))
        for stage in stages:
            (folder / f"stage{stage + 1}.pt").touch()
        return folder

    return make


def test_the_settings_are_kept(run, small_toml):
    assert run_folder.settings_of(run()) == load(small_toml)
    assert [path.name for path in run().iterdir()] == ["config.json"]


def test_the_settings_file_stands_in_for_a_lost_run(small_toml):
    assert run_folder.settings_of(small_toml) == load(small_toml)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"name": "x"}'])
def test_a_folder_that_is_no_run_is_refused_in_one_line(tmp_path, content):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError) as caught:
        run_folder.settings_of(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_new_run_and_the_next_stage_are_held_against_nothing(run, small_toml, tmp_path):
    config = load(small_toml)
    assert run_folder.hold(tmp_path / "new", config, [0, 1], resume=False) == []
    assert run_folder.hold(run(0), config, [1], resume=False) == []


def test_a_stage_that_learnt_from_one_that_goes_on_is_told(run, small_toml):
    folder, config = run(), load(small_toml)
    for stage, step in enumerate((20, 20)):
        state = {"step": step, "network": {}, "ema": {}, "optimiser": {}}
        checkpoint.save(folder, stage, state)
    assert run_folder.outdated(folder, config, [0, 1]) == []
    longer = overridden(config, ["stages.0.iterations=40"])
    for stages in ([0], [0, 1]):
        (said,) = run_folder.outdated(folder, longer, stages)
        assert "stage 2" in said and "trained on what stage 1 made at step 20" in said
    assert run_folder.outdated(folder, longer, [1]) == []
    of_true_bands = overridden(longer, ["stages.1.condition_estimated_share=0.0"])
    assert run_folder.outdated(folder, of_true_bands, [0]) == []


def test_a_trained_stage_is_not_trained_again_by_mistake(run, small_toml):
    with pytest.raises(InputError, match="checkpoint of stage 2: add --resume"):
        run_folder.hold(run(1), load(small_toml), [0, 1], resume=False)


@pytest.mark.parametrize(
    "override",
    ["normalisation.scale=0.3", "input.unit=DN", "output.grid_nm=[400.0, 999.0, 8]"]
    + ["stages.0.network.width=16", "stages.0.timesteps=60", "stages.0.prediction=v"]
    + ["stages.0.schedule=linear"],
)
def test_weights_keep_the_settings_that_they_mean(run, small_toml, override):
    with pytest.raises(InputError, match=r"was trained with other settings: .* was .*, now "):
        run_folder.hold(run(0), load(small_toml, [override]), [0], resume=True)


def test_a_next_stage_of_other_units_is_refused_too(run, small_toml):
    """It would be put into one package with the stage that is there."""
    with pytest.raises(InputError, match=r"other settings: normalisation.offset was 0.2, now 0.1"):
        run_folder.hold(run(0), load(small_toml, ["normalisation.offset=0.1"]), [1], resume=False)


def test_a_stage_that_is_not_trained_yet_may_change(run, small_toml):
    changed = load(small_toml, ["stages.1.network.width=16", "stages.1.prediction=v"])
    warnings = run_folder.hold(run(0), changed, [1], resume=False)
    assert any("stages.1.network.width was 8, now 16" in warning for warning in warnings)


def test_what_may_change_is_told(run, small_toml):
    changed = load(small_toml, ["training.batch=8", "stages.0.iterations=40"])
    warnings = run_folder.hold(run(0), changed, [0], resume=True)
    assert len(warnings) == 2
    assert any("training.batch was 4, now 8" in warning for warning in warnings)
    assert any("stages.0.iterations was 20, now 40" in warning for warning in warnings)


def test_fewer_stages_than_are_trained_are_refused(run, small_toml):
    config = load(small_toml)
    last = dataclasses.replace(config, stages=config.stages[1:])
    with pytest.raises(InputError, match="other settings"):
        run_folder.hold(run(0, 1), last, [0], resume=True)


def test_a_place_that_cannot_be_written_is_named(tmp_path, small_toml):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        run_folder.keep(tmp_path / "file" / "run", load(small_toml))


def test_a_damaged_copy_of_the_settings_is_named(run, small_toml):
    folder = run(0)
    (folder / "config.json").write_text(json.dumps({"name": 1})[:-1])
    with pytest.raises(InputError, match=r"config\.json cannot be read"):
        run_folder.hold(folder, load(small_toml), [0], resume=True)


def test_a_setting_that_an_older_version_did_not_know_is_no_change(run, small_toml):
    folder, config = run(0), load(small_toml)
    kept = json.loads((folder / "config.json").read_text())
    del kept["training"]["workers"]
    (folder / "config.json").write_text(json.dumps(kept))
    assert run_folder.hold(folder, config, [0], resume=True) == []
    (said,) = run_folder.hold(folder, overridden(config, ["training.workers=1"]), [0], resume=True)
    assert said.endswith("training.workers was 0, now 1")
