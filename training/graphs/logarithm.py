"""The logarithm of a graph: of operators that give the same bits however the work is shared out.

ONNX Runtime works at a Log's elements by SIMD packets and at what is left of each thread's share by
the C library, which differs in the last bit: another number of threads gave another picture. Square
roots, sums, products and quotients are exact to the rounding everywhere.
"""

from typing import Sequence

from torch import Tensor

ROOTS = 3
# log(x) = 2^ROOTS log(root) = 2^ROOTS * 2 artanh(z), z = (root - 1) / (root + 1); the terms of
# artanh's series up to z^13. Beside float32's rounding the rest is nothing from 1e-3 to 1e3.
TERMS = 7


def logarithm(values: Tensor) -> Tensor:
    """The natural logarithm of ``values`` from 1e-3 to 1e3, to 4e-6."""
    root = values
    for _ in range(ROOTS):
        root = root.sqrt()
    z = (root - 1) / (root + 1)
    square = z * z
    factors = [2 ** (ROOTS + 1) / (2 * k + 1) for k in range(TERMS)]
    series = square * factors[-1] + factors[-2]
    for factor in factors[-3::-1]:
        series = series * square + factor
    return series * z


def mean_of_bands(values: Tensor) -> Tensor:
    """The mean (N, 1, rows, cols) over the bands."""
    bands = values.split(1, 1)  # their number is known as a graph is written: none looks for it
    return _sum(bands) / len(bands)


def sum_of_bands(values: Tensor) -> Tensor:
    """The sum (N, 1, rows, cols) over the bands."""
    return _sum(values.split(1, 1))


def _sum(bands: Sequence[Tensor]) -> Tensor:
    """``bands`` added one by one, for the same reason."""
    total = bands[0]
    for band in bands[1:]:
        total = total + band
    return total
