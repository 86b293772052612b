"""The released SCDM U-Net: x and the condition pass the same down blocks, one decoder joins them.

The structure is what the authors' checkpoints imply (Chen et al., IEEE TGRS 62, 2024, doi
10.1109/TGRS.2024.3450874). Module names are the checkpoint's, so a released ``state_dict`` loads
without a table of names.
"""

import math
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Callable, ContextManager, List, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from model_runtime.errors import InputError

from .precision import in_float32

Pyramid = List[Tensor]  # features after the first convolution and after each down layer


@dataclass(frozen=True)
class ReleasedUNetSettings:
    """What the network is made of; ``attention_levels`` counts levels from 0, the full size."""

    condition_bands: int
    output_bands: int
    base_width: int = 128
    multipliers: Tuple[int, ...] = (1, 2, 2, 2, 2, 2, 2)
    attention_levels: Tuple[int, ...] = (3,)
    time_width: int = 512
    residual_blocks: int = 2
    groups: int = 32
    dropout: float = 0.1

    def __post_init__(self) -> None:
        levels, groups = len(self.multipliers), self.groups
        counts = (self.condition_bands, self.output_bands, self.residual_blocks, self.time_width)
        for kept, rule in (
            (min(counts) >= 1, "bands, residual_blocks and time_width must be at least 1"),
            (min(self.multipliers, default=0) >= 1, "multipliers must be a list of 1 and more"),
            (
                all(0 <= level < levels for level in self.attention_levels),
                f"attention_levels must lie from 0 to {levels - 1}, the levels of the multipliers",
            ),
            (groups >= 1 and self.base_width % groups == 0, "base_width must divide by groups"),
            (self.base_width >= 2 and self.base_width % 2 == 0, "base_width must be even"),
            (0 <= self.dropout < 1, "dropout must be at least 0 and below 1"),
        ):
            if not kept:
                raise InputError(f"{self}: {rule}", "change the network's settings")


class ReleasedUNet(nn.Module):
    """Predicts the noise of x_t (N, output_bands, rows, cols) from it, the condition and t.

    Rows and cols are multiples of ``multiple``. ``forward`` is encode_x, encode_condition and
    decode: the first does not see the condition and the second does not see x, so a caller who
    asks twice with one of them unchanged can keep its features. One x does for several conditions:
    its features are then taken for each. ``recompute``: activation checkpointing; the blocks'
    features are made again in the backward pass, in the context that it gives.
    """

    shares_x = True

    def __init__(self, settings: ReleasedUNetSettings):
        super().__init__()
        self.settings = settings
        self.recompute: Optional[Callable[[], ContextManager]] = None
        self.multiple = 2 ** (len(settings.multipliers) - 1)
        base, time = settings.base_width, settings.time_width
        self.time_mlp = nn.Sequential(
            SinusoidalEmbedding(base), nn.Linear(base, time), nn.SiLU(), nn.Linear(time, time)
        )
        self.init_conv = _conv3(settings.output_bands, base)
        self.init_rgb = _conv3(settings.condition_bands, base)
        self.downs, widths = _down_layers(settings)
        deepest = widths[-1]
        self.mid = nn.ModuleList(
            [
                ResidualBlock(deepest, deepest, settings, attention=True),
                ResidualBlock(deepest, deepest, settings, attention=False),
            ]
        )
        self.ups = _up_layers(settings, widths)
        final = base * settings.multipliers[0]
        self.out_norm = nn.GroupNorm(settings.groups, final)
        self.out_conv = _conv3(final, settings.output_bands)

    def forward(self, x: Tensor, condition: Tensor, timestep: Tensor) -> Tensor:
        """epsilon (N, output_bands, rows, cols); ``timestep`` int64 (N,) or, with x, (1,)."""
        time = self.time_mlp(timestep)
        deepest, x_pyramid = self.encode_x(x, time)
        each = (condition.shape[0], -1, -1, -1)  # len() would be a constant of the export
        x_pyramid = [features.expand(each) for features in x_pyramid]
        pyramid = self.encode_condition(condition, time)
        return self.decode(deepest.expand(each), x_pyramid, pyramid, time)

    def encode_x(self, x: Tensor, time: Tensor) -> Tuple[Tensor, Pyramid]:
        """The middle's output and the skips of x; the condition is not seen."""
        pyramid = self._descend(self.init_conv(x), time)
        deepest = pyramid[-1]
        for block in self.mid:
            deepest = self._through(block, deepest, time)
        return deepest, pyramid

    def encode_condition(self, condition: Tensor, time: Tensor) -> Pyramid:
        """The skips of the condition (N, condition_bands, rows, cols); x is not seen."""
        return self._descend(self.init_rgb(condition), time)

    def decode(
        self, x: Tensor, x_pyramid: Pyramid, condition_pyramid: Pyramid, time: Tensor
    ) -> Tensor:
        """epsilon from the middle's output and both pyramids, taken from the deepest up."""
        pairs = list(zip(x_pyramid, condition_pyramid))
        for layer in self.ups:
            if isinstance(layer, ResidualBlock):
                x = torch.cat([x, *pairs.pop()], dim=1)
            x = self._through(layer, x, time)
        return in_float32(self._head, x)

    def _descend(self, features: Tensor, time: Tensor) -> Pyramid:
        pyramid = [features]
        for layer in self.downs:
            pyramid.append(self._through(layer, pyramid[-1], time))
        return pyramid

    def _through(self, layer: nn.Module, x: Tensor, time: Tensor) -> Tensor:
        """``layer`` of x; in training its own features are forgotten if ``recompute`` says so."""
        if self.recompute is None or not torch.is_grad_enabled():
            return layer(x, time)
        again = self.recompute
        return checkpoint(
            layer, x, time, use_reentrant=False, context_fn=lambda: (nullcontext(), again())
        )

    def _head(self, x: Tensor) -> Tensor:
        return self.out_conv(F.silu(self.out_norm(x)))


def _down_layers(settings: ReleasedUNetSettings) -> Tuple[nn.ModuleList, List[int]]:
    """The down path's layers, and the width of each entry of the pyramid it makes."""
    layers, widths = nn.ModuleList(), [settings.base_width]
    for level, multiplier in enumerate(settings.multipliers):
        attention = level in settings.attention_levels
        for _ in range(settings.residual_blocks):
            width = settings.base_width * multiplier
            layers.append(ResidualBlock(widths[-1], width, settings, attention))
            widths.append(width)
        if level < len(settings.multipliers) - 1:
            layers.append(Downsample(widths[-1]))
            widths.append(widths[-1])
    return layers, widths


def _up_layers(settings: ReleasedUNetSettings, widths: List[int]) -> nn.ModuleList:
    """The up path: one block more a level than down, since downsampled features are skips too."""
    layers, skips, width = nn.ModuleList(), list(widths), widths[-1]
    for level, multiplier in reversed(list(enumerate(settings.multipliers))):
        attention = level in settings.attention_levels
        for _ in range(settings.residual_blocks + 1):
            entering = width + 2 * skips.pop()
            width = settings.base_width * multiplier
            layers.append(ResidualBlock(entering, width, settings, attention))
        if level > 0:
            layers.append(Upsample(width))
    return layers


class SinusoidalEmbedding(nn.Module):
    """int64 (N,) to (N, width): sines, then cosines, of t at frequencies 1 down to 1/10,000."""

    def __init__(self, width: int):
        super().__init__()
        self.width = width

    def forward(self, timestep: Tensor) -> Tensor:
        half = self.width // 2
        order = torch.arange(half, dtype=torch.float32, device=timestep.device)
        frequency = torch.exp(order * (-math.log(10000.0) / half))
        angle = timestep.to(torch.float32)[:, None] * frequency[None, :]  # (N, half)
        return torch.cat([angle.sin(), angle.cos()], dim=1)


class ResidualBlock(nn.Module):
    """Norm, SiLU, convolution, twice; the time is added between; attention on the sum if asked."""

    def __init__(self, entering: int, width: int, settings: ReleasedUNetSettings, attention: bool):
        super().__init__()
        self.norm_1 = nn.GroupNorm(settings.groups, entering)
        self.conv_1 = _conv3(entering, width)
        self.time_bias = nn.Linear(settings.time_width, width)
        self.norm_2 = nn.GroupNorm(settings.groups, width)
        self.conv_2 = nn.Sequential(nn.Dropout(settings.dropout), _conv3(width, width))
        same = entering == width
        self.residual_connection = nn.Identity() if same else nn.Conv2d(entering, width, 1)
        self.attention2 = Attention(width, settings.groups) if attention else nn.Identity()

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        out = self.conv_1(F.silu(self.norm_1(x)))
        out = out + self.time_bias(F.silu(time))[:, :, None, None]
        out = self.conv_2(F.silu(self.norm_2(out)))
        return self.attention2(out + self.residual_connection(x))


class Attention(nn.Module):
    """One head of scaled dot-product attention over all pixels, added to its input."""

    def __init__(self, width: int, groups: int):
        super().__init__()
        self.norm = nn.GroupNorm(groups, width)
        self.to_qkv = nn.Conv2d(width, 3 * width, 1)
        self.to_out = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        # each (N, pixels, width)
        query, key, value = self.to_qkv(self.norm(x)).flatten(2).transpose(1, 2).chunk(3, dim=2)
        seen = F.scaled_dot_product_attention(query, key, value)
        return x + self.to_out(seen.transpose(1, 2).reshape(x.shape))


class Downsample(nn.Module):
    """Half the rows and columns by a strided convolution."""

    def __init__(self, width: int):
        super().__init__()
        self.downsample = nn.Conv2d(width, width, 3, stride=2, padding=1)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        return self.downsample(x)


class Upsample(nn.Module):
    """Twice the rows and columns: each pixel repeated, then a convolution."""

    def __init__(self, width: int):
        super().__init__()
        repeat = nn.Upsample(scale_factor=2, mode="nearest")
        self.upsample = nn.Sequential(repeat, _conv3(width, width))

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        return self.upsample(x)


def _conv3(entering: int, width: int) -> nn.Conv2d:
    return nn.Conv2d(entering, width, 3, padding=1)
