"""``average.py``: the mean of kept checkpoints, or of several runs, as a run of its own."""

import re
import shutil
from dataclasses import replace

import pytest
import torch

from model_runtime.errors import PackageError
from training import average, export
from training import train as command_line
from training.loop import checkpoint, optimisers, run_folder
from training.package import manifest_of_config

PARTS = "condition_encoder.colours.hidden", "condition_encoder.looks.own"


@pytest.fixture(scope="module")
def run(small_toml, tmp_path_factory):
    """A function that trains both stages for four steps with a seed and a width: its folder."""

    def make(seed, width=8):
        folder = tmp_path_factory.mktemp("averaged") / f"run{seed}"
        words = [f"training.seed={seed}", "training.keep_every=2", "data.validation=[]"]
        words += ["stages.0.iterations=4", "stages.1.iterations=4"]
        words += [f"stages.1.network.width={width}"]
        given = [part for word in words for part in ("--set", word)]
        command = ["--config", str(small_toml), "--out", str(folder), *given]
        assert command_line.main(command) == 0
        return folder

    return make


@pytest.fixture(scope="module")
def runs(run):
    """Two runs that differ in their seed."""
    return run(1), run(2)


def averages(folder, stage, steps):
    return [checkpoint.require_kept(folder, stage, step)["ema"] for step in steps]


def assert_mean(folder, stage, weights):
    found = checkpoint.require(folder, stage)["ema"]
    for name, value in found.items():
        wanted = torch.stack([each[name] for each in weights]).mean(0)
        torch.testing.assert_close(value, wanted)


def test_kept_checkpoints_are_averaged(runs, tmp_path, capsys):
    out = tmp_path / "mean"
    words = [str(runs[0]), "--steps", "2", "4", "--out", str(out)]
    assert average.main(words) == 0
    for stage in (0, 1):
        assert_mean(out, stage, averages(runs[0], stage, (2, 4)))
    assert "stage 2: mean of 2 checkpoints, of steps 2, 4" in capsys.readouterr().out
    export.export(out, tmp_path / "package")
    assert manifest_of_config.read_domain(out) == manifest_of_config.read_domain(runs[0])


def test_the_last_of_each_stage_are_averaged(runs, tmp_path):
    """Stages of other lengths have other steps."""
    run = tmp_path / "run"
    shutil.copytree(runs[0], run)
    (run / "stage2_step2.pt").rename(run / "stage2_step10.pt")  # after 4 by number, not by name
    assert average.main([str(run), "--last", "2", "--out", str(tmp_path / "mean")]) == 0
    assert_mean(tmp_path / "mean", 0, averages(run, 0, (2, 4)))
    assert checkpoint.kept_steps(run, 1) == [4, 10]
    assert_mean(tmp_path / "mean", 1, averages(run, 1, (4, 10)))


@pytest.mark.parametrize("last", ["1", "0", "-2", "many"])
def test_fewer_than_two_are_no_average(runs, tmp_path, capsys, last):
    with pytest.raises(SystemExit) as caught:
        average.main([str(runs[0]), f"--last={last}", "--out", str(tmp_path / "mean")])
    assert caught.value.code == 2
    assert "give 2 or more" in capsys.readouterr().err


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_training_does_not_go_on_from_an_average(runs, tmp_path, optimiser):
    average.main([*map(str, runs), "--out", str(tmp_path / "mean")])
    config = run_folder.settings_of(runs[0])
    state = checkpoint.load(tmp_path / "mean", 0)["optimiser"]
    wide = torch.nn.Conv2d(16, 16, 1)
    training = replace(config.training, optimiser=optimiser)
    with pytest.raises(PackageError, match="does not fit"), checkpoint.fitting("an average"):
        optimisers.restore(optimisers.make(wide, training, "cpu"), state)


def test_the_last_checkpoints_of_runs_are_averaged(runs, tmp_path):
    out = tmp_path / "mean"
    assert average.main([*map(str, runs), "--out", str(out)]) == 0
    for stage in (0, 1):
        assert_mean(out, stage, [checkpoint.require(each, stage)["ema"] for each in runs])


@pytest.mark.parametrize(
    "words, said",
    [
        (["{0}"], "has one checkpoint of stage 1 to average"),
        (["{0}", "--steps", "3", "4"], "stage1_step3.pt does not exist: .*keep_every"),
        (["{0}", "--last", "3"], "has kept 2 checkpoints of stage 1, not 3: give a smaller --last"),
        (["{0}", "{1}"], "stages.1.network.width was 8, now 4: name runs of the same"),
        (["{0}", "none"], "none holds no config.json"),
    ],
)
def test_what_cannot_be_averaged_is_one_line(run, runs, tmp_path, capsys, words, said):
    narrow = run(3, width=4) if "{1}" in words else runs[1]
    given = [word.format(runs[0], narrow) for word in words]
    assert average.main([*given, "--out", str(tmp_path / "mean")]) == 2
    assert re.search(said, capsys.readouterr().err)
    assert not (tmp_path / "mean").exists()


def test_a_run_is_not_written_over(runs, capsys):
    assert average.main([*map(str, runs), "--out", str(runs[0])]) == 2
    assert "holds a run: choose another --out" in capsys.readouterr().err


def test_what_colours_tell_is_the_last_ones():
    """It is fitted at the end: the mean with what was drawn would be neither."""
    one, last = ({f"{part}.weight": torch.full((2,), v) for part in PARTS} for v in (1.0, 3.0))
    found = average.mean([one, last])
    assert found[f"{PARTS[0]}.weight"].tolist() == [3, 3]
    assert found[f"{PARTS[1]}.weight"].tolist() == [2, 2]
