"""The compact network's graphs as the runtime has them: the same numbers of less work.

What never changes is worked out once: offsets, scales and the mean over bands become part of the
convolutions' weights, and what a timestep adds is looked up in a table.
"""

from typing import Optional

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.colours import agreement
from ..networks.compact import DARKEST, CompactSettings, ConditionEncoder, PixelDenoiser
from .convolution import convolution
from .logarithm import logarithm, mean_of_bands, sum_of_bands
from .surroundings import CroppedSurroundings

COLOUR_SHARE = "agreeing_colour_share"  # of x0, where colours agree: the name of this constant
# Until 0.8 it was of every x0, and the weights of the rest were those of what it leaves.
OLD_COLOUR_SHARE = "colour_share"


class DenoiserGraph(nn.Module):
    """``PixelDenoiser`` at its weights, of one timestep (1,) from 0 to ``timesteps`` - 1 a pass.

    ``colours``: whether the spectrum that they tell comes with the features.
    """

    def __init__(self, denoiser: PixelDenoiser, timesteps: int, colours: bool):
        super().__init__()
        self.offset, self.scale = offset, scale = denoiser.offset, denoiser.scale
        self.width = denoiser.width
        self.enter, self.blocks = denoiser.enter, denoiser.blocks
        shape, rest = denoiser.shape, denoiser.rest
        self.shape = _pointwise(_matrix(shape) / scale, (shape.bias + 1) / scale)
        self.rest = _pointwise(_matrix(rest), rest.bias - offset / scale)
        share = torch.tensor(denoiser.colour_share) if colours else None
        self.register_buffer(COLOUR_SHARE, share)
        shifts = denoiser.time(torch.arange(timesteps))  # a block (timesteps, 2 width, 1, 1)
        for i, (block, shift) in enumerate(zip(self.blocks, shifts)):
            self.register_buffer(f"biases_{i}", shift[..., 0, 0] + block.widen.bias)

    def forward(self, x: Tensor, features: Tensor, timestep: Tensor) -> Tensor:
        share = getattr(self, COLOUR_SHARE)
        own = features if share is None else features[:, : self.width]
        hidden, brightness = self.enter(x) + own, own[:, -1:]
        for i, block in enumerate(self.blocks):
            bias = getattr(self, f"biases_{i}")[timestep][0]
            wide = F.relu(F.conv2d(hidden, block.widen.weight, bias))
            hidden = hidden + block.narrow(wide)
        hidden = F.relu(hidden)
        x0 = brightness * self.shape(hidden) + self.rest(hidden)
        return x0 if share is None else self._with_colours(x0, features[:, self.width :], share)

    def _with_colours(self, x0: Tensor, colours: Tensor, share: Tensor) -> Tensor:
        one, other = (each * self.scale + self.offset for each in (x0, colours))
        sums = (sum_of_bands(a * b) for a, b in ((one, other), (one, one), (other, other)))
        return x0 + agreement(*sums) * share * (colours - x0)


class EncoderGraph(nn.Module):
    """``ConditionEncoder`` of a stage that sees surroundings: the same bits by any threads.

    ``cropped``: what surroundings tell inside a margin of the stage's influence alone, zeros in it.
    """

    def __init__(self, encoder: ConditionEncoder, settings: CompactSettings, cropped: bool):
        super().__init__()
        self.offset, self.scale, self.looks = encoder.offset, encoder.scale, encoder.looks
        self.colours = encoder.colours if encoder.colours_count else None
        if cropped:
            self.looks = CroppedSurroundings(encoder.looks, settings)

    def forward(self, condition: Tensor) -> Tensor:
        values = condition * self.scale + self.offset
        brightness = mean_of_bands(values).clamp_min(DARKEST)
        relative = torch.cat([values / brightness - 1, logarithm(brightness) + 2], 1)
        features = self.looks(relative, brightness)
        if self.colours is None:
            return features
        return torch.cat([features, self.colours(relative, brightness)], 1)


class PixelEncoderGraph(nn.Module):
    """``ConditionEncoder`` of a stage that sees one pixel at a time."""

    def __init__(self, encoder: ConditionEncoder):
        super().__init__()
        self.offset, self.scale = encoder.offset, encoder.scale
        matrix, bias = _matrix(encoder.looks.pixel), encoder.looks.pixel.bias
        bands = matrix.shape[1] - 1
        even = torch.full((1, bands), self.scale / bands)
        self.mean = _pointwise(even, torch.full((1,), self.offset))
        # The encoder sees values / brightness - 1 and log(brightness) + 2.
        bias = bias - matrix[:, :bands].sum(1) + 2 * matrix[:, bands]
        self.looks = _pointwise(*_with_last_handed_on(matrix, bias))

    def forward(self, condition: Tensor) -> Tensor:
        brightness = self.mean(condition).clamp_min(DARKEST)
        relative = (condition * self.scale + self.offset) / brightness
        return self.looks(torch.cat([relative, torch.log(brightness), brightness], 1))


def _with_last_handed_on(matrix: Tensor, bias: Tensor):
    """``matrix`` and ``bias`` with one more feature: a further band, as it is."""
    whole = F.pad(matrix, (0, 1, 0, 1))
    whole[-1, -1] = 1
    return whole, F.pad(bias, (0, 1))


def _matrix(layer: nn.Conv2d) -> Tensor:
    return layer.weight[:, :, 0, 0]


def _pointwise(matrix: Tensor, bias: Optional[Tensor] = None) -> nn.Conv2d:
    return convolution(matrix[:, :, None, None], bias)
