"""The training commands as they are called: both stages, a kill, resume, export, and use."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import Sampling
from model_runtime.diffusion.spread_calibration import SPREAD_SAMPLES
from model_runtime.package import embedded, manifest
from training import calibrate, export, fit_truncation
from training import train as command_line
from training.config import load
from training.loop import checkpoint, run_folder, validation
from training.loop.stage_trainer import StageTrainer
from training.loop.train_stage import load_trained

ROOT = Path(__file__).parents[2]
# Runs train.py, and the system kills it after stage 1's 17th step: its checkpoint is of step 12,
# its curve went on to step 16.
KILLED = """
import os, signal, sys
sys.path.insert(0, {root!r})
from training import train
from training.loop import stage_trainer, train_stage
advance = stage_trainer.StageTrainer.advance
def dying(self):
    if self.step == 17:
        os.kill(os.getpid(), signal.SIGKILL)
    return advance(self)
stage_trainer.StageTrainer.advance = dying
after_step = train_stage._after_step
def drawn(run, trainer, board, *rest):
    after_step(run, trainer, board, *rest)
    board.flush()
train_stage._after_step = drawn
train.main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def unbroken(train, small_toml, tmp_path_factory):
    """The folder of a whole run of both stages, and what the command said."""
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    done = train("--config", small_toml, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture(scope="module")
def resumed(train, small_toml, tmp_path_factory):
    """The folder of a run that was killed in stage 1 and went on with --resume."""
    folder = tmp_path_factory.mktemp("killed") / "run"
    words = ["--config", str(small_toml), "--out", str(folder)]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED.format(root=str(ROOT)), *words],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        timeout=300,
    )
    assert killed.returncode == -signal.SIGKILL
    assert checkpoint.load(folder, 0)["step"] == 12
    assert scalars(folder, 1, "loss")[-1][0] == 16
    done = train(*words, "--resume")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def package(unbroken, tmp_path_factory):
    """The package exported from the whole run."""
    folder = tmp_path_factory.mktemp("exported") / "model"
    export.export(unbroken[0], folder)
    return folder


def scalars(run, stage, name):
    """[(step, value)] of a curve as TensorBoard shows it."""
    events = EventAccumulator(str(run / "tensorboard" / f"stage{stage}"))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(name)]


def log_of(run):
    """The lines of a run's log."""
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_a_run_leaves_checkpoints_settings_and_curves(unbroken, small_toml):
    run, done = unbroken
    assert run_folder.settings_of(run) == load(small_toml)
    assert [checkpoint.load(run, stage)["step"] for stage in (0, 1)] == [20, 20]
    assert [checkpoint.load(run, stage, best=True)["step"] for stage in (0, 1)] == [20, 20]
    assert not list(run.glob("*.part"))
    assert done.stdout == ""
    assert "stage 2 step 20: rmse" in done.stderr
    for stage in (1, 2):
        assert [step for step, _ in scalars(run, stage, "loss")] == list(range(2, 21, 2))
        assert [step for step, _ in scalars(run, stage, "validation/sam_degrees")] == [20]
    events = EventAccumulator(str(run / "tensorboard" / "stage2"))
    events.Reload()
    assert events.Tags()["images"] == ["spectra"]


def test_the_log_has_a_line_of_json_for_each_point_of_the_curves(unbroken):
    run, _ = unbroken
    lines = log_of(run)
    steps = [(line["stage"], line["step"]) for line in lines if "loss" in line]
    assert steps == [(stage, step) for stage in (1, 2) for step in range(2, 21, 2)]
    first = lines[0]
    assert first["loss"] == pytest.approx(first["loss_target"] + first["loss_angle"])
    assert first["learning_rate"] == 3e-3
    assert first["gradient_norm"] > 0 and first["samples_per_second"] > 0
    assert [value for name, value in first.items() if name.startswith("loss_by_timestep/")]
    assert [v for _, v in scalars(run, 1, "gradient_norm")] == pytest.approx(
        [line["gradient_norm"] for line in lines if line["stage"] == 1 and "loss" in line]
    )
    judged = next(line for line in lines if line["stage"] == 2 and "loss" not in line)
    assert judged["validation of v/rmse"] == judged["validation/rmse"]  # one sensor, one scene


def test_a_killed_runs_log_has_no_line_twice(unbroken, resumed):
    logs = [log_of(run) for run in (unbroken[0], resumed)]
    same = ("stage", "step", "loss", "loss_angle", "learning_rate", "validation/rmse")
    found = [[{name: line.get(name) for name in same} for line in log] for log in logs]
    assert found[0] == found[1]


def test_a_killed_run_goes_on_to_the_same_weights_bit_for_bit(unbroken, resumed):
    for stage in (0, 1):
        one, other = (checkpoint.load(run, stage) for run in (unbroken[0], resumed))
        assert other["step"] == one["step"]
        for part in ("network", "ema"):
            assert all(torch.equal(one[part][key], other[part][key]) for key in one[part])


def test_a_killed_run_has_the_same_curve(unbroken, resumed):
    for stage in (1, 2):
        assert scalars(resumed, stage, "loss") == scalars(unbroken[0], stage, "loss")


def test_the_package_has_what_the_settings_say(package, unbroken, small_toml):
    config, model = load(small_toml), manifest.read(package)
    assert model.wavelength_nm == pytest.approx(config.output.wavelength_nm)
    assert [stage.final_bands for stage in model.stages] == [(0, 4), tuple(range(8))]
    assert model.stages[1].guidance_scale == 0.5
    assert model.tile.influence == 8
    assert model.qualities["fast"] == manifest.Quality("ddim", 2, 1)
    assert 0 < model.domain.values[0][0] < model.domain.values[0][-1] < 0.6
    assert (package / model.card).read_text().startswith("# small 1")
    assert not list(package.parent.glob("*.part"))


def test_the_package_samples_as_the_trained_networks_do(package, unbroken):
    """ONNX Runtime against torch, through the same cascade."""
    run, config = unbroken[0], run_folder.settings_of(unbroken[0])
    networks = [load_trained(run, config, stage) for stage in (0, 1)]
    in_torch = validation.torch_cascade(config, networks)
    in_onnx = load_cascade(package, manifest.read(package), "cpu", 1)
    rgb = np.random.default_rng(0).uniform(0.02, 0.5, (3, 12, 10)).astype(np.float32)
    how = Sampling("dpm-solver++", 4, 2, (0.3, 0.5), seed=1)
    one, other = (validation.estimate(model, how, rgb) for model in (in_torch, in_onnx))
    np.testing.assert_allclose(one.mean, other.mean, atol=1e-4)
    np.testing.assert_allclose(one.spread, other.spread, atol=1e-4)


def test_the_exported_model_upsamples_a_raster(package, command, write_raster):
    from osgeo import gdal

    values = np.random.default_rng(1).integers(300, 5000, (3, 21, 34)).astype(np.uint16)
    source = write_raster("rgb.tif", values, scale=0.0001)
    output = source.with_name("cube.tif")
    done = command("upsample", source, output, "--model", package, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    dataset = gdal.Open(str(output))
    assert (dataset.RasterCount, dataset.RasterYSize, dataset.RasterXSize) == (8, 21, 34)
    assert dataset.GetRasterBand(8).GetMetadataItem("wavelength").startswith("1000")
    assert dataset.ReadAsArray().max() > 0


def refused(capsys, *words):
    """The one line that train.py says when it refuses ``words`` with exit code 2."""
    assert command_line.main([str(word) for word in words]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    errors = [line for line in said if line.startswith("error: ")]
    assert len(errors) == 1
    assert "Traceback" not in "\n".join(said)
    return errors[0]


@pytest.mark.parametrize(
    "words, match",
    [
        (["--set", "training.batches=3"], "unknown key 'batches'"),
        (["--set", "training.batch=0"], "batch is 0"),
        (["--set", "tile.multiple=1"], "tile.multiple is 1"),
        (["--set", "tile.size=33"], "the package's tile"),
        (["--set", "stages.0.network.kind=big"], "kind 'big' is unknown"),
        (["--stage", "3"], "there are 2 stages"),
        (["--stage", "first"], "--stage first"),
        (["--stage", "²"], "--stage ²"),
        (["--stage", "2"], "train stage 1 first"),
        (["--data", "nowhere"], "nowhere does not exist"),
        (["--validation", "nowhere"], "nowhere does not exist"),
        (["--set", 'data.units=["radiance"]'], "no scene"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_exit_2(small_toml, tmp_path, capsys, words, match):
    out = tmp_path / "run"
    assert match in refused(capsys, "--config", small_toml, "--out", out, *words)
    assert not list(tmp_path.rglob("*.pt"))


def test_held_out_scenes_are_named_on_the_command_line(train, small_toml, small_scenes, tmp_path):
    short = ["--set", "stages.0.iterations=1", "--set", "data.validation=[]", "--stage", "1"]
    place = str(small_scenes[1])
    done = train("--config", small_toml, "--out", tmp_path / "a", *short, "--validation", place)
    assert done.returncode == 0, done.stderr
    assert run_folder.settings_of(tmp_path / "a").data.validation == (place,)
    assert "held out" not in done.stderr
    assert "stage 1 step 1: rmse" in done.stderr
    done = train("--config", small_toml, "--out", tmp_path / "b", *short)
    assert done.returncode == 0, done.stderr
    assert "warning: no scene is held out" in done.stderr


def test_a_mistake_found_early_leaves_no_folder(small_toml, tmp_path, capsys):
    out = tmp_path / "run"
    refused(capsys, "--config", small_toml, "--out", out, "--data", "nowhere")
    assert not out.exists()


def test_a_missing_settings_file_and_the_command_itself(train, tmp_path):
    done = train("--config", tmp_path / "no.toml", "--out", tmp_path / "run")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith(f"error: {tmp_path}/no.toml")
    assert "Traceback" not in done.stderr


def test_a_whole_run_is_not_begun_again_by_mistake(unbroken, small_toml, capsys):
    before = (unbroken[0] / "stage1.pt").read_bytes()
    line = refused(capsys, "--config", small_toml, "--out", unbroken[0])
    assert "add --resume" in line
    assert (unbroken[0] / "stage1.pt").read_bytes() == before


def test_a_whole_run_resumed_stays_as_it_is(unbroken, small_toml):
    before = [(unbroken[0] / f"stage{n}.pt").read_bytes() for n in (1, 2)]
    words = ["--config", str(small_toml), "--out", str(unbroken[0]), "--resume"]
    assert command_line.main(words) == 0
    assert [(unbroken[0] / f"stage{n}.pt").read_bytes() for n in (1, 2)] == before


def test_resuming_with_another_network_is_refused(unbroken, small_toml, capsys):
    kept = (unbroken[0] / "config.json").read_text()
    words = ["--resume", "--set", "stages.0.network.width=12"]
    line = refused(capsys, "--config", small_toml, "--out", unbroken[0], *words)
    assert "stages.0.network.width was 8, now 12" in line
    assert (unbroken[0] / "config.json").read_text() == kept


@pytest.fixture
def short(small_toml, tmp_path):
    """A function that trains stage 1 for some steps in this process: (exit code, folder)."""

    def run(iterations, *words):
        folder = tmp_path / "run"
        settings = ["--config", str(small_toml), "--out", str(folder), "--stage", "1"]
        settings += ["--set", f"stages.0.iterations={iterations}", "--set", "data.validation=[]"]
        return command_line.main([*settings, *words]), folder

    return run


def test_other_settings_that_may_change_are_told(short, capsys):
    assert short(2)[0] == 0
    assert short(4, "--resume", "--set", "training.batch=2")[0] == 0
    said = capsys.readouterr().err
    assert "training.batch was 4, now 2" in said
    assert "stages.0.iterations was 2, now 4" in said


def test_a_loss_that_is_no_number_keeps_the_last_good_checkpoint(short, capsys):
    assert short(6)[0] == 0
    wild = ["--set", "training.learning_rate=1e38", "--set", "training.checkpoint_every=1"]
    code, folder = short(20, "--resume", *wild, "--set", "training.gradient_clip=0")
    assert code == 2
    assert "error: stage 1 has " in capsys.readouterr().err
    state = checkpoint.load(folder, 0)
    assert 6 <= state["step"] < 20
    for part in ("network", "ema"):
        assert all(torch.isfinite(value).all() for value in state[part].values())


def test_a_checkpoint_has_its_curve_on_disk(short, monkeypatch):
    """A run killed right after it must not have lost what it drew until then."""
    found = {}

    def save(run, stage, state):
        found[state["step"]] = [step for step, _ in scalars(run, 1, "loss")]

    monkeypatch.setattr(checkpoint, "save", save)
    short(12)
    assert found == {6: [2, 4, 6], 12: [2, 4, 6, 8, 10, 12]}


def test_a_damaged_checkpoint_is_one_line(short, capsys):
    _, folder = short(2)
    (folder / "stage1.pt").write_bytes(b"damaged")
    assert short(4, "--resume")[0] == 3
    errors = [s for s in capsys.readouterr().err.splitlines() if s.startswith("error: ")]
    assert len(errors) == 1
    assert "stage1.pt is not a checkpoint" in errors[0]


def test_an_interrupt_ends_with_130_and_says_how_to_go_on(short, capsys, monkeypatch):
    advance = StageTrainer.advance

    def interrupted(self):
        if self.step == 8:
            raise KeyboardInterrupt
        return advance(self)

    monkeypatch.setattr(StageTrainer, "advance", interrupted)
    code, folder = short(20)
    assert code == 130
    assert "--resume" in capsys.readouterr().err
    assert checkpoint.load(folder, 0)["step"] == 6


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_where_there_is_none_is_a_device_error(small_toml, tmp_path, capsys):
    words = ["--config", str(small_toml), "--out", str(tmp_path / "run"), "--device", "cuda"]
    assert command_line.main(words) == 4
    assert "choose --device cpu" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_an_unfinished_run_is_not_exported(short, tmp_path, capsys):
    _, folder = short(2)
    assert export.main([str(folder), str(tmp_path / "model")]) == 2
    assert "train stage 2 first" in capsys.readouterr().err
    assert not list(tmp_path.glob("model*"))


@pytest.fixture
def judged(small_toml, tmp_path, monkeypatch):
    """A function that trains two short stages whose validations find ``angles``: the run."""

    def run(angles, *words):
        found = iter(angles)
        monkeypatch.setattr(validation, "means", lambda judged: {"sam_degrees": next(found)})
        every = ["training.validate_every=2", "training.checkpoint_every=6"]
        short = [*every, "stages.0.iterations=6", "stages.1.iterations=2"]
        settings = [word for override in short for word in ("--set", override)]
        folder = ["--config", str(small_toml), "--out", str(tmp_path / "run")]
        assert command_line.main([*folder, *settings, *words]) == 0
        return tmp_path / "run"

    return run


def test_the_best_checkpoint_is_kept_beside_the_last(judged):
    run = judged([5.0, 3.0, 4.0, 7.0])
    best, last = checkpoint.load(run, 0, best=True), checkpoint.load(run, 0)
    assert (best["step"], best["score"], last["step"]) == (4, 3.0, 6)
    assert any(not torch.equal(best["ema"][name], last["ema"][name]) for name in last["ema"])


def test_a_stage_that_begins_anew_forgets_its_best(judged):
    run = judged([5.0, 1.0, 4.0, 7.0])
    (run / "stage1.pt").unlink()
    judged([5.0, 6.0, 4.0], "--stage", "1")
    best = checkpoint.load(run, 0, best=True)
    assert (best["step"], best["score"]) == (6, 4.0)


def test_export_takes_the_best_checkpoint_where_it_is_asked_for(judged, tmp_path, capsys):
    run, made = judged([5.0, 3.0, float("nan"), 7.0]), {}
    for which, said in (
        ("best", "stage 1: its best checkpoint, of step 4, 3.00 degrees on the held-out scenes"),
        ("last", "stage 1: its last checkpoint, of step 6 (the best was of step 4, 3.00 degrees"),
    ):
        capsys.readouterr()
        assert export.main([str(run), str(tmp_path / which), "--checkpoint", which]) == 0
        assert said in capsys.readouterr().out
        made[which] = manifest.read(tmp_path / which).stages
    assert made["best"][0].denoiser.sha256 != made["last"][0].denoiser.sha256
    assert made["best"][1].denoiser.sha256 == made["last"][1].denoiser.sha256


def test_a_stage_that_learnt_from_an_earlier_ones_past_is_told(judged, tmp_path, capsys):
    run = judged([5.0, 3.0, 4.0, 7.0])
    assert export.main([str(run), str(tmp_path / "fresh")]) == 0
    assert "warning" not in capsys.readouterr().err
    on = ["--resume", "--stage", "1", "--set", "stages.0.iterations=8"]
    judged([4.0], *on)
    assert "stage 2 of" in capsys.readouterr().err  # before it goes on,
    told = (
        "stage 2 of {} learnt from stage 1 at step 6, which is at step 8 now: train stage 2 again"
    )
    assert export.main([str(run), str(tmp_path / "stale")]) == 0  # and ever after
    assert told.format(run) in capsys.readouterr().err


def test_a_run_of_an_older_version_goes_on(short, capsys):
    """Its settings lack what came later, its checkpoint does not say what it learnt from."""
    _, folder = short(6)
    kept = json.loads((folder / "config.json").read_text())
    for name in ("cache", "turned", "pair_patch"):
        del kept["data"][name]
    (folder / "config.json").write_text(json.dumps(kept))
    state = checkpoint.load(folder, 0)
    checkpoint.save(folder, 0, {name: state[name] for name in checkpoint.PARTS})
    (folder / "log.jsonl").unlink()
    assert short(8, "--resume")[0] == 0, capsys.readouterr().err
    assert [line["step"] for line in log_of(folder)] == [8]
    assert checkpoint.load(folder, 0)["step"] == 8


def test_without_held_out_scenes_no_checkpoint_is_the_best(short, tmp_path, capsys):
    _, folder = short(2)
    words = [str(folder), str(tmp_path / "model"), "--checkpoint", "best"]
    assert export.main(words) == 2
    assert "stage1_best.pt does not exist" in capsys.readouterr().err
    assert not list(tmp_path.glob("model*"))


def test_export_refuses_a_missing_card_before_the_work(unbroken, tmp_path, capsys):
    words = [str(unbroken[0]), str(tmp_path / "model"), "--card", str(tmp_path / "no.md")]
    assert export.main(words) == 2
    assert "check --card" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_model_of_ones_own_does_not_pass_for_the_embedded_one(unbroken, tmp_path, capsys):
    ours = manifest.read(embedded.package_folder(None))
    run = tmp_path / "run"
    shutil.copytree(unbroken[0], run)
    kept = json.loads((run / "config.json").read_text())
    named = {**kept, "name": ours.name, "version": ours.version, "licence": ours.licence}
    (run / "config.json").write_text(json.dumps(named))
    words = [str(run), str(tmp_path / "model")]
    assert export.main(words) == 2
    assert "as the embedded one: give --name, --version and --licence" in capsys.readouterr().err
    own = ["--name", "mine", "--version", "7", "--licence", "CC-BY-4.0"]
    assert export.main([*words, *own]) == 0
    model = manifest.read(tmp_path / "model")
    assert (model.name, model.version, model.licence) == ("mine", "7", "CC-BY-4.0")
    assert "Licence: CC-BY-4.0" in (tmp_path / "model" / "MODEL_CARD.md").read_text()


def test_export_does_not_write_over_a_package(unbroken, package, capsys):
    before = (package / "model.json").read_bytes()
    assert export.main([str(unbroken[0]), str(package)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert (package / "model.json").read_bytes() == before


def test_export_of_a_folder_that_is_no_run(tmp_path, capsys):
    assert export.main([str(tmp_path), str(tmp_path / "model")]) == 2
    assert "holds no config.json" in capsys.readouterr().err


THREE_STAGES = """
[[stages]]
final_bands = [3]
{common}
network = {{ kind = "compact", context_widths = [4], context_blocks = [1], width = 4, blocks = 1 }}
[[stages]]
final_bands = [0, 3, 6]
{common}
condition_estimated_share = 0.5
network = {{ kind = "released", base_width = 4, multipliers = [1, 2], attention_levels = [], \
time_width = 8, groups = 2, residual_blocks = 1 }}
[[stages]]
every = 1
{common}
condition_estimated_share = 0.5
network = {{ kind = "compact", width = 8, blocks = 1 }}
"""
COMMON = """prediction = "x0"
schedule = "cosine"
timesteps = 50
schedule_low = 0.0
schedule_high = 0.0
guidance_scale = 0.5
pdt_lower_bound = 0.96
iterations = 3"""


def test_three_stages_of_two_kinds_train_and_sample(small_toml, tmp_path, capsys):
    """Any list of stages: here 3 to 1 to 3 to 8 bands, a released network amid compact ones."""
    head = small_toml.read_text().split("[[stages]]")[0].replace("influence = 8\n", "")
    settings, run = tmp_path / "three.toml", tmp_path / "run"
    settings.write_text(head + THREE_STAGES.format(common=COMMON))
    assert command_line.main(["--config", str(settings), "--out", str(run)]) == 0
    assert "stage 3 step 3: rmse" in capsys.readouterr().err
    config = run_folder.settings_of(run)
    networks = [load_trained(run, config, stage) for stage in range(3)]
    model = validation.torch_cascade(config, networks)
    rgb = np.full((3, 8, 10), 0.3, np.float32)
    found = model.estimate(rgb, 0, 0, Sampling("ddpm", 3, 2, (0.5,) * 3, seed=0))
    assert [len(bands) for bands in found.stages] == [1, 3, 8]
    assert np.isfinite(found.mean).all()
    assert json.loads((run / "config.json").read_text())["stages"][1]["final_bands"] == [0, 3, 6]


def test_stage_two_alone_learns_from_true_coarse_bands(small_toml, tmp_path, capsys):
    words = ["--config", str(small_toml), "--out", str(tmp_path / "run"), "--stage", "2"]
    words += ["--set", "stages.1.iterations=3"]
    assert command_line.main(words) == 2  # it asks for estimates of a stage that is not there
    assert "stage1.pt does not exist" in capsys.readouterr().err
    words += ["--set", "stages.1.condition_estimated_share=0.0"]
    assert command_line.main(words) == 0
    assert "stage 2 step 3: " in capsys.readouterr().err
    assert checkpoint.load(tmp_path / "run", 1)["step"] == 3
    assert checkpoint.load(tmp_path / "run", 0) is None


def test_a_package_gets_thresholds_and_truncates_when_asked(unbroken, package, tmp_path, capsys):
    folder = tmp_path / "model"
    shutil.copytree(package, folder)
    before = manifest.read(folder)
    assert fit_truncation.main([str(unbroken[0]), str(folder)]) == 0
    assert "stage 2: 96 % of |x_t| are within" in capsys.readouterr().out
    model = manifest.read(folder)
    for stage, old in zip(model.stages, before.stages):
        last = stage.truncation.thresholds[-1]
        assert stage.truncation.timesteps[-1] == stage.schedule.steps - 1
        # x_T is noise, of few pixels here.
        assert last[stage.truncation.levels.index(0.96)] == pytest.approx(2.054, abs=0.3)
        assert stage == replace(old, truncation=stage.truncation)
    how = Sampling("ddpm", 5, 1, (0.0, 0.0), seed=1)
    rgb = np.random.default_rng(0).uniform(0.1, 0.5, (3, 16, 16)).astype(np.float32)
    loaded = load_cascade(folder, model, "cpu", 1)
    bounded = replace(how, truncation=(0.9, 0.9))
    plain, clamped = (validation.estimate(loaded, each, rgb).mean for each in (how, bounded))
    assert not np.array_equal(plain, clamped)


def test_a_package_truncates_by_default_where_a_bound_is_given(unbroken, package, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(package, folder)
    words = [str(unbroken[0]), str(folder), "--bound"]
    assert fit_truncation.main([*words, "1.5"]) == 2
    assert manifest.read(folder).stages[0].truncation is None
    assert fit_truncation.main([*words, "0.96"]) == 0
    assert [stage.pdt_lower_bound for stage in manifest.read(folder).stages] == [0.96] * 2


def test_a_package_is_calibrated_on_the_validation_scenes(unbroken, package, tmp_path, capsys):
    folder = tmp_path / "model"
    shutil.copytree(package, folder)
    sampled = manifest.Quality("ddim", 2, 3)
    model = manifest.read(folder)
    replace(model, qualities={**model.qualities, "balanced": sampled, "best": sampled}).write(
        folder
    )
    assert calibrate.main([str(unbroken[0]), str(folder)]) == 0
    made = manifest.read(folder).calibrations
    assert [(c.sampler, c.steps, c.samples) for c in made] == [
        ("ddim", 2, SPREAD_SAMPLES),
        ("ddim", 2, 3),
    ]
    assert {len(c.factor) for c in made} == {len(model.wavelength_nm)}
    assert made and manifest.read(folder).shared_noise is not None
    assert "within the 90 % interval" in capsys.readouterr().out
    again = calibrate.main([str(unbroken[0]), str(folder)])  # of the plain spread, not the stated
    assert again == 0
    assert manifest.read(folder).calibrations == made
