"""A convolution of given weights, for graphs that are made of a trained network's."""

from typing import Optional

from torch import Tensor, nn


def convolution(weight: Tensor, bias: Optional[Tensor] = None, padding=0) -> nn.Conv2d:
    """With ``weight`` (out, entering, rows, cols), detached and copied where it has to be."""
    out, entering, *kernel = weight.shape
    layer = nn.Conv2d(entering, out, kernel, padding=padding, bias=bias is not None)
    layer.weight.data = weight.detach().contiguous()
    if bias is not None:
        layer.bias.data = bias.detach()
    return layer
