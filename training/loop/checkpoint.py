"""Checkpoints of a stage: written whole or not at all, read with weights_only."""

from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

import torch

from model_runtime.errors import InputError, PackageError, StorageError, one_line

NAME = "stage{}.pt"
PARTS = {"step", "network", "ema", "optimiser"}


def path_of(run: Path, stage: int) -> Path:
    """Where stage ``stage`` (from 0) keeps its checkpoint in the folder of a run."""
    return Path(run) / NAME.format(stage + 1)


def save(run: Path, stage: int, state: Dict[str, Any]) -> None:
    """Write ``state`` beside the old checkpoint and put it in its place; raises StorageError."""
    path = path_of(run, stage)
    part = path.with_suffix(".pt.part")
    try:
        torch.save(state, part)
        part.replace(path)
    except (OSError, RuntimeError) as error:  # torch says RuntimeError of a full disk
        part.unlink(missing_ok=True)
        raise StorageError(
            f"{path} cannot be written ({one_line(error)})",
            "make room, then --resume goes on from the checkpoint before",
        ) from error


def load(run: Path, stage: int) -> Optional[Dict[str, Any]]:
    """A stage's checkpoint, None where there is none yet; raises PackageError for another file."""
    path = path_of(run, stage)
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise PackageError(
            f"{path} is not a checkpoint ({one_line(error)})", "train the stage again"
        ) from error
    if not isinstance(state, dict) or not set(state) >= PARTS:
        raise PackageError(f"{path} is not a checkpoint of this trainer", "train the stage again")
    return state


def require(run: Path, stage: int) -> Dict[str, Any]:
    """A stage's checkpoint; raises InputError where it has not been trained."""
    state = load(run, stage)
    if state is None:
        raise InputError(
            f"{path_of(run, stage)} does not exist",
            f"train stage {stage + 1} first: python training/train.py --stage {stage + 1}",
        )
    return state


@contextmanager
def fitting(what: str) -> Iterator[None]:
    """Put a checkpoint's content where it belongs; raises PackageError where it does not fit."""
    try:
        yield
    except (RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise PackageError(
            f"{what} does not fit the settings ({one_line(error)})",
            "put back the settings that it was trained with, or train the stage again",
        ) from error
