"""What the input's numbers mean: its radiometry, decided on a sample of the whole raster."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..package.manifest import Manifest
from ..raster.reader import RasterReader
from ..spectra import empirical_line, radiometry
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
    stored = sample(reader)
    taken = _radiometry(options, stored, model)
    side = radiometry.SAMPLE_SIDE
    sampled = min(reader.rows, side) * min(reader.cols, side)
    return InputValues(taken, stored.values.shape[1] / sampled)


def _radiometry(
    options: UpsampleOptions, stored: radiometry.Stored, model: Manifest
) -> radiometry.Radiometry:
    """By a calibration, by another raster or by the values themselves."""
    reference = options.radiometry_from
    if options.calibration is None:
        other = None
        if reference is not None:
            other = sample(RasterReader(reference, None, model.input_bands))
        return radiometry.decide(options.radiometry, stored, model, other)
    if reference is not None:
        raise InputError(
            "--calibration and --radiometry-from are both given", "leave out one of them"
        )
    known = empirical_line.read(Path(options.calibration))
    name = Path(options.calibration).name
    return radiometry.by_calibration(options.radiometry, stored, model, known, name)


def sample(reader: RasterReader) -> radiometry.Stored:
    """Read a sample of the whole raster, at most SAMPLE_SIDE pixels a side.

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
