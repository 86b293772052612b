"""Where a later stage's training begins: at the spectrum of the stage before, interpolated.

From weights drawn at random a pixelwise stage takes thousands of steps to learn how to hand on what
it is given; until then it spoils it.
"""

from typing import Sequence

import torch

from model_runtime.spectra.band_response import interpolation_matrix

from .compact import Alone, CompactNetwork


@torch.no_grad()
def start_as_interpolation(
    network: CompactNetwork, given_nm: Sequence[float], made_nm: Sequence[float]
) -> None:
    """Give a fresh pixelwise ``network`` weights by which x0 is its condition, interpolated.

    ``given_nm``: wavelengths of the condition's bands; ``made_nm``: of the network's own. Nothing
    is done to a network that sees surroundings, or whose features are too few: each band takes two,
    what it has above and what below the pixel's brightness, for a ReLU lets through no sign.
    """
    looks, denoiser, bands = network.condition_encoder.looks, network.denoiser, len(given_nm)
    if not isinstance(looks, Alone) or looks.pixel.out_channels < 2 * bands:
        return
    above, below = slice(0, bands), slice(bands, 2 * bands)
    own = torch.eye(bands + 1)[:bands, :, None, None]  # the last of what it looks at is brightness
    looks.pixel.weight[above], looks.pixel.weight[below] = own, -own
    looks.pixel.bias[: 2 * bands] = 0
    denoiser.enter.weight[: 2 * bands] = 0
    weights = torch.from_numpy(interpolation_matrix(given_nm, made_nm)).float()
    matrix = weights[:, :, None, None]
    for layer in (denoiser.shape, denoiser.rest):
        layer.weight.zero_()
        layer.bias.zero_()
    denoiser.shape.weight[:, above], denoiser.shape.weight[:, below] = matrix, -matrix
