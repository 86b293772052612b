"""Which radiometry the options ask for: by a calibration, by a reference, or by the values."""

from dataclasses import replace
from pathlib import Path
from typing import Callable, List, Optional, Protocol, Tuple

import numpy as np

from ..errors import InputError
from ..package.manifest import Manifest
from ..spectra import empirical_line, radiometry
from ..spectra.blank_pixels import describe_blank
from ..spectra.infrared_colours import describe_infrared
from ..spectra.known_calibration import few_pixels
from .options import UpsampleOptions

RGB_BANDS = 3


class MasksZeros(Protocol):
    """A reader that can be told that 0 in all bands is nodata."""

    def mask_zeros(self) -> None:
        """Read 0 in all bands as nodata from now on."""


def choose_for(
    reader: MasksZeros,
    read_sample: Callable[[], radiometry.Stored],
    options: UpsampleOptions,
    model: Manifest,
    reference: Optional[radiometry.Stored],
) -> Tuple[radiometry.Radiometry, radiometry.Stored]:
    """Decide by ``read_sample``, of what ``reader`` reads, and let that read nodata accordingly.

    Returns: the radiometry, and the sample without nodata.
    Raises: InputError.
    """
    stored = read_sample()
    taken = choose(options, stored, model, reference)
    if taken.zero_is_nodata:
        reader.mask_zeros()
        stored = read_sample()
        taken = choose(options, stored, model, reference)
    looks = [*describe_blank(stored.values), *_describe_colours(stored.values, taken, model)]
    return replace(taken, warnings=(*taken.warnings, *looks)), stored


def _describe_colours(
    values: np.ndarray, taken: radiometry.Radiometry, model: Manifest
) -> List[str]:
    """What speaks against bands in red, green and blue: ``values`` (bands, pixels) as stored."""
    falling = np.argsort([-band.wavelength_nm for band in model.input_bands])
    if len(falling) != RGB_BANDS:
        return []
    return describe_infrared(taken.apply(few_pixels(values))[falling])


def choose(
    options: UpsampleOptions,
    stored: radiometry.Stored,
    model: Manifest,
    reference: Optional[radiometry.Stored],
) -> radiometry.Radiometry:
    """Decide how to read ``stored``; ``reference`` is a sample of what --radiometry-from names.

    Returns: the radiometry.
    Raises: InputError for options that contradict each other or the values.
    """
    if options.calibration is None:
        return radiometry.decide(options.radiometry, stored, model, reference)
    if reference is not None:
        raise InputError(
            "--calibration and --radiometry-from are both given", "leave out one of them"
        )
    path = Path(options.calibration)
    known = empirical_line.read(path)
    return radiometry.by_calibration(options.radiometry, stored, model, known, path.name)
