"""One library of measured spectra: an .npz file as libraries.json describes it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

MISSING, SCALE = -32768, 1e-4


@dataclass(frozen=True)
class LibraryFile:
    """``reflectance`` (bands, spectra) at ``wavelength_nm``, NaN where missing; ``classes`` too."""

    wavelength_nm: np.ndarray
    reflectance: np.ndarray
    classes: np.ndarray


def read(path: Path) -> LibraryFile:
    """The library in ``path``."""
    with np.load(path) as stored:
        counts = stored["reflectance_x10000"].T  # (bands, spectra)
        reflectance = np.where(counts == MISSING, np.nan, counts * np.float32(SCALE))
        wavelength_nm = stored["wavelength_nm"].astype(np.float64)
        return LibraryFile(wavelength_nm, reflectance, stored["classes"].astype(str))
