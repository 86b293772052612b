"""Writes a run's outputs: a raster each, filled piece by piece."""

from typing import Dict, Iterator, List, Tuple

from ..contract import CONTENT_TAG, SPREAD_CONTENT
from ..raster import encoding
from ..raster.band_metadata import vrt_text
from ..raster.georeference import Georeference
from ..raster.wavelengths import natural_colours
from ..raster.writer import FileLayout, Writer
from ..system import final_names
from ..system.background import BackgroundWriter
from ..tiling import Window
from .estimation import Estimation
from .job import Job
from .outputs import Output

# What a raster says of itself: rows and columns, bands, encoding, place, tags.
Description = Tuple[
    Tuple[int, int], encoding.Bands, encoding.Encoding, Georeference, Dict[str, str]
]


def writers_of(job: Job, window: Window) -> Iterator[Writer]:
    """Open a Writer of each output for ``window``, one after the other.

    Returns: the writers.
    Raises: StorageError.
    """
    for output in job.outputs.rasters:
        form = file_layout_of(job, output)
        yield Writer(output.path, *_description(job, window, output), form)


def file_layout_of(job: Job, output: Output) -> FileLayout:
    """Choose how ``output`` lies in its file; its name says whether it is ENVI data.

    Returns: the FileLayout.
    """
    side, spec = job.layout.block_side(), job.outputs
    if final_names.is_envi(output.path):
        return FileLayout(side, envi=True)
    return FileLayout(side, spec.overviews, spec.cog)


def vrt_without_sources(job: Job, output: Output) -> str:
    """Describe ``output`` as a VRT that has no source yet.

    Returns: its XML.
    """
    return vrt_text(*_description(job, job.layout.window, output))


def _description(job: Job, window: Window, output: Output) -> Description:
    tags = {**job.outputs.tags, **output.tags, CONTENT_TAG: output.content}
    place = job.reader.georeference.of(window)
    bands, stored = _bands(job, output), job.encoding_of(output)
    return (window.rows, window.cols), bands, stored, place, tags


def _bands(job: Job, output: Output) -> encoding.Bands:
    if output.is_reliability:
        return encoding.Named(("Reliability",), "%")
    centres = [job.model.wavelength_nm[band] for band in output.bands]
    widths = [job.model.fwhm_nm[band] for band in output.bands]
    # Spread is not a colour: what opens the file with a style of its own shows it as grey.
    colours = [] if output.content == SPREAD_CONTENT else natural_colours(centres)
    return encoding.Spectral(centres, widths, job.model.output_unit, colours)


def write_pieces(job: Job, window: Window, writers: List[Writer], estimation: Estimation) -> bool:
    """Write all pieces of ``window``; each is made while the one before it is written.

    Returns: True if there was any piece to write.
    Raises: DeviceError, PackageError, StorageError.
    """
    written = False
    with estimation, BackgroundWriter() as behind:
        for place, values in estimation.pieces():
            written = True
            corner = place.row0 - window.row0, place.col0 - window.col0
            behind.submit(_put, job.outputs.rasters, writers, corner, values)
    return written


def _put(
    outputs: Tuple[Output, ...], writers: List[Writer], corner: Tuple[int, int], values: List
) -> None:
    for writer, made, output in zip(writers, values, outputs):
        bands = list(output.bands)
        writer.put(*corner, made if len(made) == len(bands) else made[bands])
