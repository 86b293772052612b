"""How far each pixel's colours lie outside what the model saw in training."""

import numpy as np

from ..package.manifest import Domain


def distance(rgb: np.ndarray, domain: Domain) -> np.ndarray:
    """Measure how far each pixel of ``rgb`` (bands, rows, cols) lies outside the training range.

    The training range of a band goes from its lowest to its highest known quantile; the distance
    is the root of the summed squares over the bands of what sticks out, in widths of that range.
    Bands are looked at one by one: an unusual colour of usual bands goes unseen.

    Returns: (rows, cols), 0 inside the range; NaN where masked.
    """
    low, high = (
        np.array([bound(values) for values in domain.values])[:, None, None] for bound in (min, max)
    )
    beyond = np.maximum(np.maximum(low - rgb, rgb - high), 0) / np.maximum(high - low, 1e-12)
    return np.sqrt((beyond.astype(np.float64) ** 2).sum(axis=0))


def share_outside(distances: np.ndarray) -> float:
    """Compute the share of known pixels outside the training range; ``distances`` (rows, cols).

    Returns: 0 to 1; NaN where no pixel is known.
    """
    known = np.isfinite(distances)
    return float((distances[known] > 0).mean()) if known.any() else float("nan")
