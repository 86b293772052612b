"""The stated spread: turns the deviation of the samples into the error to expect.

Samples of a few steps differ less than they err, and where they agree, scenes still differ a little
(calibration of another sensor, haze). The stated spread of a band is

    sqrt((factor x standard deviation)^2 + (relative x scale)^2)

where the scale is the deviation of the pixel's metamers (metamers.py), or the estimate where the
package does not know them. There is one factor and one relative part per band, fitted on scenes
that were not trained on so that the truth lies within INTERVAL_SPREADS spreads of the estimate for
90 % of pixels and bands.
"""

from typing import Optional

import numpy as np

from ..contract import INTERVAL_SPREADS
from ..package.manifest import Calibration, Manifest

# Drawn where a spread is asked for and the quality has one sample: enough for one that is right to
# about a third, at four times the price.
SPREAD_SAMPLES = 4


def choose(model: Manifest, sampler: str, steps: int, samples: int) -> Optional[Calibration]:
    """Find the package's calibration for these settings, of the nearest number of samples.

    Returns: the calibration; None where none was made with this sampler and number of steps.
    """
    fitting = [c for c in model.calibrations if (c.sampler, c.steps) == (sampler, steps)]
    return min(fitting, key=lambda c: abs(c.samples - samples), default=None)


def calibrated_spread(
    deviation: np.ndarray, scale: np.ndarray, calibration: Calibration
) -> np.ndarray:
    """Compute the stated spread from the samples' standard deviation and the scale, (bands, rows,
    cols) each.

    Returns: (bands, rows, cols) in the output unit.
    """
    factor = np.array(calibration.factor, np.float32)[:, None, None]
    relative = np.array(calibration.relative, np.float32)[:, None, None]
    return spread_formula(deviation, scale, factor, relative)


def spread_formula(deviation, scale, factor, relative) -> np.ndarray:
    """Apply the formula above; the arguments broadcast against each other.

    Returns: the stated spread in the broadcast shape.
    """
    return np.hypot(factor * deviation, relative * scale)


def describe(model: Manifest, sampler: str, steps: int, samples: int) -> str:
    """Describe in words what the spread of a run is.

    Returns: one line.
    """
    if samples < 2:
        return "none: one sample"
    if choose(model, sampler, steps, samples) is None:
        return "standard deviation of the samples, not calibrated for this sampler and steps"
    interval = f"estimate +- {INTERVAL_SPREADS} spreads"
    return f"calibrated: {interval} held 90 % of the truth on held-out scenes"
