"""Checkpoints of a stage: written whole or not at all, read with weights_only."""

from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Set

import torch

from model_runtime.errors import InputError, PackageError, StorageError, one_line

NAME, NAME_OF_BEST, NAME_OF_KEPT = "stage{}.pt", "stage{}_best.pt", "stage{}_step{}.pt"
PARTS = {"step", "network", "ema", "optimiser"}
PARTS_OF_BEST = {"step", "ema", "score"}  # to export, not to go on from
PARTS_OF_KEPT = {"step", "ema"}  # to average


def path_of(run: Path, stage: int, best: bool = False) -> Path:
    """Where stage ``stage`` (from 0) keeps its last checkpoint in a run's folder, or its best."""
    return Path(run) / (NAME_OF_BEST if best else NAME).format(stage + 1)


def save(run: Path, stage: int, state: Dict[str, Any], best: bool = False) -> None:
    """Write ``state`` beside the old checkpoint and put it in its place; raises StorageError."""
    _write(path_of(run, stage, best), state)


def keep(run: Path, stage: int, state: Dict[str, Any]) -> None:
    """Write the averaged weights of ``state`` beside those of other steps; raises StorageError."""
    path = Path(run) / NAME_OF_KEPT.format(stage + 1, state["step"])
    _write(path, {part: state[part] for part in PARTS_OF_KEPT})


def _write(path: Path, state: Dict[str, Any]) -> None:
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


def load(run: Path, stage: int, best: bool = False) -> Optional[Dict[str, Any]]:
    """A stage's checkpoint, None where there is none yet; raises PackageError for another file."""
    return _read(path_of(run, stage, best), PARTS_OF_BEST if best else PARTS)


def require_kept(run: Path, stage: int, step: int) -> Dict[str, Any]:
    """What a stage kept at ``step``: its averaged weights; raises InputError where it did not."""
    path = Path(run) / NAME_OF_KEPT.format(stage + 1, step)
    state = _read(path, PARTS_OF_KEPT)
    if state is None:
        raise InputError(
            f"{path} does not exist", "train with --set training.keep_every=N, a divisor of it"
        )
    return state


def kept_steps(run: Path, stage: int) -> List[int]:
    """The steps of which a stage has kept its averaged weights, in order."""
    before, after = NAME_OF_KEPT.format(stage + 1, " ").split(" ")
    found = (path.name[len(before) : -len(after)] for path in Path(run).glob(f"{before}*{after}"))
    return sorted(int(step) for step in found if step.isdecimal())


def _read(path: Path, parts: Set[str]) -> Optional[Dict[str, Any]]:
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise PackageError(
            f"{path} is not a checkpoint ({one_line(error)})", "train the stage again"
        ) from error
    if not isinstance(state, dict) or not set(state) >= parts:
        raise PackageError(f"{path} is not a checkpoint of this trainer", "train the stage again")
    return state


def require(run: Path, stage: int, best: bool = False) -> Dict[str, Any]:
    """A stage's checkpoint; raises InputError where it has not been trained, or judged."""
    state = load(run, stage, best)
    if state is None and best and path_of(run, stage).exists():
        raise InputError(
            f"{path_of(run, stage, best)} does not exist: which checkpoint is best is known where "
            "scenes are held out",
            "train with --validation, or take the last checkpoint",
        )
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
