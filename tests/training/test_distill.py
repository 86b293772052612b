"""Distillation as it is called, and that a student comes nearer to its teacher than fewer steps."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from osgeo import gdal

from model_runtime.diffusion.settings import Sampling
from model_runtime.errors import InputError
from model_runtime.package import manifest
from training import distill, export
from training.config import load
from training.data.dataset import load_scenes
from training.data.patches import Patches
from training.data.sources import Sources
from training.loop import checkpoint, run_folder, validation
from training.loop.distill_trainer import DistillTrainer, Plan
from training.loop.stage_trainer import StageTrainer
from training.networks import registry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["x0", "epsilon"])
def taught(request, small_toml):
    """(settings, scenes, stage 1 trained for a second), one for each of two predictions."""
    changes = [f"stages.0.prediction={request.param}", "stages.0.iterations=300"]
    config = load(small_toml, [*changes, "training.batch=8"])
    scenes = load_scenes(config.data.train, config)
    trainer = StageTrainer(config, 0, Patches(Sources(scenes), config, 0), [])
    for _ in range(300):
        trainer.advance()
    return config, scenes, trainer.ema.network


def student_of(taught, plan):
    """Stage 1's student by ``plan``, trained."""
    config, scenes, teacher = taught
    stage = replace(config.stages[0], condition_dropout=0.0)
    training = replace(config.training, learning_rate=1e-3, decay="cosine", ema_start=0)
    config = replace(config, stages=(stage, *config.stages[1:]), training=training)
    trainer = DistillTrainer(config, 0, Patches(Sources(scenes), config, 1), [], teacher, plan)
    for _ in range(plan.iterations * len(plan.rounds())):
        trainer.advance()
    return trainer.ema.network


def sampled(taught, network, steps, scale=0.0):
    """Stage 1's bands of a scene, by the runtime's sampler."""
    config, scenes, _ = taught
    model = validation.torch_cascade(config, [network.eval()])
    how = Sampling("ddim", steps, 1, (scale,), seed=0)
    return validation.estimate(model, how, scenes[0].rgb).mean


def distance(one, other):
    return float(np.sqrt(np.mean((one - other) ** 2)))


def test_a_students_one_step_is_nearer_to_four_of_its_teacher_than_the_teachers_one(taught):
    student = student_of(taught, Plan(1, 4, 0.0, iterations=150))
    target = sampled(taught, taught[2], 4)
    before = distance(sampled(taught, taught[2], 1), target)
    assert distance(sampled(taught, student, 1), target) < 0.7 * before


def test_guidance_is_folded_in(taught):
    student = student_of(taught, Plan(1, 2, 1.0, iterations=300))
    target = sampled(taught, taught[2], 2, scale=1.0)
    unguided = distance(sampled(taught, taught[2], 2), target)
    assert distance(sampled(taught, student, 1), target) < 0.7 * unguided


def test_the_mean_of_draws_is_learnt_in_one_step(taught):
    """A draw differs from draw to draw; the student says their mean."""
    student = student_of(taught, Plan(1, 4, 0.0, iterations=150, draws=4))
    config, scenes, teacher = taught
    model = validation.torch_cascade(config, [teacher])
    how = Sampling("ddpm", 4, 16, (0.0,), seed=0)
    target = validation.estimate(model, how, scenes[0].rgb).mean
    before = distance(sampled(taught, teacher, 1), target)
    assert distance(sampled(taught, student, 1), target) < 0.8 * before


def test_rounds_halve_the_steps():
    assert Plan(1, 8, 0.0, 5).rounds() == [(8, 4), (4, 2), (2, 1)]
    assert Plan(3, 12, 0.0, 5).rounds() == [(12, 6), (6, 3)]
    assert Plan(4, 4, 1.0, 5).rounds() == [(4, 4)]  # guidance alone is folded in
    assert Plan(1, 8, 0.0, 5, draws=2).rounds() == [(8, 1)]


def fresh(taught, plan=None):
    """A trainer of two rounds of three steps that has made none yet."""
    config, scenes, teacher = taught
    plan = plan or Plan(1, 4, 0.5, iterations=3)
    return DistillTrainer(config, 0, Patches(Sources(scenes), config, 1), [], teacher, plan)


def weights(trainer):
    return [p.detach().clone() for p in trainer.ema.network.parameters()]


@pytest.mark.parametrize("stop", [2, 3, 4])
def test_a_restored_run_goes_on_bit_for_bit_within_and_between_rounds(taught, stop):
    unbroken, first, second = fresh(taught), fresh(taught), fresh(taught)
    for _ in range(6):
        unbroken.advance()
    for _ in range(stop):
        first.advance()
    second.restore(first.state())
    for _ in range(6 - stop):
        second.advance()
    assert all(torch.equal(a, b) for a, b in zip(weights(unbroken), weights(second)))


def test_each_rounds_teacher_is_the_student_before(taught):
    trainer = fresh(taught)
    for _ in range(3):
        trainer.advance()
    learnt = weights(trainer)
    pairs = zip(trainer.teacher.parameters(), taught[2].parameters())
    assert all(torch.equal(one, other) for one, other in pairs)
    trainer.advance()
    assert all(torch.equal(a, b) for a, b in zip(trainer.teacher.parameters(), learnt))


def test_the_first_step_starts_from_nothing_but_noise(taught, monkeypatch):
    trainer = fresh(taught, Plan(2, 4, 0.0, iterations=3))
    batch = trainer._batch()
    monkeypatch.setattr(trainer, "_normal_like", lambda x: torch.full_like(x, 0.7))
    first, t = torch.full_like(batch.x0, 0.7), torch.tensor([49, 24] * (len(batch.x0) // 2))
    x_t = trainer._add_noise(batch.x0, t)
    assert torch.equal(x_t[0::2], first[0::2])
    expected = trainer.diffusion.add_noise(batch.x0, first, t)
    torch.testing.assert_close(x_t[1::2], expected[1::2])


def test_a_checkpoint_of_other_rounds_is_refused(taught):
    trainer = fresh(taught)
    trainer.advance()
    with pytest.raises(InputError, match=r"distilled by other rounds.*another --out"):
        fresh(taught, Plan(1, 2, 0.5, iterations=3)).restore(trainer.state())


@pytest.fixture(scope="module")
def teacher_run(train, small_toml, tmp_path_factory):
    """The folder of a whole run of train.py."""
    folder = tmp_path_factory.mktemp("teacher") / "run"
    done = train("--config", small_toml, "--out", folder, "--set", "data.validation=[]")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def student_run(train, teacher_run, small_scenes, tmp_path_factory):
    """The folder of a student by the command, and what that said."""
    kept = run_folder.settings_of(teacher_run)
    data = replace(kept.data, validation=(str(small_scenes[1]),))
    run_folder.keep(teacher_run, replace(kept, data=data))
    folder = tmp_path_factory.mktemp("student") / "run"
    words = [teacher_run, "--out", folder, "--steps", 2, "--guidance", 0, 0.7, "--iterations", 4]
    done = train(*words, script="distill.py")
    assert done.returncode == 0, done.stderr
    return folder, done


def test_the_command_says_how_the_student_stands_beside_its_teacher(student_run):
    lines = student_run[1].stdout.splitlines()
    assert lines[2].startswith("| teacher, 8 x ddim, guidance 0/0.7 | ")
    assert lines[2].endswith("| 0.0000 |")
    assert lines[3].startswith("| teacher, 2 x ddim, guidance 0/0.7 | ")
    assert lines[4].startswith("| student, 2 x ddim | ")
    assert all(float(line.split("|")[-2]) > 0 for line in lines[3:])


def test_a_student_is_exported_and_used_as_any_run(student_run, small_scenes, tmp_path):
    model, rgb, cube = tmp_path / "model", tmp_path / "rgb.tif", tmp_path / "cube.tif"
    export.export(student_run[0], model)
    made = manifest.read(model)
    assert made.name == "small-2step"
    assert [stage.guidance_scale for stage in made.stages] == [0.0, 0.0]
    assert {(q.sampler, q.steps) for q in made.qualities.values()} == {("ddim", 2)}
    assert made.domain is not None
    for words in (
        ["simulate-rgb", small_scenes[1] / "v.tif", rgb, "--model", model],
        ["upsample", rgb, cube, "--model", model, "--quality", "fast"],
    ):
        command = [sys.executable, "-m", "model_runtime", *map(str, words)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    assert gdal.Open(str(cube)).RasterCount == 8


def test_the_same_command_makes_the_same_weights(train, student_run, teacher_run, tmp_path):
    words = [teacher_run, "--out", tmp_path / "again", "--steps", 2]
    words += ["--guidance", 0, 0.7, "--iterations", 4]
    assert train(*words, script="distill.py").returncode == 0
    for stage in (0, 1):
        one, other = (
            checkpoint.load(run, stage)["ema"] for run in (student_run[0], tmp_path / "again")
        )
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_stage_two_learns_from_what_the_student_of_stage_one_makes(student_run, monkeypatch):
    run = student_run[0]
    config = run_folder.settings_of(run)
    before = distill.load_trained(run, config, 0)
    teacher = registry.build(config, 1)
    scenes = load_scenes(config.data.train, config)
    patches = Patches(Sources(scenes), config, 0)
    trainer = DistillTrainer(config, 1, patches, [before], teacher, Plan(2, 4, 0.0, 3))
    seen = []
    forward = before.denoiser.forward
    monkeypatch.setattr(
        before.denoiser, "forward", lambda x, f, t: seen.append(t.tolist()) or forward(x, f, t)
    )
    trainer.advance()
    assert seen == [[49] * 4, [24] * 4]  # two steps of ddim over 50 timesteps


def refused(capsys, *words):
    """The one line and the exit code of a refused command."""
    code = distill.main([str(word) for word in words])
    (line,) = [s for s in capsys.readouterr().err.splitlines() if s.startswith("error: ")]
    return code, line


@pytest.mark.parametrize(
    "words, match",
    [
        (["--steps", 30], "the teacher's steps are 60, the model has 50 timesteps"),
        (["--steps", 4, "--teacher-steps", 4, "--guidance", 0], "does already, unguided"),
        (["--steps", 4, "--teacher-steps", 2], "more than the teacher's 2: give fewer"),
        (["--steps", 0], "--steps is 0: give 1 to 50"),
        (["--steps", 2, "--teacher-steps", 64], "has 50 timesteps"),
        (["--steps", 2, "--teacher-steps", 6], "give one of 2, 4, 8, 16, 32"),
        (["--steps", 2, "--draws", 4], "give --steps 1"),
        (["--steps", 1, "--guidance", 1, 2, 3], "3 scales for 2 stages"),
        (["--steps", 1, "--iterations", 0], "--iterations is 0"),
        (["--steps", 1, "--data", "nowhere"], "nowhere does not exist"),
        (["--steps", 1, "--set", "stages.0.prediction=v"], "set keys of data or training only"),
        (["--steps", 1, "--set", "training.batches=2"], "unknown key 'batches'"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_leaves_nothing(teacher_run, tmp_path, capsys, words, match):
    code, line = refused(capsys, teacher_run, "--out", tmp_path / "student", *words)
    assert code == 2
    assert match in line
    assert not list(tmp_path.iterdir())


def test_a_teacher_that_is_not_there_or_not_whole_is_refused(teacher_run, tmp_path, capsys):
    words = ["--out", tmp_path / "student", "--steps", 1]
    code, line = refused(capsys, tmp_path / "none", *words)
    assert (code, "holds no config.json" in line) == (2, True)
    part = tmp_path / "part"
    shutil.copytree(teacher_run, part)
    state = checkpoint.load(part, 1)
    checkpoint.save(part, 1, {**state, "step": 7})
    code, line = refused(capsys, part, *words)
    assert (code, "stage 2 of" in line, "is at step 7 of 20" in line) == (2, True, True)
    (part / "stage2.pt").unlink()
    code, line = refused(capsys, part, *words)
    assert (code, "train stage 2 first" in line) == (2, True)
    assert not (tmp_path / "student").exists()


def test_a_run_is_not_distilled_into_itself(teacher_run, capsys):
    before = {path.name: path.read_bytes() for path in teacher_run.glob("*.*")}
    words = ["--out", teacher_run, "--steps", 1, "--resume"]
    code, line = refused(capsys, teacher_run, *words)
    assert (code, "choose another folder" in line) == (2, True)
    assert {path.name: path.read_bytes() for path in teacher_run.glob("*.*")} == before
