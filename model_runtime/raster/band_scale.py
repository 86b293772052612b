"""What a stored value is multiplied by.

Runtime and plugin read it by this module, so it imports nothing beyond the standard library.
"""

import math
from typing import Callable, Optional

Metadata = Callable[[str, str], Optional[str]]


def scale_of(of_band: Optional[float], dataset: Metadata) -> float:
    """Find the scale of a band: its own, else by ENVI's "reflectance scale factor".

    ``of_band``: GDAL's, None where there is none; ``dataset``: its ``GetMetadataItem``.

    Returns: the factor, 1 where nothing is said.
    """
    if of_band is not None and of_band != 1:
        return of_band
    factor = _number(dataset("reflectance_scale_factor", "ENVI"))
    return 1 / factor if factor is not None and factor > 0 else 1.0


def _number(text: Optional[str]) -> Optional[float]:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
