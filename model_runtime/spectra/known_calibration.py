"""Calibrations that a file's names, tags or values reveal where its bands carry no scale."""

import re
from dataclasses import dataclass, field
from typing import Dict, Optional, Tuple

import numpy as np

# From this processing baseline on (January 2022) 1000 is added to every value.
SENTINEL2_OFFSET_FROM = 400
_SENTINEL2_NAME = re.compile(r"S2[A-D]_MSIL(?:1C|2A)_\d{8}T\d{6}_N(\d{4})_")
# The darkest of each band after that. Of 127 scenes in reflectance the darkest of none lay between
# the two; with 1000 added, those of 126 did.
SENTINEL2_OFFSET, DARKEST, DARKEST_QUANTILE = 1000, 1650, 0.001
FEW_PIXELS = 1 << 16  # enough for that quantile
_LANDSAT_NAME = re.compile(r"L[COTE]0[4-9]_L2S[PR]_\d{6}_\d{8}_\d{8}_02_")
_LANDSAT_BAND = re.compile(r"SR_B\d+")
LANDSAT_SCALE, LANDSAT_OFFSET = 2.75e-5, -0.2  # Collection 2, surface reflectance


@dataclass(frozen=True)
class FileFacts:
    """What a file says beside its values.

    ``files`` with their folders: its own, and what it leads to, such as a VRT's sources; ``tags``
    of the dataset; ``band_names`` of the bands that are read; ``used_bits`` of each number where
    the file says so (NBITS); ``srgb``: its colour profile is sRGB; ``unit`` of the bands, "" where
    none is given. ``shown``: the bands are marked as red, green and blue, as pictures' are.
    """

    files: Tuple[str, ...] = ()
    tags: Dict[str, str] = field(default_factory=dict)
    band_names: Tuple[str, ...] = ()
    used_bits: Optional[int] = None
    srgb: bool = False
    unit: str = ""
    shown: bool = False


@dataclass(frozen=True)
class Known:
    """Reflectance = stored x ``scale`` + ``offset``, and how that is known."""

    scale: float
    offset: float
    why: str


def recognise(facts: FileFacts) -> Optional[Known]:
    """Recognise the calibration of 16-bit whole numbers by the file's names and tags.

    Returns: the calibration; None where nothing reveals it.
    """
    return _by_offset_tag(facts) or _sentinel2(facts) or _landsat(facts)


def few_pixels(values: np.ndarray) -> np.ndarray:
    """Thin ``values`` (bands, pixels) to what shares and quantiles need.

    Returns: a view of about FEW_PIXELS to twice as many.
    """
    return values[:, :: max(1, values.shape[1] // FEW_PIXELS)]


def recognise_offset(values: np.ndarray) -> Optional[Known]:
    """Recognise Sentinel-2's offset in whole numbers ``values`` (bands, pixels) of a mute file.

    Returns: the calibration; None where the darkest of a band is darker, or bright.
    """
    darkest = np.quantile(few_pixels(values), DARKEST_QUANTILE, axis=1)
    if not (darkest.min() >= SENTINEL2_OFFSET and darkest.max() < DARKEST):
        return None
    listed = ", ".join(f"{value:.0f}" for value in darkest)
    said = f"in each band the darkest values lie just above 1000 ({listed}), as Sentinel-2's do"
    return Known(1e-4, -SENTINEL2_OFFSET / 1e4, f"{said} from 2022 on")


def _by_offset_tag(facts: FileFacts) -> Optional[Known]:
    """A tag such as BOA_ADD_OFFSET or RADIO_ADD_OFFSET, as Sentinel-2 products have."""
    for name, text in facts.tags.items():
        added = _number(text) if name.upper().endswith("_ADD_OFFSET") else None
        if added is not None:
            quantum = _quantification(facts)
            return Known(1 / quantum, added / quantum, f"the file's {name} is {text}")
    return None


def _sentinel2(facts: FileFacts) -> Optional[Known]:
    baseline = _baseline(facts)
    if baseline is None:
        return None
    offset = -1000 if baseline >= SENTINEL2_OFFSET_FROM else 0
    quantum = _quantification(facts)
    said = f"Sentinel-2 of processing baseline {baseline / 100:05.2f}"
    added = "1000 is added to every value" if offset else "no offset is added"
    return Known(1 / quantum, offset / quantum, f"{said}: {added}")


def _baseline(facts: FileFacts) -> Optional[int]:
    """Processing baseline times 100."""
    number = _number(facts.tags.get("PROCESSING_BASELINE"))
    if number is not None:
        return round(100 * number)
    texts = [*facts.files, *facts.tags.values()]
    found = {int(match.group(1)) for match in map(_SENTINEL2_NAME.search, texts) if match}
    return found.pop() if len(found) == 1 else None  # of a mosaic of several, none


def _quantification(facts: FileFacts) -> float:
    for name, text in facts.tags.items():
        if name.upper().endswith("QUANTIFICATION_VALUE"):
            return _number(text) or 1e4
    return 1e4


def _landsat(facts: FileFacts) -> Optional[Known]:
    named = facts.band_names and all(map(_LANDSAT_BAND.fullmatch, facts.band_names))
    product = facts.tags.get("LANDSAT_PRODUCT_ID", "")
    texts = (*facts.files, product)
    if not (named or any(map(_LANDSAT_NAME.search, texts))):
        return None
    return Known(LANDSAT_SCALE, LANDSAT_OFFSET, "Landsat Collection 2 surface reflectance")


def _number(text: Optional[str]) -> Optional[float]:
    try:
        return float(text or "")
    except ValueError:
        return None
