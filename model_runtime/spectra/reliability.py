"""How far an estimate can be relied on, in one number per pixel from 0 to 100.

    reliability = 100 x (1 - relative spread) / (1 + distance from the training colours)

The relative spread is the stated spread's root mean square over the bands, divided by the
estimate's. 100: nothing speaks against the estimate. 50: its spread is half as large as the
spectrum itself, or less where the colours are foreign to the model. 0: as large or larger.
"""

from typing import Union

import numpy as np

FORMULA = "100 x (1 - relative spread) / (1 + distance from the training colours)"


def relative_spread(spread: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Divide the spread of a pixel by its mean, both (bands, rows, cols), over all bands at once.

    A dark band alone, whose spread is large beside it, decides nothing.

    Returns: (1, rows, cols); infinity for a black pixel.
    """
    of_spread, of_mean = (
        np.einsum("brc,brc->rc", values, values)[None] for values in (spread, mean)
    )
    whole = np.full_like(of_mean, np.inf)
    return np.sqrt(np.divide(of_spread, of_mean, out=whole, where=of_mean > 0))


def reliability(relative: np.ndarray, distance: Union[np.ndarray, float] = 0.0) -> np.ndarray:
    """Rate pixels by a relative spread and a distance from the training colours (training_domain).

    The rating falls with both; a pixel one width of the training range outside counts half.

    Returns: 0 to 100, in the shape of ``relative``.
    """
    return 100 * np.maximum(1 - relative, 0) / (1 + distance)
