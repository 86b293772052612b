"""Where a picture's colour correction is fitted: at some places of the whole raster."""

from functools import lru_cache
from typing import Callable, Iterator, List, Optional, Tuple

import numpy as np

from ..diffusion import colour_correction
from ..diffusion.colour_correction import Coefficients
from ..diffusion.settings import EstimateRequest, sampling_of_quality
from ..package.manifest import Manifest
from ..spectra.radiometry import Radiometry
from ..tiling import Window, round_up
from . import masked_pixels
from .job import Estimator, Reader

SIDE = 40  # pixels of a place
FEWEST, MOST = 9, 36  # places; between them by the root of the megapixels
TRIED = 64  # places at most, where many are masked
LEAST_PIXELS = 200  # valid ones, to say what a camera does
# Steps of the plastic number: places that fill a square evenly (Roberts 2018, R2 sequence).
DOWN, ACROSS = 0.7548776662466927, 0.5698402909980532


def fit_colours(
    reader: Reader, radiometry: Radiometry, model: Manifest, open_estimator: Callable[[], Estimator]
) -> Optional[Coefficients]:
    """Fit the colour correction of the whole raster that ``reader`` reads.

    ``open_estimator`` is asked for what estimates only where a correction is fitted.

    Returns: the coefficients; None where the model asks for none, where the values are known
        reflectance, which has no camera's colours, and where too few pixels are valid.
    Raises: StorageError, DeviceError, PackageError.
    """
    if not (model.colour_correction and radiometry.is_guess):
        return None
    found = list(_estimates(reader, radiometry, model, open_estimator()))
    if sum(rgb.shape[1] for rgb, _ in found) < LEAST_PIXELS:
        return None
    rgb, spectra = (np.concatenate(parts, axis=1) for parts in zip(*found))
    return colour_correction.of_estimates(model, rgb, spectra)


def _estimates(
    reader: Reader, radiometry: Radiometry, model: Manifest, estimator: Estimator
) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    """(rgb (input bands, pixels), spectra (bands, pixels)) of the valid pixels of each place."""
    whole = reader.whole
    wanted = int(np.clip(FEWEST * (whole.rows * whole.cols / 1e6) ** 0.5, FEWEST, MOST))
    guidance = (0.0,) * len(model.stages)
    how = sampling_of_quality(model.qualities["fast"], guidance, seed=0)
    # The whole raster is looked over for it, so only where something is masked.
    side = masked_pixels.VALID_SIDE
    cut_out = lru_cache(1)(lambda: masked_pixels.shows_cut_outs(*reader.thin_validity(side)))
    for kept, read in _places(whole, model):
        if wanted == 0:
            return
        values, valid = reader.read(read)
        inside = kept.slices(read)
        shown = valid[inside]
        if not shown.any():
            continue
        wanted -= 1
        if valid.all():
            rgb = radiometry.apply(values)
        else:
            reach = max(read.rows, read.cols)
            rgb = masked_pixels.see(values, valid, reach, radiometry, model, cut_out())
        asked = EstimateRequest(inside, spread=False, stages=False)
        mean = estimator.estimate(rgb, read.row0, read.col0, how, asked).mean
        yield rgb[(slice(None), *inside)][:, shown], mean[:, shown]


def _places(whole: Window, model: Manifest) -> List[Tuple[Window, Window]]:
    """(what is kept, what is read for it) of each place that may be tried."""
    tile = model.tile
    margin = round_up(tile.overlap if tile.influence is None else tile.influence, tile.multiple)
    places = []
    for number in range(TRIED):
        row, col = (
            int((0.5 + number * step) % 1 * max(length - SIDE, 0)) // tile.multiple * tile.multiple
            for step, length in ((DOWN, whole.rows), (ACROSS, whole.cols))
        )
        rows, cols = min(SIDE, whole.rows - row), min(SIDE, whole.cols - col)
        read = [round_up(size, tile.multiple) + 2 * margin for size in (rows, cols)]
        places.append((Window(row, col, rows, cols), Window(row - margin, col - margin, *read)))
    return places
