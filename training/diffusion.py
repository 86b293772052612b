"""The diffusion of a stage in torch: noising, what a prediction says of x0, and the loss."""

from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np
import torch
from torch import Tensor

from model_runtime import schedule

from .losses import spectral_angle_loss, target_loss

Network = Callable[[Tensor, Tensor, Tensor], Tensor]


class TorchDiffusion:
    """signal_t = sqrt(alpha_bar_t) and noise_t = sqrt(1 - alpha_bar_t) for batches of timesteps."""

    def __init__(self, betas: np.ndarray, device: str = "cpu"):
        alpha_bar = schedule.diffusion(betas).alpha_bar
        self.steps = len(betas)
        self._signal = torch.tensor(np.sqrt(alpha_bar), dtype=torch.float32, device=device)
        self._noise = torch.tensor(np.sqrt(1 - alpha_bar), dtype=torch.float32, device=device)

    def signal(self, t: Tensor) -> Tensor:
        """(N, 1, 1, 1) for t (N,)."""
        return self._signal[t][:, None, None, None]

    def noise(self, t: Tensor) -> Tensor:
        """(N, 1, 1, 1) for t (N,)."""
        return self._noise[t][:, None, None, None]

    def noised(self, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """x_t of x0 (Ho et al. 2020, eq. 4)."""
        return self.signal(t) * x0 + self.noise(t) * noise

    def target(self, kind: str, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """What a network of prediction ``kind`` should say."""
        if kind == "x0":
            return x0
        return noise if kind == "epsilon" else self.signal(t) * noise - self.noise(t) * x0

    def x0(self, kind: str, prediction: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """x0 as a ``prediction`` of ``kind`` implies it."""
        if kind == "x0":
            return prediction
        if kind == "epsilon":
            return (x_t - self.noise(t) * prediction) / self.signal(t)
        return self.signal(t) * x_t - self.noise(t) * prediction


@dataclass(frozen=True)
class Terms:
    """What a stage's loss is made of; ``offset`` is added to x0 before the angle is taken.

    The angle of normalised spectra (offset 0) is the released one; with the normalisation's
    offset over its scale it is the angle of the spectra themselves. ``target_weight`` is the share
    of a batch's values that a process has.
    """

    prediction: str
    loss: str
    sam_weight: float
    offset: float = 0.0
    target_weight: float = 1.0


def stage_loss(
    network: Network,
    d: TorchDiffusion,
    terms: Terms,
    x0: Tensor,
    condition: Tensor,
    noise: Tensor,
    t: Tensor,
    seen: Optional[Tensor] = None,
) -> Tensor:
    """Target loss + weight * spectral angle of the implied x0 (SCDM); tensors (N, bands, r, c)."""
    x_t = d.noised(x0, noise, t)
    prediction = network(x_t, condition, t)
    target = d.target(terms.prediction, x0, noise, t)
    loss = terms.target_weight * target_loss(terms.loss, prediction, target, seen)
    if terms.sam_weight:
        implied = d.x0(terms.prediction, prediction, x_t, t)
        angle = spectral_angle_loss(implied + terms.offset, x0 + terms.offset, seen)
        loss = loss + terms.sam_weight * angle
    return loss
