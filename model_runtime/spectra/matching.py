"""Which spectrum of a library is nearest to each pixel: spectral angles, weighted or not.

The spectral angle (Kruse et al., Remote Sensing of Environment 44, 1993) does not see brightness,
so a shaded surface matches its sunlit spectrum. Weighted, each band counts by 1 / spread of the
pixel there: bands of which an estimate knows little decide little.
"""

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from .band_response import falls_in_gap
from .resample import see
from .spectral_library import Reference

# Of the bands; an angle over fewer says little beside those of other spectra.
LEAST_SHARE = 0.5
FEWEST_BANDS = 3
LEAST_SPREAD = 1e-4  # reflectance: the step of what is stored
PAIRS_AT_ONCE = 1 << 21  # of pixels and spectra


@dataclass(frozen=True)
class Match:
    """The best spectrum of each pixel: its ``number`` from 0, -1 where no angle exists, and the
    ``angle`` in degrees, NaN there; both (rows, cols).
    """

    number: np.ndarray
    angle: np.ndarray


def at_bands(
    spectra: Sequence[Reference], wavelength_nm: np.ndarray, fwhm_nm: np.ndarray
) -> np.ndarray:
    """Resample a library to a sensor's bands, ``wavelength_nm`` and ``fwhm_nm`` (bands,).

    Returns: float32 (spectra, bands), NaN where a spectrum does not say.
    """
    result = np.full((len(spectra), len(wavelength_nm)), np.nan, np.float32)
    for places in _of_one_grid(spectra):
        one_nm = spectra[places[0]].wavelength_nm
        values = np.stack([spectra[i].values for i in places], axis=1)  # (points, spectra)
        known = np.isfinite(values).any(axis=1)
        seen = see(values[known][:, :, None], one_nm[known], wavelength_nm, fwhm_nm)
        result[places] = seen[:, :, 0].T
    return result


def hide_gaps(
    library: np.ndarray, spectra: Sequence[Reference], wavelength_nm: np.ndarray
) -> np.ndarray:
    """Take out of ``library`` (spectra, bands) what lies in gaps of its ``spectra``.

    There ``at_bands`` has drawn a line from red to infrared, for example.

    Returns: ``library`` with NaN there.
    """
    shown = library.copy()
    for row, one in zip(shown, spectra):
        known = one.wavelength_nm[np.isfinite(one.values)]
        if len(known):
            row[falls_in_gap(wavelength_nm, known)] = np.nan
    return shown


def _of_one_grid(spectra: Sequence[Reference]) -> List[List[int]]:
    """The places of spectra with the same wavelengths: thousands of a library at once."""
    groups: Dict[bytes, List[int]] = {}
    for place, one in enumerate(spectra):
        groups.setdefault(one.wavelength_nm.tobytes(), []).append(place)
    return list(groups.values())


def enough_bands(library: np.ndarray) -> np.ndarray:
    """Find the spectra of ``library`` (spectra, bands) that say enough to be compared.

    Returns: (spectra,) bool.
    """
    count = np.isfinite(library).sum(axis=1)
    return count >= max(FEWEST_BANDS, LEAST_SHARE * library.shape[1])


def match(values: np.ndarray, library: np.ndarray, spread: Optional[np.ndarray] = None) -> Match:
    """Match each pixel of ``values`` (bands, rows, cols) with ``library`` (spectra, bands).

    ``spread`` (bands, rows, cols) weighs the bands by its inverse. NaN is missing: an angle is of
    the bands that pixel and spectrum both have, and needs half of the spectrum's.

    Returns: the Match.
    """
    bands, *shape = values.shape
    pixels = values.reshape(bands, -1).T  # (pixels, bands)
    weights = None if spread is None else spread.reshape(bands, -1).T
    number = np.empty(len(pixels), np.int32)
    angle = np.empty(len(pixels), np.float32)
    step = max(1, PAIRS_AT_ONCE // len(library))
    for first in range(0, len(pixels), step):
        part = slice(first, first + step)
        cosine = _cosines(pixels[part], library, None if weights is None else weights[part])
        number[part], angle[part] = _best(cosine)
    return Match(number.reshape(shape), angle.reshape(shape))


def _cosines(pixels: np.ndarray, library: np.ndarray, spread: Optional[np.ndarray]) -> np.ndarray:
    """(pixels, spectra); -inf where there is none."""
    x, r = pixels.astype(np.float64), library.astype(np.float64)
    weight, says = _weights(x, spread), np.isfinite(r).astype(np.float64)
    x, r = np.nan_to_num(x), np.nan_to_num(r)
    product = (weight * x) @ r.T
    squares = ((weight * x * x) @ says.T) * (weight @ (r * r).T)
    both = (weight > 0).astype(np.float64) @ says.T
    exists = (squares > 0) & (both >= np.maximum(2, LEAST_SHARE * says.sum(axis=1)))
    return np.where(exists, product / np.sqrt(np.where(exists, squares, 1)), -np.inf)


def _weights(pixels: np.ndarray, spread: Optional[np.ndarray]) -> np.ndarray:
    """1 / spread^2, the square that both spectra are divided by; 0 where a band is missing."""
    if spread is None:
        return np.isfinite(pixels).astype(np.float64)
    known = np.isfinite(pixels) & np.isfinite(spread)
    safe = np.maximum(np.where(known, spread, 1.0), LEAST_SPREAD)
    return np.where(known, (LEAST_SPREAD / safe) ** 2, 0.0)


def _best(cosine: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    number = cosine.argmax(axis=1)
    best = np.take_along_axis(cosine, number[:, None], axis=1)[:, 0]
    exists = np.isfinite(best)
    angle = np.degrees(np.arccos(np.clip(np.where(exists, best, 0), -1, 1)))
    return np.where(exists, number, -1), np.where(exists, angle, np.nan)
