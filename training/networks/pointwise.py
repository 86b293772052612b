"""Convolutions of single pixels."""

from torch import Tensor, nn
from torch.nn import functional as F


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
