"""Stops a training whose numbers run away, before a checkpoint holds them."""

import math
from typing import List, Tuple

import torch
from torch import Tensor

from model_runtime.errors import InputError

RUNAWAY = 1e4  # a loss; begun training has some tenths, a bad start some tens


class DivergenceCheck:
    """Losses and gradient norms of a stage's steps, looked at as soon as that costs nothing.

    On the CPU that is at once. A GPU would have to be waited for, so there ``look`` is for the
    steps at which its numbers are read anyway, and for a checkpoint.
    """

    def __init__(self, stage: int, device: str):
        self._stage, self._at_once = stage, torch.device(device).type == "cpu"
        self._noted: List[Tuple[str, int, float, Tensor]] = []

    def note_loss(self, step: int, loss: Tensor) -> None:
        """Note a step's loss. Raises InputError on the CPU, as ``look`` does."""
        self._note("loss", step, RUNAWAY, loss)

    def note_norm(self, step: int, norm: Tensor) -> None:
        """Note the length of a step's gradient. Raises InputError on the CPU."""
        self._note("a gradient of length", step, math.inf, norm)

    def _note(self, what: str, step: int, bound: float, number: Tensor) -> None:
        self._noted.append((what, step, bound, number.detach()))
        if self._at_once:
            self.look()

    def look(self) -> None:
        """Raise InputError for the first number since the last look that cannot go on."""
        if not self._noted:
            return
        numbers = torch.stack([number.double() for *_, number in self._noted]).tolist()
        noted, self._noted = self._noted, []
        for (what, step, bound, _), number in zip(noted, numbers):
            self.stop_unless(number < bound and number > -math.inf, f"{what} {number:.3g}", step)

    def stop_unless(self, good: bool, what: str, step: int) -> None:
        """Raise InputError where something is not ``good``: the last checkpoint is the last one."""
        if not good:
            raise InputError(
                f"stage {self._stage + 1} has {what} at step {step}: training cannot go on",
                "lower training.learning_rate or set training.gradient_clip; "
                "--resume goes on from the last checkpoint",
            )
