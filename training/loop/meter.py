"""What training's steps were made of since it was last asked: the loss's parts, pace, timesteps."""

from time import perf_counter
from typing import Dict, List, Optional, Tuple, Union

import torch
from torch import Tensor

from .diffusion import LossParts

GROUPS = 4  # of timesteps, beside the last one, from which sampling starts


class Meter:
    """Collects steps; ``read`` says what they were and begins anew.

    With several ranks: of this rank's own samples. Nothing is moved off the device before ``read``.
    """

    def __init__(self, timesteps: int):
        self.timesteps = timesteps
        self._begin()

    def _begin(self) -> None:
        self._errors: List[Tensor] = []
        self._at: List[Tensor] = []
        self._last: Optional[Tuple[Tensor, Tensor]] = None
        self._numbers: Dict[str, Union[float, Tensor]] = {}
        self._samples, self._seconds = 0, 0.0

    def start_step(self) -> None:
        """Take the time that a step begins at: what lies between steps does not count."""
        self._started = perf_counter()

    def add_loss(self, parts: LossParts, t: Tensor) -> None:
        """Note the loss of a step's samples at timesteps ``t`` (N,)."""
        self._last = parts.target.detach(), parts.angle.detach()
        self._errors.append(parts.errors)
        self._at.append(t)

    def end_step(self, samples: int, gradient_norm: Tensor, learning_rate: float) -> None:
        """Note a step of so many ``samples`` on all ranks together."""
        self._samples += samples
        self._seconds += perf_counter() - self._started
        self._numbers = {"gradient_norm": gradient_norm, "learning_rate": learning_rate}

    def read(self) -> Dict[str, float]:
        """The last step's parts, and means by timestep and per second over all since ``read``."""
        began = perf_counter()
        found = {name: float(number) for name, number in self._numbers.items()}
        self._seconds += perf_counter() - began  # a GPU is still at the last steps until now
        if self._samples:
            found["samples_per_second"] = self._samples / self._seconds
        if self._last is not None:
            found.update(zip(("loss_target", "loss_angle"), map(float, self._last)))
            found.update(self._by_timestep())
        self._begin()
        return found

    def _by_timestep(self) -> Dict[str, float]:
        """Mean absolute error of the target in each group of timesteps of which there were some."""
        errors, at = torch.cat(self._errors), torch.cat(self._at)
        last = self.timesteps - 1
        ends = [last * i // GROUPS for i in range(GROUPS + 1)]
        groups = [*zip(ends, ends[1:]), (last, last + 1)]
        picked = {(a, b): errors[(at >= a) & (at < b)] for a, b in groups}
        return {
            f"loss_by_timestep/{a}-{b - 1}": float(values.nanmean())
            for (a, b), values in picked.items()
            if len(values)
        }
