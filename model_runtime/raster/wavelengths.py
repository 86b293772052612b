"""The wavelengths that a raster states: metadata texts in, nanometres out.

Runtime and plugin read them by this module, so it imports nothing beyond the standard library.
A ``Metadata`` gives the text of a key in a domain ("" is the default one), or None, as GDAL's
``GetMetadataItem`` of a band or of a dataset does.
"""

import math
from typing import Callable, List, Optional, Sequence, Tuple

from ..contract import NATURAL_NM
from ..spectra.wavelength_units import is_length, nanometres_per_unit

Metadata = Callable[[str, str], Optional[str]]
REACH_NM = 60.0  # a band further away than this shows something else than was asked for


def centres_nm(dataset: Metadata, bands: Sequence[Metadata]) -> List[Optional[float]]:
    """Read the centre of each band from its own metadata, else from a list of the dataset.

    Returns: nm, (bands,); None for a band of which the file does not state it.
    """
    own = [band_centre_nm(band) for band in bands]
    if None not in own:
        return own
    return _list_nm(dataset, "wavelength", len(bands)) or own


def widths_nm(dataset: Metadata, bands: Sequence[Metadata]) -> List[Optional[float]]:
    """Read the full width at half maximum of each band.

    From the band's own item, else the dataset's list, else IMAGERY, which GDAL may have rounded.

    Returns: nm, (bands,); None for a band without one.
    """
    own = [_band_width_nm(band) for band in bands]
    if None not in own:
        return own
    micrometres = [_number(band("FWHM_UM", "IMAGERY")) for band in bands]
    rounded = [None if width is None else 1000 * width for width in micrometres]
    return _list_nm(dataset, "fwhm", len(bands)) or (own if None in rounded else rounded)


def band_centre_nm(band: Metadata) -> Optional[float]:
    """Read a band's ``wavelength``, or IMAGERY's ``CENTRAL_WAVELENGTH_UM``.

    Returns: nm; None without.
    """
    value, unit = _number(band("wavelength", "")), _unit(band)
    micrometres = _number(band("CENTRAL_WAVELENGTH_UM", "IMAGERY"))
    # GDAL 3.10 rounds IMAGERY of an ENVI file to whole nm: what the file says itself goes first.
    if micrometres is not None and not (value and unit):
        return 1000 * micrometres
    if value is None or not is_length(unit):
        return None
    return value * nanometres_per_unit(unit, value)


def bad_bands(dataset: Metadata, bands: Sequence[Metadata]) -> List[int]:
    """Find the bands that the file calls bad: by ENVI's list of good (1) and bad (0) ones, ``bbl``.

    A list that calls all of them bad says nothing.

    Returns: band numbers from 1.
    """
    listed = next((text for text in (dataset("bbl", "ENVI"), dataset("bbl", "")) if text), "")
    said = listed.strip(" {}").split(",")
    if len(said) != len(bands):
        said = [band("bbl", "") or "" for band in bands]
    found = [number for number, text in enumerate(said, 1) if _is_zero(text)]
    return found if len(found) < len(bands) else []


def nearest_bands(
    centre_nm: Sequence[Optional[float]], targets: Sequence[float]
) -> Tuple[int, ...]:
    """Find the band nearest each of ``targets`` (nm).

    Returns: band numbers from 1, (targets,); empty when no band has a wavelength.
    """
    known = [(band, nm) for band, nm in enumerate(centre_nm, 1) if nm is not None]
    if not known:
        return ()
    return tuple(min(known, key=lambda item: abs(item[1] - nm))[0] for nm in targets)


def sees(centre_nm: Sequence[Optional[float]], targets: Sequence[float]) -> bool:
    """Look for a band of its own within REACH_NM for each of ``targets`` (nm).

    Returns: whether each has one.
    """
    bands = nearest_bands(centre_nm, targets)
    near = [abs((centre_nm[b - 1] or 0.0) - nm) <= REACH_NM for b, nm in zip(bands, targets)]
    return all(near) and len(set(bands)) == len(targets)


def natural_colours(centre_nm: Sequence[Optional[float]]) -> List[str]:
    """Name the bands that show natural colour.

    Returns: "red", "green", "blue", or "" for any other, (bands,); all "" for a raster that does
    not see the three.
    """
    shown = ["" for _ in centre_nm]
    if sees(centre_nm, NATURAL_NM):
        for band, colour in zip(nearest_bands(centre_nm, NATURAL_NM), ("red", "green", "blue")):
            shown[band - 1] = colour
    return shown


def _band_width_nm(band: Metadata) -> Optional[float]:
    value, unit = _number(band("fwhm", "")), _unit(band)
    # Without a unit a width does not tell micrometres from nm.
    return value * nanometres_per_unit(unit, value) if value is not None and unit else None


def _list_nm(dataset: Metadata, key: str, count: int) -> Optional[List[Optional[float]]]:
    """A list such as ``{0.4, 0.5}`` of the ENVI domain or the default one; None without."""
    for domain in ("ENVI", ""):
        said = _numbers(dataset(key, domain))
        numbers = [number for number in said if number is not None]
        if len(numbers) == len(said) == count:
            unit = dataset("wavelength_units", domain) or dataset("wavelength units", domain)
            if not is_length(unit):
                return None
            # Widths alone do not tell micrometres from nm: the first wavelength does.
            first = _numbers(dataset("wavelength", domain))[0] or math.inf
            deciding = numbers if key == "wavelength" else [first] * count
            return [n * nanometres_per_unit(unit, d) for n, d in zip(numbers, deciding)]
    return None


def _numbers(text: Optional[str]) -> List[Optional[float]]:
    return [_number(part) for part in (text or "").strip(" {}").split(",")]


def _unit(metadata: Metadata) -> Optional[str]:
    return metadata("wavelength_units", "")


def _is_zero(text: str) -> bool:
    try:
        return float(text) == 0
    except ValueError:
        return False


def _number(text: Optional[str]) -> Optional[float]:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
