"""Units of wavelengths: of what rasters and spectral libraries state."""

from typing import Optional

# Nobody states a wavelength below 100 nm, nor one above 100 micrometres.
MICROMETRES_BELOW = 100.0


# Of ENVI headers: the numbers then count bands, or are no lengths.
_NO_LENGTHS = ("index", "wavenumber", "ghz", "mhz")
# How the units of ENVI headers and of netCDF begin, and their signs.
_UNITS = (
    ("nano", ("nm",), 1.0),
    ("micro", ("um", "µm", "μm"), 1e3),
    ("angstrom", ("å",), 0.1),
    ("millimet", ("mm",), 1e6),
    ("centimet", ("cm",), 1e7),
    ("met", ("m",), 1e9),
)


def is_length(unit: Optional[str]) -> bool:
    """Find whether numbers in ``unit`` are wavelengths.

    Returns: False for frequencies, wavenumbers and numbers that only count bands.
    """
    return (unit or "").strip().lower() not in _NO_LENGTHS


def nanometres_per_unit(unit: Optional[str], largest: float) -> float:
    """Convert ``unit`` to nm; where it is not known, judge by the ``largest`` number in it.

    Returns: the factor, 1 or 1000 for what is not known.
    """
    word = (unit or "").strip().lower()
    for start, signs, factor in _UNITS:
        if word.startswith(start) or word in signs:
            return factor
    return 1000.0 if largest < MICROMETRES_BELOW else 1.0
