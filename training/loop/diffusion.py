"""The diffusion of a stage in torch: noising, what a prediction says of x0, and the loss."""

from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model_runtime.diffusion import schedule

from .losses import sample_errors, spectral_angle_loss, target_loss

Network = Callable[[Tensor, Tensor, Tensor], Tensor]


class TorchDiffusion:
    """signal_t = sqrt(alpha_bar_t) and noise_t = sqrt(1 - alpha_bar_t) for batches of timesteps.

    t = -1 is the clean end, as in schedule.Diffusion: signal 1, noise 0.
    """

    def __init__(self, betas: np.ndarray, device: str = "cpu"):
        alpha_bar = np.append(schedule.diffusion(betas).alpha_bar, 1.0)
        self.steps = len(betas)
        self._signal = torch.tensor(np.sqrt(alpha_bar), dtype=torch.float32, device=device)
        self._noise = torch.tensor(np.sqrt(1 - alpha_bar), dtype=torch.float32, device=device)

    def signal(self, t: Tensor) -> Tensor:
        """(N, 1, 1, 1) for t (N,)."""
        return self._signal[t][:, None, None, None]

    def noise(self, t: Tensor) -> Tensor:
        """(N, 1, 1, 1) for t (N,)."""
        return self._noise[t][:, None, None, None]

    def add_noise(self, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
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

    def implied_noise(self, x0: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The noise that is in x_t if ``x0`` is."""
        return (x_t - self.signal(t) * x0) / self.noise(t)

    def least_weight(self, kind: str, t: Tensor) -> Tensor:
        """(N, 1, 1, 1): with it an error of the prediction is no less than that of its x0.

        That is the truncated SNR weighting of Salimans & Ho 2022 (section 4).
        """
        if kind == "epsilon":
            return (self.noise(t) / self.signal(t)).clamp_min(1)
        return torch.ones_like(self.signal(t))


@dataclass(frozen=True)
class Terms:
    """What a stage's loss is made of; ``offset`` is added to x0 before the angle is taken.

    The angle of normalised spectra (offset 0) is the released one; with the normalisation's
    offset over its scale it is the angle of the spectra themselves. ``target_weight`` is the share
    of a batch's values that a process has. ``x0_counts``: errors of the target are weighted to be
    no less than those of the x0 that they imply.
    """

    prediction: str
    loss: str
    sam_weight: float
    offset: float = 0.0
    target_weight: float = 1.0
    x0_counts: bool = False
    sam_kind: str = "cosine"


@dataclass(frozen=True)
class LossParts:
    """A loss: its ``target`` and ``angle``, both weighted, and what it was made of.

    ``errors`` (N,): each sample's mean absolute error of what was learnt from, without a gradient.
    """

    target: Tensor
    angle: Tensor
    errors: Tensor

    @property
    def total(self) -> Tensor:
        """What is minimised."""
        return self.target + self.angle


def stage_loss(
    network: Network,
    d: TorchDiffusion,
    terms: Terms,
    x0: Tensor,
    condition: Tensor,
    noise: Tensor,
    t: Tensor,
    seen: Optional[Tensor] = None,
) -> LossParts:
    """Target loss + weight * spectral angle of the implied x0 (SCDM); tensors (N, bands, r, c)."""
    x_t = d.add_noise(x0, noise, t)
    prediction = network(x_t, condition, t)
    target = d.target(terms.prediction, x0, noise, t)
    weight = d.least_weight(terms.prediction, t) if terms.x0_counts else 1.0
    found, wanted = weight * prediction, weight * target
    implied = d.x0(terms.prediction, prediction, x_t, t) if terms.sam_weight else None
    return _parts(terms, found, wanted, implied, x0, seen)


def _parts(
    terms: Terms,
    found: Tensor,
    wanted: Tensor,
    implied: Optional[Tensor],
    x0: Tensor,
    seen: Optional[Tensor],
) -> LossParts:
    target = terms.target_weight * target_loss(terms.loss, found, wanted, seen)
    angle = torch.zeros_like(target)
    if implied is not None:
        angle = terms.sam_weight * _angle(terms, implied, x0, seen)
    return LossParts(target, angle, sample_errors(found.detach(), wanted, seen))


def _angle(terms: Terms, found: Tensor, x0: Tensor, seen: Optional[Tensor]) -> Tensor:
    return spectral_angle_loss(found + terms.offset, x0 + terms.offset, seen, terms.sam_kind)


def pooled_loss(
    network: Network,
    d: TorchDiffusion,
    terms: Terms,
    x0: Tensor,
    condition: Tensor,
    noise: Tensor,
    t: Tensor,
    seen: Tensor,
) -> LossParts:
    """The loss of x0's means where only those are known.

    ``x0`` and ``seen`` (N, bands, r, c) are of coarser pixels than ``condition`` and ``noise``: a
    camera's picture of ground whose spectra were measured in coarser pixels. The x0 that is noised
    is the network's own at t = T - 1, where next to nothing of x0 is in x_t, moved onto the means.
    """
    pool = noise.shape[-1] // x0.shape[-1]
    last = torch.full_like(t, d.steps - 1)
    coarse = _repeat(x0, pool)
    # Whether a GPU's are all the last it would have to be asked: there the work is done at once.
    if t.is_cuda or (t < last).any():
        with torch.no_grad():
            x_last = d.add_noise(coarse, noise, last)
            fine = d.x0(terms.prediction, network(x_last, condition, last), x_last, last)
            coarse = fine + _repeat((x0 - F.avg_pool2d(fine, pool)) * seen, pool)
    x_t = d.add_noise(coarse, noise, t)
    found = F.avg_pool2d(d.x0(terms.prediction, network(x_t, condition, t), x_t, t), pool)
    return _parts(terms, found, x0, found, x0, seen)


def _repeat(coarse: Tensor, pool: int) -> Tensor:
    return coarse.repeat_interleave(pool, 2).repeat_interleave(pool, 3)
