"""The embedded model's network: the picture is looked at once, each pixel's spectrum is denoised.

The condition encoder sees the surroundings and not the timestep, so one pass serves all steps and
all samples. The denoiser works on each pixel by itself. Nothing is normalised over space: what a
pixel gets depends on a bounded neighbourhood only, so tiles cannot be told apart.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MULTIPLE = 2  # the encoder looks at the picture at half its resolution
DARKEST = 1e-3  # reflectance below which a pixel's brightness is not divided by


@dataclass(frozen=True)
class CompactSettings:
    """Widths and depths; ``context_blocks`` 0 makes a stage that sees one pixel at a time.

    ``offset`` and ``scale`` are the package's normalisation: the network undoes it to work on
    spectra relative to the pixel's brightness, which illumination and shade change most.
    """

    condition_bands: int
    output_bands: int
    offset: float
    scale: float
    context_width: int = 96
    context_blocks: int = 6
    kernel: int = 3
    width: int = 64
    blocks: int = 2
    time_width: int = 64
    dropout: float = 0.0


class CompactNetwork(nn.Module):
    """x0 of x_t (N, output_bands, rows, cols) from it, the condition and the timestep."""

    multiple = MULTIPLE

    def __init__(self, settings: CompactSettings):
        super().__init__()
        self.settings = settings
        self.condition_encoder = ConditionEncoder(settings)
        self.denoiser = PixelDenoiser(settings)

    def forward(self, x: Tensor, condition: Tensor, timestep: Tensor) -> Tensor:
        return self.denoiser(x, self.condition_encoder(condition), timestep)


class ConditionEncoder(nn.Module):
    """Condition (N, bands, rows, cols), normalised, to features (N, width, rows, cols).

    The last feature is the pixel's brightness: the mean of its condition bands in the data's unit.
    """

    def __init__(self, settings: CompactSettings):
        super().__init__()
        self.offset, self.scale = settings.offset, settings.scale
        bands = settings.condition_bands + 1
        sees_around = settings.context_blocks > 0
        self.looks = Surroundings(bands, settings) if sees_around else Alone(bands, settings)

    def forward(self, condition: Tensor) -> Tensor:
        values = condition * self.scale + self.offset
        brightness = values.mean(1, keepdim=True).clamp_min(DARKEST)
        relative = torch.cat([values / brightness - 1, torch.log(brightness) + 2], 1)
        return self.looks(relative, brightness)


class Alone(nn.Module):
    """Features of single pixels, and their brightness."""

    def __init__(self, bands: int, settings: CompactSettings):
        super().__init__()
        self.pixel = Pointwise(bands, settings.width - 1)

    def forward(self, relative: Tensor, brightness: Tensor) -> Tensor:
        return torch.cat([self.pixel(relative), brightness], 1)


class Surroundings(nn.Module):
    """Features of pixels and what lies around them, and their brightness.

    All of it happens on squares of MULTIPLE x MULTIPLE pixels, which lie in the channels: moving
    whole pictures about costs as much as convolutions do.
    """

    def __init__(self, bands: int, settings: CompactSettings):
        super().__init__()
        width, entering = settings.context_width, bands * MULTIPLE**2
        leaving = (settings.width - 1) * MULTIPLE**2
        self.enter = Pointwise(entering, width)
        self.blocks = nn.Sequential(
            *(ContextBlock(settings) for _ in range(settings.context_blocks))
        )
        self.leave = Pointwise(width, leaving)
        self.own = Pointwise(entering, leaving, bias=False)

    def forward(self, relative: Tensor, brightness: Tensor) -> Tensor:
        squares = F.pixel_unshuffle(relative, MULTIPLE)
        around = self.blocks(self.enter(squares))
        features = self.leave(around) + self.own(squares)
        whole = torch.cat([features, F.pixel_unshuffle(brightness, MULTIPLE)], 1)
        return F.pixel_shuffle(whole, MULTIPLE)


class Pointwise(nn.Conv2d):
    """A 1 x 1 convolution (N, entering, rows, cols) to (N, leaving, rows, cols).

    In training it runs as a matrix product over the pixels of channels-last tensors, at nearly
    twice the speed on one core; in a graph it stays a convolution, which ONNX Runtime runs best.
    """

    def __init__(self, entering: int, leaving: int, bias: bool = True):
        super().__init__(entering, leaving, 1, bias=bias)

    def forward(self, features: Tensor) -> Tensor:
        if not self.training:
            return super().forward(features)
        pixels = features.permute(0, 2, 3, 1)
        return F.linear(pixels, self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)


class ContextBlock(nn.Module):
    """A residual block: neighbours in each channel, then channels in each pixel."""

    def __init__(self, settings: CompactSettings):
        super().__init__()
        width, kernel = settings.context_width, settings.kernel
        self.dropout = settings.dropout
        self.space = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)
        self.widen = Pointwise(width, 2 * width)
        self.narrow = _silent(Pointwise(2 * width, width))

    def forward(self, features: Tensor) -> Tensor:
        seen = F.relu(self.widen(self._neighbours(features)))
        return features + self.narrow(F.dropout(seen, self.dropout, self.training))

    def _neighbours(self, features: Tensor) -> Tensor:
        """Zeros around a training patch would tell where it ends; around a tile they are cut."""
        if not self.training:
            return self.space(features)
        around = F.pad(features, [self.space.padding[0]] * 4, mode="replicate")
        return F.conv2d(around, self.space.weight, self.space.bias, groups=self.space.groups)


class PixelDenoiser(nn.Module):
    """(x_t, features, timestep) to x0, each pixel by itself.

    The spectrum is a shape times the brightness and a rest that does not scale with it: shade keeps
    the shape of sunlit ground, but water and deep shadow reflect in the infrared as they do.
    """

    def __init__(self, settings: CompactSettings):
        super().__init__()
        self.offset, self.scale = settings.offset, settings.scale
        width = settings.width
        self.time = TimeEmbedding(settings.time_width, width, settings.blocks)
        self.enter = Pointwise(settings.output_bands, width, bias=False)
        self.blocks = nn.ModuleList(PixelBlock(width) for _ in range(settings.blocks))
        self.shape = Pointwise(width, settings.output_bands)
        self.rest = Pointwise(width, settings.output_bands)

    def forward(self, x: Tensor, features: Tensor, timestep: Tensor) -> Tensor:
        hidden, brightness = features + self.enter(x), features[:, -1:]
        for block, shift in zip(self.blocks, self.time(timestep)):
            hidden = block(hidden, shift)
        hidden = F.relu(hidden)
        spectrum = brightness * (1 + self.shape(hidden)) + self.scale * self.rest(hidden)
        return (spectrum - self.offset) / self.scale


class PixelBlock(nn.Module):
    """A residual block over the channels of a pixel, shifted by the timestep."""

    def __init__(self, width: int):
        super().__init__()
        self.widen = Pointwise(width, 2 * width)
        self.narrow = _silent(Pointwise(2 * width, width))

    def forward(self, hidden: Tensor, shift: Tensor) -> Tensor:
        return hidden + self.narrow(F.relu(self.widen(hidden) + shift))


class TimeEmbedding(nn.Module):
    """Timestep (N,) to a shift (N, 2 width, 1, 1) a block, by sines (Vaswani et al. 2017)."""

    def __init__(self, embedding: int, width: int, blocks: int):
        super().__init__()
        half = embedding // 2
        rates = torch.exp(-math.log(10_000) * torch.arange(half) / half)
        self.register_buffer("rates", rates, persistent=False)
        self.hidden = nn.Linear(2 * half, embedding)
        self.shifts = nn.ModuleList(nn.Linear(embedding, 2 * width) for _ in range(blocks))

    def forward(self, timestep: Tensor):
        angle = timestep.to(self.rates.dtype)[:, None] * self.rates[None]
        waves = torch.cat([torch.sin(angle), torch.cos(angle)], 1)
        hidden = F.relu(self.hidden(waves))
        return [shift(hidden)[:, :, None, None] for shift in self.shifts]


def _silent(layer: nn.Conv2d) -> nn.Conv2d:
    """A layer that starts at zero, so that a residual block starts as the identity."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def influence(settings: CompactSettings) -> int:
    """How far, in pixels, a stage looks: blocks at half resolution and the half-pixel grid."""
    if not settings.context_blocks:
        return 0
    reach = settings.context_blocks * (settings.kernel // 2)
    return MULTIPLE * reach + MULTIPLE - 1
