"""Data consistency: moves an estimate, smoothly and no further than needed, onto its input.

Known of a pixel are its red, green and blue. Those of the estimate, seen through the model's input
bands, need not equal them; the correction that makes them equal is the one that bends and moves the
spectrum least (a quadratic programme with linear constraints, solved once).
"""

from typing import Callable

import numpy as np

from ..package.manifest import Manifest
from ..spectra import band_response

BEND, MOVE = 1.0, 0.05  # weights of second differences and of size; a wide range does as well


def correction(responses: np.ndarray) -> np.ndarray:
    """Solve for what to add to a spectrum for each unit that an input band lacks.

    ``responses`` (input bands, bands). The solution minimises BEND |second differences|^2 + MOVE
    |change|^2 under ``responses`` @ change = lack.

    Returns: (bands, input bands).
    """
    bands = responses.shape[1]
    bends = np.diff(np.eye(bands), 2, axis=0)
    cost = BEND * bends.T @ bends + MOVE * np.eye(bands)
    spread = np.linalg.solve(cost, responses.T)
    return spread @ np.linalg.inv(responses @ spread)


def responses_of(model: Manifest) -> np.ndarray:
    """Compute what the model's input bands see of its output bands.

    Returns: (input bands, bands).
    """
    centres = [band.wavelength_nm for band in model.input_bands]
    widths = [band.fwhm_nm for band in model.input_bands]
    return band_response.response_matrix(model.wavelength_nm, centres, widths)


def onto_input(model: Manifest) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Build the projection of estimates onto their input.

    Returns: a function of (spectra (bands, rows, cols), rgb (input bands, rows, cols)) that returns
        the spectra that agree with ``rgb``.
    """
    responses = responses_of(model)
    added = correction(responses)

    def project(spectra: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        return spectra + band_response.apply(added, rgb - band_response.apply(responses, spectra))

    return project
