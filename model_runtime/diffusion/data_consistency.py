"""Data consistency: an estimate moved, smoothly and no further than needed, onto its input.

What is known of a pixel is its red, green and blue. The estimate's own, seen through the model's
input bands, need not equal them; the correction that makes them equal is the one that least bends
and least moves the spectrum (a quadratic programme with linear constraints, solved once).
"""

from typing import Callable

import numpy as np

from ..package.manifest import Manifest
from ..spectra import band_response

BEND, MOVE = 1.0, 0.05  # weights of second differences and of size; a wide range does as well


def correction(responses: np.ndarray) -> np.ndarray:
    """(bands, input bands): what to add to a spectrum for each unit that an input band lacks.

    It minimises BEND |second differences|^2 + MOVE |change|^2 under ``responses`` @ change = lack.
    """
    bands = responses.shape[1]
    bends = np.diff(np.eye(bands), 2, axis=0)
    cost = BEND * bends.T @ bends + MOVE * np.eye(bands)
    spread = np.linalg.solve(cost, responses.T)
    return spread @ np.linalg.inv(responses @ spread)


def onto_input(model: Manifest) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A function of (spectra (bands, rows, cols), rgb) that makes spectra agree with ``rgb``."""
    centres = [band.wavelength_nm for band in model.input_bands]
    widths = [band.fwhm_nm for band in model.input_bands]
    responses = band_response.response_matrix(model.wavelength_nm, centres, widths)
    added = correction(responses)

    def project(spectra: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        return spectra + band_response.apply(added, rgb - band_response.apply(responses, spectra))

    return project
