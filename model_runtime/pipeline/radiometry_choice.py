"""Which radiometry the options ask for: by a calibration, by a reference, or by the values."""

from pathlib import Path
from typing import Optional

from ..errors import InputError
from ..package.manifest import Manifest
from ..spectra import empirical_line, radiometry
from .options import UpsampleOptions


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
