"""Training in several processes through the real torchrun: as in one, up to rounding."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.nn import functional as F

from model_runtime.errors import InputError
from training.loop import checkpoint
from training.loop.ranks import Ranks

ROOT = Path(__file__).parents[3]
# With all that draws numbers in training: dropout masks, estimated and perturbed conditions.
DROPOUT = ("--set", "stages.0.network.dropout=0.2", "--set", "stages.1.first_timestep_share=0.3")
# Rounding in another order of sums; Adam turns it into a part of its rate where gradients vanish.
LOSS_TOLERANCE, WEIGHT_TOLERANCE = 1e-5, 1e-4
# Muon orthogonalises in bfloat16, whose rounding tells apart what float32 hardly does: by 2e-3 on a
# processor without instructions for it. Half of the batch would end 9e-2 away.
MUON_TOLERANCE = 1e-2
MUON = ("--set", "training.optimiser=muon", "--set", "stages.0.network.context_widths=[16,16]")
MUON += ("--set", "stages.0.network.width=16", "--set", "stages.1.network.width=16")
# Runs train.py, and the system kills rank 1 before its 9th step.
RANK_1_DIES = """
import os, signal, sys
sys.path.insert(0, {root!r})
from training import train
from training.loop import stage_trainer
advance = stage_trainer.StageTrainer.advance
def dying(self):
    if self.step == 8 and self.ranks.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return advance(self)
stage_trainer.StageTrainer.advance = dying
sys.exit(train.main())
"""
# Runs train.py; torchrun's word to end comes while a rank ends already.
TOLD_TWICE = """
import os, signal, sys
sys.path.insert(0, {root!r})
from training import train
from training.loop import ranks
end = ranks.end
def told_to_end(exit_code):
    os.kill(os.getpid(), signal.SIGTERM)
    return end(exit_code)
ranks.end = told_to_end
sys.exit(train.main())
"""


@pytest.fixture(scope="module")
def torchrun():
    """A function that runs a script in N processes by torchrun: (N, *words)."""

    def run(count, *words, script=ROOT / "training" / "train.py"):
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        return subprocess.run(
            [*launcher, "--nproc-per-node", str(count), str(script), *map(str, words)],
            capture_output=True,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
            timeout=600,
        )

    return run


@pytest.fixture(scope="module")
def settings(small_toml):
    """The words of the run that all of these tests make."""
    return ["--config", small_toml, *DROPOUT]


@pytest.fixture(scope="module")
def one_process(train, settings, tmp_path_factory):
    """The folder of a run in one process."""
    folder = tmp_path_factory.mktemp("one") / "run"
    done = train(*settings, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def two_processes(torchrun, settings, tmp_path_factory):
    """The folder of the same run on two ranks, and what it said."""
    folder = tmp_path_factory.mktemp("two") / "run"
    done = torchrun(2, *settings, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder, done


def losses(run, stage):
    events = EventAccumulator(str(run / "tensorboard" / f"stage{stage}"))
    events.Reload()
    return {event.step: event.value for event in events.Scalars("loss")}


def same_weights(one, other):
    for stage in (0, 1):
        a, b = (checkpoint.load(run, stage) for run in (one, other))
        assert a["step"] == b["step"] == 20
        for part in ("network", "ema"):
            for key in a[part]:
                torch.testing.assert_close(
                    b[part][key], a[part][key], atol=WEIGHT_TOLERANCE, rtol=0, msg=key
                )


def test_two_ranks_end_at_the_weights_of_one_process(one_process, two_processes):
    same_weights(one_process, two_processes[0])


def test_two_ranks_have_the_loss_of_one_process(one_process, two_processes):
    for stage in (1, 2):
        expected = losses(one_process, stage)
        assert losses(two_processes[0], stage) == pytest.approx(expected, rel=LOSS_TOLERANCE)


def test_one_rank_writes_and_speaks(two_processes):
    run, done = two_processes
    for stage in (1, 2):
        assert len(list((run / "tensorboard" / f"stage{stage}").iterdir())) == 1
        assert done.stderr.count(f"stage {stage} step 20: rmse") == 1
    kept = ["stage1.pt", "stage1_best.pt", "stage2.pt", "stage2_best.pt"]
    assert sorted(path.name for path in run.glob("*.pt*")) == kept


def test_two_ranks_with_muon_end_at_the_weights_of_one_process(torchrun, train, settings, tmp_path):
    words = [*settings, *MUON, "--stage", "1", "--out"]
    one, two = tmp_path / "one", tmp_path / "two"
    for done in (train(*words, one), torchrun(2, *words, two)):
        assert done.returncode == 0, done.stderr
    a, b = (checkpoint.load(run, 0)["network"] for run in (one, two))
    for key in a:
        torch.testing.assert_close(b[key], a[key], atol=MUON_TOLERANCE, rtol=0, msg=key)


@pytest.mark.parametrize("before, after", [(2, 1), (1, 2)])
def test_a_run_goes_on_with_another_number_of_ranks(
    torchrun, settings, one_process, tmp_path, before, after
):
    words = [*settings, "--out", tmp_path / "run"]
    done = torchrun(before, *words, "--set", "stages.0.iterations=8", "--stage", "1")
    assert done.returncode == 0, done.stderr
    done = torchrun(after, *words, "--resume")
    assert done.returncode == 0, done.stderr
    same_weights(one_process, tmp_path / "run")


def test_a_rank_that_dies_ends_the_others_which_say_so(torchrun, settings, tmp_path):
    script = tmp_path / "dying.py"
    script.write_text(RANK_1_DIES.format(root=str(ROOT)))
    done = torchrun(2, *settings, "--out", tmp_path / "run", script=script)
    assert done.returncode != 0
    assert f"exitcode  : {-signal.SIGKILL}" in done.stderr  # torchrun's own word
    assert done.stderr.count("error: process 0 stops: another of this run") == 1
    assert "--resume goes on" in done.stderr
    assert not tracebacks(done.stderr)
    assert checkpoint.load(tmp_path / "run", 0)["step"] == 6


def tracebacks(said):
    """The lines of tracebacks that name our code; torchrun ends with one of its own."""
    ours = [f'File "{ROOT / folder}' for folder in ("training", "model_runtime")]
    return [line for line in said.splitlines() if any(place in line for place in ours)]


@pytest.mark.parametrize(
    "count, words, match",
    [
        (3, [], "training.batch is 4, which 3 processes cannot share evenly"),
        (2, ["--stages", "1"], "unrecognized arguments"),
        pytest.param(
            *(2, ["--device", "cuda"], "torch finds no CUDA device"),
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="needs no CUDA device"),
        ),
    ],
    ids=["batch", "option", "device"],
)
def test_a_mistake_is_told_once(torchrun, small_toml, tmp_path, count, words, match):
    done = torchrun(count, "--config", small_toml, "--out", tmp_path / "run", *words)
    assert done.returncode != 0
    assert done.stderr.count("error: ") == 1
    assert done.stderr.count(match) == 1
    assert not tracebacks(done.stderr)
    assert not (tmp_path / "run").exists()


def test_a_rank_that_ends_already_is_not_told_to(torchrun, small_toml, tmp_path):
    script = tmp_path / "told_twice.py"
    script.write_text(TOLD_TWICE.format(root=str(ROOT)))
    words = ["--config", small_toml, "--out", tmp_path / "run", "--set", "training.batch=3"]
    done = torchrun(2, *words, script=script)
    assert "exitcode  : 2 " in done.stderr
    assert done.stderr.count("error: ") == 1 and not tracebacks(done.stderr)


def test_a_mistake_of_the_first_rank_ends_all(torchrun, settings, one_process):
    done = torchrun(2, *settings, "--out", one_process)
    assert done.returncode != 0
    assert done.stderr.count("error: ") == 1
    assert "holds a checkpoint of stage 1" in done.stderr


def test_ranks_share_a_batch_and_leave_nothing_out():
    whole = torch.arange(12.0).reshape(6, 2)
    parts = [Ranks(rank, 3).mine(whole) for rank in range(3)]
    assert torch.equal(torch.stack(parts, 1).reshape(6, 2), whole)
    assert Ranks().mine(whole) is whole


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("count", [2, 4])
def test_dropout_masks_are_those_of_the_whole_batch(layout, count):
    whole = torch.rand(4, 3, 5, 7).to(memory_format=layout)

    def dropped(ranks):
        torch.manual_seed(5)
        with ranks.dropout():
            first = torch.nn.Dropout(0.4)(ranks.mine(whole))
            return torch.stack([first, F.dropout(ranks.mine(whole), 0.2, True)])

    expected = dropped(Ranks())
    assert (expected == 0).any()
    for rank in range(count):
        found = dropped(Ranks(rank, count))
        assert torch.equal(found, expected[:, rank::count])


def test_dropout_is_off_in_evaluation_on_every_rank():
    values = torch.rand(2, 3)
    with Ranks(1, 2).dropout():
        assert F.dropout(values, 0.9, False) is values


def test_a_batch_that_ranks_cannot_share_is_refused():
    Ranks(0, 3).check_batch(12)
    with pytest.raises(InputError, match="batch is 12, which 5 processes"):
        Ranks(0, 5).check_batch(12)
