"""Random fields over a square patch: the shapes of regions, textures and shade."""

import numpy as np


def smooth(rng: np.random.Generator, side: int, cell: float) -> np.ndarray:
    """A field (side, side), mean 0 and standard deviation 1, that varies over ``cell`` pixels."""
    nodes = int(np.ceil(side / cell)) + 2
    grid = rng.standard_normal((nodes, nodes))
    down, across = (_interpolation(side, cell, nodes, rng.random()) for _ in range(2))
    field = down @ grid @ across.T
    field -= field.mean()
    return (field / max(float(field.std()), 1e-6)).astype(np.float32)


def _interpolation(side: int, cell: float, nodes: int, start: float) -> np.ndarray:
    """Linear interpolation (side, nodes) between nodes ``cell`` pixels apart."""
    place = start + np.arange(side) / cell
    first = np.minimum(place.astype(int), nodes - 2)
    share = np.clip(place - first, 0, 1)
    matrix = np.zeros((side, nodes))
    rows = np.arange(side)
    matrix[rows, first] = 1 - share
    matrix[rows, first + 1] += share
    return matrix


def soft_mask(rng: np.random.Generator, side: int, cell: float, width: float) -> np.ndarray:
    """A mask (side, side) from 0 to 1: where a smooth field lies above a random level.

    ``width`` is how softly it ends, in the field's standard deviations.
    """
    field = smooth(rng, side, cell) - rng.normal(0, 0.7)
    return np.clip(field / max(width, 1e-3) + 0.5, 0, 1).astype(np.float32)
