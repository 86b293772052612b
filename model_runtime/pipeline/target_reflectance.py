"""What is known of calibration targets: their reflectance, by the fields of their layer."""

from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from ..errors import InputError
from ..package.manifest import InputBand
from ..spectra import matching, spectral_library
from ..spectra.spectral_library import Reference

ANY_BAND, SPECTRUM = "reflectance", "spectrum"  # fields of the targets
BRIGHTEST, PERCENT = 1.5, 100.0  # of fractions, and of percent


def known_reflectance(
    features, names: Sequence[str], bands: Sequence[InputBand], library: Optional[str]
) -> Tuple[List[np.ndarray], List[str]]:
    """Read each target's reflectance from its fields.

    Returns: an array (bands,) per target, as a fraction of 1, and how they were read.
    Raises: InputError for targets without, or with numbers that no reflectance has.
    """
    spectra = _spectra(library)
    found = [_of_fields(_fields(one), name, bands, spectra) for one, name in zip(features, names)]
    largest = max((float(values.max()) for values in found), default=0.0)
    if largest > PERCENT or any(float(values.min()) < 0 for values in found):
        raise InputError(
            f"the targets' reflectance reaches {largest:g}",
            "give fractions from 0 to 1, or percent from 0 to 100",
        )
    if largest <= BRIGHTEST:
        return found, []
    return [values / PERCENT for values in found], [
        f"the targets' reflectance (up to {largest:g}) is read as percent"
    ]


def _spectra(library: Optional[str]) -> Dict[str, Reference]:
    if not library:
        return {}
    found, _ = spectral_library.read_all([Path(library)])
    return {one.name.lower(): one for one in found}


def _fields(feature) -> Dict[str, Any]:
    """The feature's fields that are set, names in small letters."""
    names = [feature.GetFieldDefnRef(i).GetName() for i in range(feature.GetFieldCount())]
    numbered = enumerate(names)
    return {n.lower(): feature.GetField(i) for i, n in numbered if feature.IsFieldSetAndNotNull(i)}


def _of_fields(
    fields: Dict[str, Any],
    name: str,
    bands: Sequence[InputBand],
    spectra: Dict[str, Reference],
) -> np.ndarray:
    own = [band.name.lower() for band in bands]
    if all(band in fields for band in own):
        return np.array([_number(fields[band], name, band) for band in own])
    if fields.get(SPECTRUM):
        return _of_spectrum(str(fields[SPECTRUM]), name, bands, spectra)
    if ANY_BAND in fields:
        return np.full(len(own), _number(fields[ANY_BAND], name, ANY_BAND))
    raise InputError(
        f"target '{name}' has no reflectance",
        f"give it the fields {', '.join(own)}, or {ANY_BAND} for all bands, or {SPECTRUM} with the "
        "name of a spectrum in --library",
    )


def _number(value: Any, name: str, field: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        raise InputError(
            f"target '{name}' has {field} = {value!r}", "give its reflectance as a number"
        )
    return number


def _of_spectrum(
    wanted: str, name: str, bands: Sequence[InputBand], spectra: Dict[str, Reference]
) -> np.ndarray:
    one = spectra.get(wanted.strip().lower())
    if one is None:
        some = ", ".join(list(spectra)[:5]) or "none: give --library"
        raise InputError(f"target '{name}' names the spectrum '{wanted}'", f"there are {some}")
    nm = np.array([band.wavelength_nm for band in bands])
    found = matching.at_bands([one], nm, np.array([band.fwhm_nm for band in bands]))[0]
    if not np.isfinite(found).all():
        raise InputError(
            f"the spectrum '{wanted}' of target '{name}' does not cover the picture's bands",
            f"give one from {nm.min():g} to {nm.max():g} nm",
        )
    return found.astype(np.float64)
