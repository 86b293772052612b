"""Batches in the order of the steps, made by worker processes ahead of the step that needs them."""

import multiprocessing
from dataclasses import dataclass
from typing import Iterator, Optional, Tuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from model_runtime.errors import DeviceError, one_line

from ..data.patches import Patches

AHEAD = 2  # batches that a worker has ready
Drawn = Tuple[Tensor, Tensor, Tensor]  # rgb, cube, seen: (n, bands, rows, cols), the data's units


@dataclass(frozen=True)
class Share:
    """The part of every batch of ``samples`` that ``rank`` of ``ranks`` has.

    ``pictures``: whether some steps learn from camera pictures.
    """

    samples: int
    rank: int
    ranks: int
    pictures: bool


class BatchFeed:
    """The batches of a stage. The step alone decides a batch, so ``workers`` change none.

    With 0 workers a batch is made when it is asked for. Workers end with the process that started
    them, however that ends. ``pin``: in memory that a GPU can copy from while the CPU goes on.
    """

    def __init__(self, patches: Patches, share: Share, workers: int = 0, pin: bool = False):
        self._steps = _Steps(patches, share)
        self._workers, self._pin = workers, pin
        self._ahead: Optional[Iterator[Drawn]] = None
        self._next = -1

    def take(self, step: int, last: int) -> Drawn:
        """The batch of ``step``; workers go on to those before ``last``. Raises DeviceError."""
        if not self._workers or step >= last:
            return self._pinned(self._steps[step])
        if self._ahead is None or step != self._next:
            self._ahead = iter(self._loader(step, last))
        self._next = step + 1
        try:
            return next(self._ahead)
        except RuntimeError as error:
            raise DeviceError(
                f"a worker process that makes batches has ended ({one_line(error)})",
                "lower training.workers; --resume goes on from the last checkpoint",
            ) from error

    def close(self) -> None:
        """End the workers."""
        self._ahead = None

    def _loader(self, step: int, last: int) -> DataLoader:
        # Forked workers share the scenes' memory; where there is no fork they are sent copies.
        fork = "fork" in multiprocessing.get_all_start_methods()
        return DataLoader(
            self._steps,
            batch_size=None,
            sampler=range(step, last),
            num_workers=self._workers,
            prefetch_factor=AHEAD,
            pin_memory=self._pin,
            multiprocessing_context="fork" if fork else None,
            generator=torch.Generator(),  # else it would draw from the step's own random numbers
        )

    def _pinned(self, drawn: Drawn) -> Drawn:
        rgb, cube, seen = (part.pin_memory() if self._pin else part for part in drawn)
        return rgb, cube, seen


class _Steps(Dataset):
    """What the worker processes have: the batch of each step."""

    def __init__(self, patches: Patches, share: Share):
        self._patches, self._share = patches, share

    def __getitem__(self, step: int) -> Drawn:
        share, patches = self._share, self._patches
        pictures = share.pictures and patches.is_of_pictures(step)
        draw = patches.pictures if pictures else patches.batch
        parts = draw(step, share.samples, share.rank, share.ranks)
        rgb, cube, seen = (torch.from_numpy(np.ascontiguousarray(part)) for part in parts)
        return rgb, cube, seen
