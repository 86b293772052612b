"""What the input's numbers mean: its radiometry, decided on a sample of the whole raster."""

from dataclasses import dataclass

from ..package.manifest import Manifest
from ..raster.reader import RasterReader
from ..spectra import radiometry
from . import radiometry_choice
from .options import UpsampleOptions


@dataclass(frozen=True)
class InputValues:
    """The ``radiometry``, and the share of the whole raster's pixels that are valid."""

    radiometry: radiometry.Radiometry
    valid_share: float


def understand(reader: RasterReader, options: UpsampleOptions, model: Manifest) -> InputValues:
    """Decide what the values that ``reader`` reads mean, as ``options`` say.

    Always of whole rasters, so that an extent changes nothing.

    Returns: the radiometry, and how much of the raster is valid.
    Raises: InputError.
    """
    reference = None
    if options.radiometry_from is not None:
        reference = sample(RasterReader(options.radiometry_from, None, model.input_bands))
    taken, stored = radiometry_choice.choose_for(
        reader, lambda: sample(reader), options, model, reference
    )
    side = radiometry.SAMPLE_SIDE
    sampled = min(reader.rows, side) * min(reader.cols, side)
    return InputValues(taken, stored.values.shape[1] / sampled)


def sample(reader: RasterReader) -> radiometry.Stored:
    """Read a sample of the whole raster, at most SAMPLE_SIDE pixels per side.

    Returns: the sampled values and what the file says of them.
    Raises: StorageError.
    """
    return radiometry.Stored(
        reader.sample(radiometry.SAMPLE_SIDE),
        reader.integer,
        reader.bits,
        reader.scale,
        reader.offset,
        reader.facts,
    )
