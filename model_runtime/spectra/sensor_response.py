"""How a sensor's bands see a spectrum: Gaussians by centre and width, or measured responses."""

from dataclasses import dataclass
from typing import List, Sequence, Tuple

import numpy as np

from . import band_response
from .band_response import NEAR_NM
from .sensor_catalogue import SensorBand
from .spectral_library import Reference

LEAST_SHARE = 0.5  # of a response inside the raster's range; less is another band
GAP_SPACINGS = 3  # of the raster's bands, or half a width: farther from all of them is a gap


@dataclass(frozen=True)
class Response:
    """A sensor's ``bands``, the ``weights`` (bands, source bands) by which each sees a raster, and
    the ``share`` (bands,) of each response that the raster's bands cover.
    """

    bands: Tuple[SensorBand, ...]
    weights: np.ndarray
    share: np.ndarray

    def pick(self, places: Sequence[int]) -> "Response":
        """Take some of the bands.

        Returns: the Response of those at ``places``, from 0.
        """
        picked = list(places)
        bands = tuple(self.bands[i] for i in picked)
        return Response(bands, self.weights[picked], self.share[picked])


def of_gaussians(bands: Sequence[SensorBand], source_nm: np.ndarray) -> Response:
    """Weigh the bands of a raster at ``source_nm`` (source bands,), in any order, with Gaussians.

    Returns: the Response.
    """
    order = np.argsort(source_nm, kind="stable")
    centres = np.array([band.wavelength_nm for band in bands])
    widths = np.array([band.fwhm_nm for band in bands])
    weights = np.zeros((len(bands), len(source_nm)))
    share = band_response.response_share(source_nm, centres, widths)
    seen = share >= LEAST_SHARE
    if seen.any():
        rows = band_response.response_matrix(source_nm[order], centres[seen], widths[seen])
        weights[np.ix_(seen, order)] = rows
    share = np.where(_in_gap(centres, widths, source_nm[order]), 0.0, share)
    return Response(tuple(bands), weights, share)


def of_table(table: Sequence[Reference], source_nm: np.ndarray) -> Response:
    """Weigh the bands of a raster at ``source_nm`` (source bands,), in any order, with a table.

    ``table``: a response per band. The raster's spectrum is taken as straight between its bands
    and integrated over the response.

    Returns: the Response.
    """
    order = np.argsort(source_nm, kind="stable")
    source = source_nm[order]
    weights, share, bands = np.zeros((len(table), len(source_nm))), [], []
    for row, one in zip(weights, table):
        response = np.nan_to_num(np.maximum(one.values, 0)) * _steps(one.wavelength_nm)
        inside = (one.wavelength_nm >= source[0]) & (one.wavelength_nm <= source[-1])
        seen = np.where(inside, response, 0)
        bands.append(_describe(one))
        covered = float(seen.sum() / max(response.sum(), 1e-30))
        share.append(0.0 if _is_in_gap(bands[-1], source) else covered)
        if seen.sum() > 0:
            row[order] = _spread_over(one.wavelength_nm, seen, source) / seen.sum()
    return Response(tuple(bands), weights, np.array(share))


def _spread_over(nm: np.ndarray, weight: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Give each ``weight`` at ``nm`` (points,) to the two source bands beside it."""
    right = np.clip(np.searchsorted(source, nm), 1, len(source) - 1)
    step = np.maximum(source[right] - source[right - 1], 1e-9)
    part = np.clip((nm - source[right - 1]) / step, 0, 1)
    result = np.zeros(len(source))
    np.add.at(result, right - 1, weight * (1 - part))
    np.add.at(result, right, weight * part)
    return result


def _describe(one: Reference) -> SensorBand:
    """A measured response by its name, the centre of its weight and its width at half maximum."""
    values = np.nan_to_num(np.maximum(one.values, 0))
    weight = values * _steps(one.wavelength_nm)
    centre = float((weight * one.wavelength_nm).sum() / max(weight.sum(), 1e-30))
    high = one.wavelength_nm[values >= values.max() / 2]
    step = float(np.median(np.diff(one.wavelength_nm)))
    return SensorBand(one.name, round(centre, 2), round(max(float(np.ptp(high)), step), 2))


def _steps(nm: np.ndarray) -> np.ndarray:
    """The part of ``nm`` (points,) that each point stands for, by the trapezoid rule."""
    half = np.diff(nm) / 2
    return np.concatenate([half, [0.0]]) + np.concatenate([[0.0], half])


def _is_in_gap(band: SensorBand, source: np.ndarray) -> bool:
    centre, width = np.array([band.wavelength_nm]), np.array([band.fwhm_nm])
    return bool(_in_gap(centre, width, source)[0])


def _in_gap(centres: np.ndarray, widths: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Whether no band at ``source`` (increasing) lies near, as where water vapour absorbs, or
    between the few bands of a multispectral raster.
    """
    spacing = float(np.median(np.diff(source))) if len(source) > 1 else 0.0
    is_wide = band_response.falls_in_gap(centres, source, np.maximum(widths / 2, NEAR_NM))
    _, distance = band_response.gaps_about(centres, source)
    return is_wide | (distance > np.maximum(widths / 2, GAP_SPACINGS * spacing))


def split_by_coverage(response: Response) -> Tuple[List[int], List[int]]:
    """Tell the bands that a raster covers from those that it does not.

    Returns: their places, from 0.
    """
    seen = response.share >= LEAST_SHARE
    return np.flatnonzero(seen).tolist(), np.flatnonzero(~seen).tolist()
