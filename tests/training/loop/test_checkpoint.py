"""Checkpoints: whole or not there, and nothing but tensors and numbers is read."""

import pickle

import pytest
import torch

from model_runtime.errors import InputError, PackageError, StorageError
from training.loop import checkpoint

STATE = {"step": 3, "network": {"w": torch.ones(2)}, "ema": {"w": torch.zeros(2)}, "optimiser": {}}


def test_what_is_saved_loads(tmp_path):
    checkpoint.save(tmp_path, 1, STATE)
    found = checkpoint.load(tmp_path, 1)
    assert found["step"] == 3
    assert torch.equal(found["network"]["w"], STATE["network"]["w"])
    assert [path.name for path in tmp_path.iterdir()] == ["stage2.pt"]


def test_a_stage_that_was_not_trained_has_none(tmp_path):
    assert checkpoint.load(tmp_path, 0) is None
    with pytest.raises(InputError, match="train stage 1 first"):
        checkpoint.require(tmp_path, 0)


class Hostile:
    """Unpickled, it would call print."""

    def __reduce__(self):
        return print, ("owned",)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize(
    "content",
    [b"", b"text", b"\x80\x04N.", pickle.dumps(Hostile())],
    ids=["empty", "text", "None", "a call"],
)
def test_another_file_is_refused_in_one_line(tmp_path, capsys, content):
    (tmp_path / "stage1.pt").write_bytes(content)
    with pytest.raises(PackageError, match=r"stage1\.pt is not a checkpoint") as caught:
        checkpoint.load(tmp_path, 0)
    assert "\n" not in str(caught.value)
    assert "owned" not in capsys.readouterr().out


def test_a_torch_file_with_a_call_is_not_run(tmp_path, capsys):
    torch.save({**STATE, "extra": Hostile()}, tmp_path / "stage1.pt")
    with pytest.raises(PackageError) as caught:
        checkpoint.load(tmp_path, 0)
    assert "\n" not in str(caught.value)
    assert "owned" not in capsys.readouterr().out


def test_a_cut_file_is_refused(tmp_path):
    checkpoint.save(tmp_path, 0, STATE)
    path = tmp_path / "stage1.pt"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(PackageError, match="is not a checkpoint"):
        checkpoint.load(tmp_path, 0)


@pytest.mark.parametrize("missing", sorted(STATE))
def test_a_checkpoint_of_something_else_is_refused(tmp_path, missing):
    torch.save({k: v for k, v in STATE.items() if k != missing}, tmp_path / "stage1.pt")
    with pytest.raises(PackageError, match="not a checkpoint of this trainer"):
        checkpoint.load(tmp_path, 0)


def test_a_failed_save_leaves_the_old_one(tmp_path, monkeypatch):
    checkpoint.save(tmp_path, 0, STATE)

    def full(state, path):
        path.write_bytes(b"half")
        raise RuntimeError("[enforce fail at inline_container.cc] unexpected pos\nFrame #0")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(StorageError) as caught:
        checkpoint.save(tmp_path, 0, {**STATE, "step": 4})
    assert "\n" not in str(caught.value)
    assert checkpoint.load(tmp_path, 0)["step"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["stage1.pt"]


def test_weights_of_another_network_are_refused_in_one_line():
    layer, refused = torch.nn.Linear(2, 3), pytest.raises(PackageError, match="does not fit")
    with refused as caught, checkpoint.fitting("run/stage1.pt"):
        layer.load_state_dict({"weight": torch.zeros(5, 5)})
    assert "\n" not in str(caught.value)
