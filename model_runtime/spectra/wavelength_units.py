"""Units of wavelengths: of what rasters and spectral libraries state."""

from typing import Optional

# Nobody states a wavelength below 100 nm, nor one above 100 micrometres.
MICROMETRES_BELOW = 100.0


# Of ENVI headers: the numbers then count bands, or are no lengths.
_NO_LENGTHS = ("index", "wavenumber", "ghz", "mhz")


def is_length(unit: Optional[str]) -> bool:
    """Find whether numbers in ``unit`` are wavelengths.

    Returns: False for frequencies, wavenumbers and numbers that only count bands.
    """
    return (unit or "").strip().lower() not in _NO_LENGTHS


def nanometres_per_unit(unit: Optional[str], largest: float) -> float:
    """Convert ``unit`` to nm; where it is not known, judge by the ``largest`` number in it.

    Returns: 1 or 1000.
    """
    word = (unit or "").strip().lower()
    if word.startswith("micro") or word in ("um", "µm", "μm"):
        return 1000.0
    if word.startswith("nano") or word == "nm":
        return 1.0
    return 1000.0 if largest < MICROMETRES_BELOW else 1.0
