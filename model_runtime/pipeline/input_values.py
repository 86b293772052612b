"""What the input's numbers mean: its radiometry, decided on a sample of the whole raster."""

from dataclasses import dataclass
from typing import Optional

from ..package.manifest import Manifest
from ..spectra import radiometry


@dataclass(frozen=True)
class InputValues:
    """The ``radiometry``, and the share of the whole raster's pixels that are valid."""

    radiometry: radiometry.Radiometry
    valid_share: float


def understand(picture, choice: str, reference: Optional[str], model: Manifest) -> InputValues:
    """The values of ``picture`` by ``choice`` of radiometry.CHOICES.

    ``reference``: path of another raster to be matched to. Always of whole rasters, so that an
    extent changes nothing. Raises InputError.
    """
    stored = _sample(picture)
    other = None if reference is None else _sample(_open(reference, model))
    taken = radiometry.decide(choice, stored, model, other)
    side = radiometry.SAMPLE_SIDE
    sampled = min(picture.rows, side) * min(picture.cols, side)
    return InputValues(taken, stored.values.shape[1] / sampled)


def _open(path: str, model: Manifest):
    from ..raster.reader import RasterReader

    return RasterReader(path, None, model.input_bands)


def _sample(picture) -> radiometry.Stored:
    return radiometry.Stored(
        picture.sample(radiometry.SAMPLE_SIDE),
        picture.integer,
        picture.bits,
        picture.scale,
        picture.offset,
        picture.facts,
    )
