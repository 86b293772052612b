"""What a pixel's colours alone say of its spectrum, whatever lies around it.

A second opinion: trained on the spectra as they were measured, it knows less than a network that
sees surroundings, and errs elsewhere. On sensors that neither has seen, and on held-out ground, the
mean of both is nearer than that network.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .pointwise import Pointwise


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
