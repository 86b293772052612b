"""From a job's pieces to the rasters that are asked for: their writers, and filling them."""

from dataclasses import dataclass
from typing import Dict, Iterator, List, Tuple

from ..contract import CONTENT_TAG
from ..raster import encoding
from ..raster.band_metadata import vrt_text
from ..raster.writer import Form, Writer
from ..system.background import Behind
from ..tiling import Window
from .estimation import Estimation, Job
from .outputs import Output


@dataclass(frozen=True)
class Asked:
    """The rasters of a run, in the order of estimation.estimate_tile, and how they are stored."""

    outputs: Tuple[Output, ...]
    dtype: str
    tags: Dict[str, str]
    overviews: bool
    cog: bool


def stored_as(job: Job, asked: Asked) -> encoding.Encoding:
    """How the values are stored."""
    return encoding.of_dtype(asked.dtype, job.model.output_unit)


def writers(job: Job, asked: Asked, window: Window) -> Iterator:
    """A Writer of each output for ``window``; made one after the other."""
    form = Form(job.layout.block_side(), asked.overviews, asked.cog)
    for output in asked.outputs:
        yield Writer(output.path, *_described(job, asked, window, output), form)


def described_vrt(job: Job, asked: Asked, output: Output) -> str:
    """The XML of a VRT of ``output`` that has no source yet."""
    return vrt_text(*_described(job, asked, job.layout.window, output))


def _described(job: Job, asked: Asked, window: Window, output: Output) -> Tuple:
    """What a raster says of itself: size, bands, encoding, place, tags."""
    model = job.model
    centres = [model.wavelength_nm[band] for band in output.bands]
    widths = [model.fwhm_nm[band] for band in output.bands]
    spectral = encoding.Spectral(centres, widths, model.output_unit)
    said = {**asked.tags, CONTENT_TAG: output.content}
    place = job.picture.georeference.of(window)
    return (window.rows, window.cols), spectral, stored_as(job, asked), place, said


def fill(writers: List, asked: Asked, window: Window, estimation: Estimation) -> bool:
    """Write all pieces; whether there was any. Raises what making and writing them raises.

    A piece is made while the one before it is written.
    """
    filled = False
    with estimation, Behind() as behind:
        for place, values in estimation.pieces():
            filled = True
            behind.do(
                _put, writers, asked, place.row0 - window.row0, place.col0 - window.col0, values
            )
    return filled


def _put(writers: List, asked: Asked, row: int, col: int, values: List) -> None:
    for writer, made, output in zip(writers, values, asked.outputs):
        bands = list(output.bands)
        writer.put(row, col, made if len(made) == len(bands) else made[bands])
