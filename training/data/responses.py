"""Red, green and blue responses of cameras and satellites, from tables or drawn at random."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence

import numpy as np

from model_runtime.errors import InputError
from model_runtime.spectra.band_response import SIGMA_PER_FWHM

from ..config import Config

STEP_NM = 5.0
FIRST_NM, LAST_NM = 350.0, 1100.0
WIDTH_SIGMA = 0.25  # of the logarithm of a drawn response's width
FEWEST_DRAWN = 16
NON_COMMERCIAL = "NC"  # in a table's licence: to measure by, not to train on


@dataclass(frozen=True)
class Response:
    """A camera's bands: ``response`` (bands, wavelengths) on ``wavelength_nm``."""

    name: str
    wavelength_nm: np.ndarray
    response: np.ndarray

    def weights(self, source_nm: np.ndarray) -> np.ndarray:
        """Weights (bands, source bands) over a sensor's bands, each row's sum 1.

        A sensor that sees nothing of a response gives its band nearest to the response's centre.
        """
        source_nm = np.asarray(source_nm, np.float64)
        spacing = np.abs(np.gradient(source_nm)) if len(source_nm) > 1 else np.ones(1)
        rows = [np.interp(source_nm, self.wavelength_nm, row) for row in self.response]
        weights = np.array(rows) * spacing
        for band in np.flatnonzero(weights.sum(axis=1) <= 0):
            weights[band, np.argmin(np.abs(source_nm - self.centre_nm[band]))] = 1.0
        return weights / weights.sum(axis=1, keepdims=True)

    @property
    def centre_nm(self) -> np.ndarray:
        """The responses' centres of mass (bands,)."""
        return (self.response @ self.wavelength_nm) / self.response.sum(axis=1)


def tables(path: Path) -> List[Response]:
    """The responses of an ``.npz`` (names, srf_rgb, wavelength_nm) and the ``.json`` beside it.

    Those whose licence forbids commercial use are left out. Raises InputError for other files.
    """
    try:
        licences = {entry["name"]: entry["licence"] for entry in _entries(path)}
        with np.load(path, allow_pickle=False) as file:
            names, curves = file["names"].tolist(), file["srf_rgb"].astype(np.float64)
            wavelength_nm = file["wavelength_nm"].astype(np.float64)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is not a table of responses ({error})",
            "name an .npz with names, srf_rgb and wavelength_nm, and a .json of their licences",
        ) from error
    return [
        Response(name, wavelength_nm, np.maximum(curve, 0))
        for name, curve in zip(names, curves)
        if NON_COMMERCIAL not in licences.get(name, NON_COMMERCIAL)
    ]


def _entries(path: Path) -> Sequence[dict]:
    return json.loads(Path(path).with_suffix(".json").read_text(encoding="utf-8"))


def gaussian(name: str, centre_nm: Sequence[float], fwhm_nm: Sequence[float]) -> Response:
    """Gaussian responses."""
    wavelength_nm = np.arange(FIRST_NM, LAST_NM + STEP_NM, STEP_NM)
    sigma = np.asarray(fwhm_nm, np.float64)[:, None] * SIGMA_PER_FWHM
    distance = wavelength_nm[None] - np.asarray(centre_nm, np.float64)[:, None]
    return Response(name, wavelength_nm, np.exp(-0.5 * (distance / sigma) ** 2))


def draw(
    rng: np.random.Generator,
    centre_nm: Sequence[float],
    fwhm_nm: Sequence[float],
    shift_nm: float,
    name: str = "drawn",
) -> Response:
    """Gaussian responses about ``centre_nm``, off by ``shift_nm`` (one sigma), of other widths."""
    centres = np.asarray(centre_nm) + rng.normal(0, shift_nm, len(centre_nm))
    widths = np.asarray(fwhm_nm) * np.exp(rng.normal(0, WIDTH_SIGMA, len(fwhm_nm)))
    return gaussian(name, centres, widths)


def cameras(config: Config) -> List[Response]:
    """The cameras that the settings' pictures are seen by: the tables', and as many drawn ones.

    None where no patch is to be seen by a camera.
    """
    data, bands = config.data, config.input
    if not data.camera_share:
        return []
    known = [response for path in data.responses for response in tables(Path(path))]
    rng = np.random.default_rng(config.training.seed)
    sizes = bands.wavelength_nm, bands.fwhm_nm, data.camera_shift_nm
    return known + [draw(rng, *sizes) for _ in range(max(len(known), FEWEST_DRAWN))]
