"""Exponential moving average of a network's weights, copied until it starts."""

import copy

import torch
from torch import nn


class Ema:
    """``network`` follows the live one: every ``every`` steps, by ``decay``, from ``start`` on."""

    def __init__(self, live: nn.Module, decay: float, start: int, every: int = 1):
        self.network = copy.deepcopy(live).requires_grad_(False).eval()
        self.decay, self.start, self.every = decay, start, every

    @torch.no_grad()
    def update(self, live: nn.Module, step: int) -> None:
        """Follow ``live`` after optimiser step ``step`` (counted from 1)."""
        if step % self.every:
            return
        share = 1 - self.decay if step >= self.start else 1.0
        average, current = list(self.network.parameters()), list(live.parameters())
        torch._foreach_lerp_(average, current, share)
        for mine, theirs in zip(self.network.buffers(), live.buffers()):
            mine.copy_(theirs)
