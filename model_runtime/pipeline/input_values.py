"""What the input's numbers mean: its radiometry, decided on a sample of the whole raster."""

from dataclasses import dataclass
from typing import Optional

from ..package.manifest import Manifest
from ..raster.reader import RasterReader
from ..spectra import radiometry


@dataclass(frozen=True)
class InputValues:
    """The ``radiometry``, and the share of the whole raster's pixels that are valid."""

    radiometry: radiometry.Radiometry
    valid_share: float


def understand(
    reader: RasterReader, choice: str, reference: Optional[str], model: Manifest
) -> InputValues:
    """Decide what the values that ``reader`` reads mean, by ``choice`` of contract.RADIOMETRIES.

    ``reference``: path of another raster to be matched to. Always of whole rasters, so that an
    extent changes nothing. Raises InputError.
    """
    stored = _sample(reader)
    other = None
    if reference is not None:
        other = _sample(RasterReader(reference, None, model.input_bands))
    taken = radiometry.decide(choice, stored, model, other)
    side = radiometry.SAMPLE_SIDE
    sampled = min(reader.rows, side) * min(reader.cols, side)
    return InputValues(taken, stored.values.shape[1] / sampled)


def _sample(reader: RasterReader) -> radiometry.Stored:
    return radiometry.Stored(
        reader.sample(radiometry.SAMPLE_SIDE),
        reader.integer,
        reader.bits,
        reader.scale,
        reader.offset,
        reader.facts,
    )
