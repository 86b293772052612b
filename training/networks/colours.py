"""What a pixel's colours alone say of its spectrum, whatever lies around it.

A second opinion: trained on the spectra as they were measured, it knows less than a network that
sees surroundings, and errs elsewhere. On sensors that neither has seen, and on held-out ground, the
mean of both is nearer than that network. But a pond has the colour of a meadow: where the two tell
of different materials, the network that sees surroundings decides (``agreement``).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .pointwise import Pointwise

# Where two spectra lie 60 degrees apart or more, one of them is of another material altogether.
LEAST_COSINE = 0.5


def agreement(product: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """1 where two spectra have one shape, less the farther apart they lie, 0 beyond LEAST_COSINE.

    ``product``, and of each by itself ``one`` and ``other``: sums over the bands of squares.
    """
    cosine = product / (one * other).sqrt().clamp_min(1e-12)
    return ((cosine - LEAST_COSINE) / (1 - LEAST_COSINE)).clamp_min(0)


class ColourSpectrum(nn.Module):
    """Relative bands (N, entering, rows, cols) and brightness (N, 1, rows, cols) to x0.

    It learns apart from the network (``loop/colour_fit.py``) and counts once it is ``fitted``.
    """

    def __init__(self, entering: int, width: int, bands: int, offset: float, scale: float):
        super().__init__()
        self.offset, self.scale = offset, scale  # the package's normalisation
        self.enter, self.hidden = Pointwise(entering, width), Pointwise(width, width)
        self.shape, self.rest = Pointwise(width, bands), Pointwise(width, bands)
        self.register_buffer("fitted", torch.tensor(False))
        self.requires_grad_(False)

    def forward(self, relative: Tensor, brightness: Tensor) -> Tensor:
        hidden = F.relu(self.hidden(F.relu(self.enter(relative))))
        spectrum = brightness * (1 + self.shape(hidden)) + self.scale * self.rest(hidden)
        return (spectrum - self.offset) / self.scale
