"""Losses of a stage: the network's target, and the spectral angle of the x0 that it implies."""

from typing import Optional

import torch
from torch import Tensor

CHORD_FLOOR = 1e-5  # a root has no slope at zero; that of an angle of 0.2 degrees


def target_loss(kind: str, found: Tensor, target: Tensor, seen: Optional[Tensor] = None) -> Tensor:
    """Mean l1 or l2 over what is seen; tensors (N, bands, rows, cols), ``seen`` bool or None."""
    error = (found - target).abs() if kind == "l1" else (found - target) ** 2
    if seen is None:
        return error.mean()
    return (error * seen).sum() / seen.sum().clamp_min(1)


def sample_errors(found: Tensor, target: Tensor, seen: Optional[Tensor] = None) -> Tensor:
    """Mean absolute error of each sample over what is seen of it (N,); NaN where nothing is."""
    error = (found - target).abs()
    if seen is None:
        return error.mean((1, 2, 3))
    return (error * seen).sum((1, 2, 3)) / seen.sum((1, 2, 3))


def spectral_angle_loss(
    found: Tensor, target: Tensor, seen: Optional[Tensor] = None, kind: str = "cosine"
) -> Tensor:
    """Mean over pixels of 1 - cosine over the bands that are seen (SCDM's spectral loss).

    ``kind`` chord: of the distance between both at length 1, 2 sin(angle / 2), in its place.
    """
    if seen is not None:
        found, target = found * seen, target * seen
    lengths = torch.linalg.vector_norm(found, dim=1) * torch.linalg.vector_norm(target, dim=1)
    distance = 1 - (found * target).sum(1) / lengths.clamp_min(1e-8)
    if kind == "chord":
        distance = (2 * distance.clamp_min(0) + CHORD_FLOOR).sqrt()
    if seen is None:
        return distance.mean()
    pixels = seen.any(1)
    return (distance * pixels).sum() / pixels.sum().clamp_min(1)
