"""The embedded model's network: the picture is looked at once, each pixel's spectrum is denoised.

The condition encoder sees the surroundings and not the timestep, so one pass serves all steps and
all samples. The denoiser works on each pixel by itself. Nothing is normalised over space: what a
pixel gets depends on a bounded neighbourhood only, so tiles cannot be told apart.
"""

import math
from dataclasses import dataclass
from typing import List, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .colours import ColourSpectrum, agreement
from .pointwise import Pointwise
from .precision import in_float32

# 2 green - red - blue, as a share of red + green + blue.
MAY_BE_WATER, PLANTS_ALONE = 0.38, 0.5
TEXTURES = 0.01, 0.03, 0.1  # differences of the logarithm of brightness between neighbours
DARKEST = 1e-3  # reflectance below which a pixel's brightness is not divided by


@dataclass(frozen=True)
class CompactSettings:
    """Widths and depths.

    ``context_widths`` and ``context_blocks`` are of the levels on which the surroundings are seen:
    full resolution, half, quarter and so on. None makes a stage that sees one pixel at a time.
    ``context_expansion`` is how many times a level's width its blocks compute in between.
    ``offset`` and ``scale`` are the package's normalisation: the network undoes it to work on
    spectra relative to the pixel's brightness, which illumination and shade change most.
    ``texture``: whether the coarsest level is told how even brightness is.
    ``colour_width``: of what tells a spectrum by the pixel's colours alone (0: there is none);
    its share of x0 is ``colour_share`` where both agree.
    """

    condition_bands: int
    output_bands: int
    offset: float
    scale: float
    context_widths: Tuple[int, ...] = ()
    context_blocks: Tuple[int, ...] = ()
    context_expansion: int = 2
    kernel: int = 3
    width: int = 64
    blocks: int = 2
    time_width: int = 64
    dropout: float = 0.0
    colour_width: int = 0
    colour_share: float = 0.3
    texture: bool = False

    def __post_init__(self):
        if len(self.context_widths) != len(self.context_blocks):
            raise ValueError("context_widths and context_blocks must be of as many levels")
        if not 0 < self.colour_share < 1:
            raise ValueError("colour_share must lie between 0 and 1")
        if self.colour_width and not self.context_widths:
            raise ValueError("colour_width is for stages that see surroundings")
        if self.texture and (len(self.context_widths) < 2 or self.condition_bands != 3):
            raise ValueError(
                "texture is for stages that see red, green, blue at two levels or more"
            )

    @property
    def multiple(self) -> int:
        """Rows and columns come in multiples of this: the coarsest level's pixel."""
        return 2 ** max(len(self.context_widths) - 1, 0)


class CompactNetwork(nn.Module):
    """x0 of x_t (N, output_bands, rows, cols) from it, the condition and the timestep."""

    def __init__(self, settings: CompactSettings):
        super().__init__()
        self.settings, self.multiple = settings, settings.multiple
        self.condition_encoder = ConditionEncoder(settings)
        self.denoiser = PixelDenoiser(settings)

    def forward(self, x: Tensor, condition: Tensor, timestep: Tensor) -> Tensor:
        return self.denoiser(x, self.condition_encoder(condition), timestep)


class ConditionEncoder(nn.Module):
    """Condition (N, bands, rows, cols), normalised, to features (N, width, rows, cols).

    The last feature is the pixel's brightness: the mean of its condition bands in the data's unit.
    Behind it, but not while the rest is trained, comes the spectrum that ``colours`` tell.
    """

    def __init__(self, settings: CompactSettings):
        super().__init__()
        self.offset, self.scale = settings.offset, settings.scale
        bands = settings.condition_bands + 1
        sees_around = bool(settings.context_widths)
        self.looks = Surroundings(bands, settings) if sees_around else Alone(bands, settings)
        self.colours = None
        if width := settings.colour_width:
            of = settings.output_bands, settings.offset, settings.scale
            self.colours = ColourSpectrum(bands, width, *of)

    @property
    def colours_count(self) -> bool:
        """Whether a spectrum comes with the features; never of a network without memory."""
        if self.colours is None or self.training or self.colours.fitted.is_meta:
            return False
        return bool(self.colours.fitted)

    def relative(self, condition: Tensor) -> Tuple[Tensor, Tensor]:
        """Bands relative to the pixel's brightness with its logarithm, and the brightness."""
        values = condition * self.scale + self.offset
        brightness = values.mean(1, keepdim=True).clamp_min(DARKEST)
        return torch.cat([values / brightness - 1, torch.log(brightness) + 2], 1), brightness

    def forward(self, condition: Tensor) -> Tensor:
        relative, brightness = self.relative(condition)
        features = self.looks(relative, brightness)
        if not self.colours_count:
            return features
        return torch.cat([features, self.colours(relative, brightness)], 1)


class Alone(nn.Module):
    """Features of single pixels, and their brightness."""

    def __init__(self, bands: int, settings: CompactSettings):
        super().__init__()
        self.pixel = Pointwise(bands, settings.width - 1)

    def forward(self, relative: Tensor, brightness: Tensor) -> Tensor:
        return torch.cat([self.pixel(relative), brightness], 1)


class Surroundings(nn.Module):
    """Features of pixels and what lies around them, and their brightness.

    Every pixel is seen at full resolution; what is further away at half, a quarter and so on: means
    of 2 x 2 on the way down, linear interpolation on the way up, so that no grid shows.
    """

    def __init__(self, bands: int, settings: CompactSettings):
        super().__init__()
        widths = settings.context_widths
        self.enter = nn.Conv2d(bands, widths[0], 3, padding=1)
        self.down = nn.ModuleList(Pointwise(a, b) for a, b in zip(widths, widths[1:]))
        self.up = nn.ModuleList(Pointwise(b, a) for a, b in zip(widths, widths[1:]))
        self.blocks = nn.ModuleList(
            nn.Sequential(*(ContextBlock(width, settings) for _ in range(depth)))
            for width, depth in zip(widths, settings.context_blocks)
        )
        self.leave = Pointwise(widths[0], settings.width - 1)
        self.own = Pointwise(bands, settings.width - 1, bias=False)
        self.texture = Texture(settings) if settings.texture else None

    def forward(self, relative: Tensor, brightness: Tensor) -> Tensor:
        levels = [F.relu(_padded_convolution(self.enter, relative, self.training))]
        for down in self.down:
            levels.append(F.relu(down(F.avg_pool2d(levels[-1], 2))))
        coarsest = levels.pop()
        if self.texture is not None:
            coarsest = coarsest + self.texture(relative)
        around = self.blocks[-1](coarsest)
        for blocks, up in zip(reversed(self.blocks[:-1]), reversed(self.up)):
            finer = F.interpolate(up(around), scale_factor=2, mode="bilinear")
            around = blocks(levels.pop() + finer)
        return torch.cat([self.leave(around) + self.own(relative), brightness], 1)


class Texture(nn.Module):
    """How much brightness varies from pixel to pixel, for the coarsest level.

    Calm water has the colour of a meadow, not its grain. Squares of the differences between
    neighbours in the logarithm of brightness, their mean over each of the level's pixels, and that
    against the squares of TEXTURES: from 0, far calmer, to 1, far rougher. What is as green as
    plants alone counts as rough: a lawn of one colour is no water.
    """

    def __init__(self, settings: CompactSettings):
        super().__init__()
        self.pixels = settings.multiple
        self.leave = _silent(Pointwise(len(TEXTURES), settings.context_widths[-1]))

    def forward(self, relative: Tensor) -> Tensor:
        """``relative`` (N, 4, rows, cols): red, green, blue and brightness, see ConditionEncoder.

        In float32: bfloat16 would hide how even calm water is.
        """
        return self.leave(in_float32(self._roughness, relative))

    def _roughness(self, relative: Tensor) -> Tensor:
        brightness = relative[:, 3:]
        around = F.pad(brightness, [0, 1, 0, 1], mode="replicate")
        right, below = around[..., :-1, 1:] - brightness, around[..., 1:, :-1] - brightness
        mean = F.avg_pool2d(right * right + below * below, self.pixels)
        rough = torch.cat([mean / (mean + typical**2) for typical in TEXTURES], 1)
        return rough + (1 - rough) * F.avg_pool2d(self._greenness(relative), self.pixels)

    @staticmethod
    def _greenness(relative: Tensor) -> Tensor:
        """From 0, where water may be as green, to 1, where plants alone are."""
        green = 2 * relative[:, 1:2] - relative[:, :1] - relative[:, 2:3]
        return ((green / 3 - MAY_BE_WATER) / (PLANTS_ALONE - MAY_BE_WATER)).clamp(0, 1)


class ContextBlock(nn.Module):
    """A residual block: neighbours in each channel, then channels in each pixel."""

    def __init__(self, width: int, settings: CompactSettings):
        super().__init__()
        kernel = settings.kernel
        self.dropout = settings.dropout
        self.space = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)
        hidden = settings.context_expansion * width
        self.widen = Pointwise(width, hidden)
        self.narrow = _silent(Pointwise(hidden, width))

    def forward(self, features: Tensor) -> Tensor:
        around = _padded_convolution(self.space, features, self.training)
        seen = F.relu(self.widen(around))
        return features + self.narrow(F.dropout(seen, self.dropout, self.training))


def _padded_convolution(layer: nn.Conv2d, features: Tensor, training: bool) -> Tensor:
    """Zeros around a training patch would tell where it ends; around a tile they are cut."""
    if not training:
        return layer(features)
    around = F.pad(features, [layer.padding[0]] * 4, mode="replicate")
    return F.conv2d(around, layer.weight, layer.bias, groups=layer.groups)


class PixelDenoiser(nn.Module):
    """(x_t, features, timestep) to x0, each pixel by itself.

    The spectrum is a shape times the brightness and a rest that does not scale with it: shade keeps
    the shape of sunlit ground, but water and deep shadow reflect in the infrared as they do.
    """

    def __init__(self, settings: CompactSettings):
        super().__init__()
        self.offset, self.scale = settings.offset, settings.scale
        self.width = width = settings.width
        self.colour_share = settings.colour_share
        self.time = TimeEmbedding(settings.time_width, width, settings.blocks)
        self.enter = Pointwise(settings.output_bands, width, bias=False)
        self.blocks = nn.ModuleList(PixelBlock(width) for _ in range(settings.blocks))
        self.shape = Pointwise(width, settings.output_bands)
        self.rest = Pointwise(width, settings.output_bands)

    def forward(self, x: Tensor, features: Tensor, timestep: Tensor) -> Tensor:
        own, of_colours = features[:, : self.width], features[:, self.width :]
        hidden, brightness = own + self.enter(x), own[:, -1:]
        for block, shift in zip(self.blocks, self.time(timestep)):
            hidden = block(hidden, shift)
        x0 = in_float32(self._spectrum, F.relu(hidden), brightness)
        return self._with_colours(x0, of_colours) if of_colours.shape[1] else x0

    def _with_colours(self, x0: Tensor, colours: Tensor) -> Tensor:
        one, other = (self.scale * each + self.offset for each in (x0, colours))
        sums = ((a * b).sum(1, keepdim=True) for a, b in ((one, other), (one, one), (other, other)))
        return x0 + self.colour_share * agreement(*sums) * (colours - x0)

    def _spectrum(self, hidden: Tensor, brightness: Tensor) -> Tensor:
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


@dataclass(frozen=True)
class LevelMargin:
    """Pixels of a level around those that are kept: ``given`` to its blocks, ``taken`` of them.

    The outermost pixel given may be wrong: what made it lacks a neighbour.
    """

    given: int
    taken: int


def level_margins(settings: CompactSettings) -> List[LevelMargin]:
    """How much of each level a window needs that lies on the coarsest level's grid; finest first.

    Interpolation sees one neighbour of the coarser level, and so does the first convolution.
    """
    levels, taken, last = [], 0, len(settings.context_blocks) - 1
    for level, depth in enumerate(settings.context_blocks):
        needed = taken + depth * (settings.kernel // 2) + 1
        coarser = -(-needed // 2)
        levels.append(LevelMargin(needed if level == last else 2 * coarser, taken))
        taken = coarser
    return levels


def influence(settings: CompactSettings) -> int:
    """How far, in pixels, a stage looks, wherever in the coarsest level's pixel one lies."""
    levels = level_margins(settings)
    return levels[-1].given * settings.multiple if levels else 0
