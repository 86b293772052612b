"""The released U-Net as the runtime has it: the same numbers of less work.

A guided step asks of one x under two conditions. What the skips of x alone decide is then worked
out once, and a convolution of repeated pixels is done before they are repeated.
"""

from itertools import product
from typing import List, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.released import ReleasedUNet, ResidualBlock, Upsample
from .convolution import convolution
from .interleave import interleave


def as_exported(network: nn.Module) -> nn.Module:
    """What ``network`` is exported as: the released U-Net's graph, or any other as it is."""
    return ReleasedGraph(network) if isinstance(network, ReleasedUNet) else network


class ReleasedGraph(nn.Module):
    """``ReleasedUNet`` at its weights: the same inputs, the same output."""

    shares_x = True

    def __init__(self, network: ReleasedUNet):
        super().__init__()
        self.network, self.ups = network, nn.ModuleList()
        width, skips = network.mid[-1].conv_1.out_channels, _skip_widths(network)
        for layer in network.ups:
            if isinstance(layer, Upsample):
                self.ups.append(UpsampleGraph(layer))
            else:
                self.ups.append(JoiningBlock(layer, width, skips.pop()))
                width = layer.conv_1.out_channels

    def forward(self, x: Tensor, condition: Tensor, timestep: Tensor) -> Tensor:
        time = self.network.time_mlp(timestep)
        x, x_pyramid = self.network.encode_x(x, time)
        pairs = list(zip(x_pyramid, self.network.encode_condition(condition, time)))
        x = x.expand(condition.shape[0], -1, -1, -1)  # len() would be a constant of the export
        for layer in self.ups:
            x = layer(x) if isinstance(layer, UpsampleGraph) else layer(x, *pairs.pop(), time)
        return self.network.out_conv(F.silu(self.network.out_norm(x)))


def _skip_widths(network: ReleasedUNet) -> List[int]:
    """The width of each entry of the pyramid that ``network`` makes."""
    widths = [network.init_conv.out_channels]
    for layer in network.downs:
        block = isinstance(layer, ResidualBlock)
        widths.append(layer.conv_1.out_channels if block else widths[-1])
    return widths


class JoiningBlock(nn.Module):
    """A residual block of [features, skip of x, skip of the condition], given one by one.

    A group's norm sees that group alone, and a convolution is a sum over its channels: what groups
    wholly of the skip of x add is worked out once for each x, not for each condition.
    """

    def __init__(self, block: ResidualBlock, width: int, skip: int):
        super().__init__()
        first, last = _whole_groups(block.norm_1, width, width + skip)
        self.first, self.last = first - width, last - width  # in the skip of x
        channel = torch.arange(block.norm_1.num_channels)
        shared = (first <= channel) & (channel < last)
        self.own = _Entrance(block, ~shared)
        self.shared = _Entrance(block, shared, bias=False) if first < last else None
        self.time_bias, self.norm_2, self.conv_2 = block.time_bias, block.norm_2, block.conv_2
        self.attention2 = block.attention2

    def forward(self, x: Tensor, x_skip: Tensor, skip: Tensor, time: Tensor) -> Tensor:
        own, residual = self.own(self._own_channels(x, x_skip, skip))
        added, shared_residual = self.time_bias(F.silu(time))[:, :, None, None], None
        if self.shared:
            shared, shared_residual = self.shared(x_skip[:, self.first : self.last])
            added = shared + added  # of each x: before it meets the conditions
        out = self.conv_2(F.silu(self.norm_2(own + added))) + residual
        return self.attention2(out if shared_residual is None else out + shared_residual)

    def _own_channels(self, x: Tensor, x_skip: Tensor, skip: Tensor) -> Tensor:
        before, after = x_skip[:, : self.first], x_skip[:, self.last :]
        rest = [part.expand(x.shape[0], -1, -1, -1) for part in (before, after) if part.shape[1]]
        return torch.cat([x, *rest, skip], dim=1)


def _whole_groups(norm: nn.GroupNorm, start: int, end: int) -> Tuple[int, int]:
    """The first and the past-the-end channel of the groups wholly from ``start`` to ``end``."""
    size = norm.num_channels // norm.num_groups
    first, last = -(-start // size) * size, end // size * size
    return (first, last) if first < last else (end, end)


class _Entrance(nn.Module):
    """What the ``chosen`` channels, groups as a whole, add to a block's first sum and residual."""

    def __init__(self, block: ResidualBlock, chosen: Tensor, bias: bool = True):
        super().__init__()
        norm, count = block.norm_1, int(chosen.sum())
        groups = count * norm.num_groups // norm.num_channels
        self.norm = nn.GroupNorm(groups, count, norm.eps)
        self.norm.weight.data = norm.weight.detach()[chosen]
        self.norm.bias.data = norm.bias.detach()[chosen]
        self.conv = _of_channels(block.conv_1, chosen, bias)
        self.residual = _of_channels(block.residual_connection, chosen, bias)

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return self.conv(F.silu(self.norm(x))), self.residual(x)


def _of_channels(conv: nn.Conv2d, chosen: Tensor, bias: bool) -> nn.Conv2d:
    return convolution(conv.weight[:, chosen], conv.bias if bias else None, conv.padding)


class UpsampleGraph(nn.Module):
    """``Upsample`` as four convolutions before it, one for each pixel of the 2 x 2 that repeat one.

    A 3 x 3 convolution of repeated pixels sees 2 x 2 different ones: 16 products instead of 36.
    """

    def __init__(self, layer: Upsample):
        super().__init__()
        conv = layer.upsample[1]
        self.phases = nn.ModuleList(_phase(conv, *phase) for phase in product((0, 1), (0, 1)))

    def forward(self, x: Tensor) -> Tensor:
        return interleave([phase(x) for phase in self.phases])


def _phase(conv: nn.Conv2d, row: int, col: int) -> nn.Sequential:
    """What ``conv`` makes at (``row``, ``col``) of every 2 x 2 pixels that repeat one."""
    weight = _fold_taps(_fold_taps(conv.weight, 2, row), 3, col)
    return nn.Sequential(nn.ZeroPad2d((1 - col, col, 1 - row, row)), convolution(weight, conv.bias))


def _fold_taps(weight: Tensor, dim: int, phase: int) -> Tensor:
    """Three taps as the two that meet different pixels: the second of a pair sees its own twice."""
    first, middle, last = weight.unbind(dim)
    return torch.stack([first + middle, last] if phase else [first, middle + last], dim)
