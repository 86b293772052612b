"""What the input's numbers mean: from stored values to the unit that the model was trained on.

Three answers: the values are *reflectance* (perhaps scaled), or they are a picture's numbers that
are *matched* to the training data, or ``auto`` decides and says why.

How matching was chosen: 78 camera pictures (0.1 m, 8 bits) of NEON plots at two sites against
the reflectance of the same plots (1 m), statistics taken over each site as over one mosaic. Error
of the red, green and blue reflectance (RMSE) and of its colour (angle), mean of both sites:

    sRGB curve undone, one gain at the median             0.026   9.6 degrees
    one gain at the median                                0.022   8.6
    a gain for each channel at the median                 0.021   7.7
    darkest 1 % of each channel to 0, gain per channel    0.021   8.7
    darkest 1 % of each channel to 0, one gain            0.021   7.4   <- used
    gain and offset from the 2 and 98 % quantiles         0.09    8

Published pictures are stretched by hand, so undoing sRGB's curve widens their contrast too far;
haze lifts each channel on its own, so the dark end is per channel; one gain keeps what is left of
the colours, where a gain per channel would paint sea and desert as the average training scene.
The level of a picture without calibration stays a guess: the training data's median.
"""

from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

import numpy as np

from .errors import InputError
from .manifest import Domain, Manifest

CHOICES = ("auto", "reflectance", "match")
REFLECTANCE = "reflectance"
SAMPLE_SIDE = 1024  # pixels: 10^6 place quantiles far closer than pictures differ
INTEGER_SCALE = 1e-4  # the usual storage of reflectance in whole numbers
BRIGHTEST_REFLECTANCE = 1.5  # snow and glint stay below; 0..255 and 0..10,000 lie far above
DARK_QUANTILE, BRIGHT_QUANTILE = 0.01, 0.995
# Never take more than half of a channel's median for haze: a scene without shadow has none to show.
DARK_SHARE = 0.5
TYPICAL_FACTOR = 3  # medians further than this from the training quantiles are no reflectance
ODD_FACTOR = 2  # outside the training quantiles by more is worth a warning


@dataclass(frozen=True)
class Stored:
    """What is known of the input: ``values`` (bands, pixels), a sample of the whole raster.

    ``integer`` and ``bits`` of the stored type; ``scale`` and ``offset`` (bands,) where the file
    gives them, else None.
    """

    values: np.ndarray
    integer: bool
    bits: int
    scale: Optional[Sequence[float]] = None
    offset: Optional[Sequence[float]] = None


@dataclass(frozen=True)
class Radiometry:
    """Model value = stored x ``gain`` + ``offset`` (bands,), not below ``floor``; and in words."""

    taken: str
    why: str
    gain: Tuple[float, ...]
    offset: Tuple[float, ...]
    floor: float = -np.inf
    warnings: Tuple[str, ...] = ()

    def apply(self, values: np.ndarray) -> np.ndarray:
        """``values`` (bands, rows, cols) as stored, in the model's input unit, float32."""
        shape = (-1,) + (1,) * (values.ndim - 1)
        gain = np.array(self.gain, np.float32).reshape(shape)
        offset = np.array(self.offset, np.float32).reshape(shape)
        return np.maximum(values * gain + offset, np.float32(self.floor))


def decide(choice: str, stored: Stored, model: Manifest) -> Radiometry:
    """The radiometry for ``choice`` of CHOICES; an explicit choice is never overruled.

    Raises InputError when the values cannot be what was chosen, or the package lacks the training
    quantiles that matching needs.
    """
    if choice == REFLECTANCE:
        return _as_told(stored, model)
    if choice == "match":
        return _matched(stored, model, "it was chosen")
    scale, why = _likely_scale(stored, model)
    if scale is None:
        return _matched(stored, model, why)
    return _scaled(stored, model, scale, why)


def _quantile(values: np.ndarray, level) -> np.ndarray:
    return np.quantile(values, level, axis=-1)


def _physical(stored: Stored) -> np.ndarray:
    """The sample after the file's own scale and offset."""
    if stored.scale is None:
        return stored.values
    scale, offset = (np.array(numbers)[:, None] for numbers in (stored.scale, stored.offset))
    return stored.values * scale + offset


def _likely_scale(stored: Stored, model: Manifest) -> Tuple[Optional[float], str]:
    """The scale to the model's unit, None when the values hardly are in it; and why."""
    values = _physical(stored)
    if model.input_unit != REFLECTANCE:
        typical = _typical(values, model.domain)
        return (1.0 if typical else None), _against_training(model.input_unit, typical)
    if stored.scale is None and stored.integer and stored.bits <= 8:
        return None, "8-bit values are a picture's, not reflectance"
    bright = float(_quantile(values.ravel(), BRIGHT_QUANTILE))
    if stored.scale is not None or not stored.integer:
        whose = "the band scale gives" if stored.scale is not None else "the values are fractions:"
        if bright <= BRIGHTEST_REFLECTANCE:
            return 1.0, f"{whose} at most {bright:.3g}"
        return None, f"values up to {bright:.4g} are no reflectance"
    return _likely_integer_scale(values, bright, model)


def _likely_integer_scale(
    values: np.ndarray, bright: float, model: Manifest
) -> Tuple[Optional[float], str]:
    largest = int(values.max())
    if largest > 255 and (largest + 1) & largest == 0:
        return None, f"values end at {largest}, a sensor's full scale"
    if bright * INTEGER_SCALE > BRIGHTEST_REFLECTANCE:
        return None, f"values up to {bright:.0f} are too large for reflectance x 10,000"
    typical = _typical(values * INTEGER_SCALE, model.domain)
    why = _against_training("reflectance x 10,000", typical)
    return (INTEGER_SCALE if typical else None), why


def _against_training(what: str, typical: bool) -> str:
    verdict = "lie where" if typical else "lie far from where"
    return f"read as {what}, the values {verdict} the training data does"


def _typical(values: np.ndarray, domain: Optional[Domain]) -> bool:
    """Whether each band's median lies near the training quantiles; True where none are known."""
    if domain is None:
        return True
    median = _quantile(values, 0.5)
    low, high = np.min(domain.values, axis=1), np.max(domain.values, axis=1)
    middle = _domain_quantile(domain, 0.5)
    low = np.maximum(low, middle / 50)  # a training set with shadows at 0 sets no bound
    return bool(np.all((median >= low / TYPICAL_FACTOR) & (median <= high * TYPICAL_FACTOR)))


def _domain_quantile(domain: Domain, level: float) -> np.ndarray:
    return np.array([np.interp(level, domain.levels, values) for values in domain.values])


def _as_told(stored: Stored, model: Manifest) -> Radiometry:
    """The values are in the model's unit, whatever they look like."""
    if stored.scale is not None or model.input_unit != REFLECTANCE:
        return _scaled(stored, model, 1.0, "it was chosen")
    bright = float(_quantile(stored.values.ravel(), BRIGHT_QUANTILE))
    if stored.integer and stored.bits <= 8:
        return _scaled(stored, model, 1 / 255, "it was chosen: 255 is taken as reflectance 1")
    if stored.integer or bright > 255:
        return _scaled(stored, model, INTEGER_SCALE, "it was chosen: 10,000 is taken as 1")
    if bright <= 2 * BRIGHTEST_REFLECTANCE:
        return _scaled(stored, model, 1.0, "it was chosen")
    raise InputError(
        f"the values reach {bright:.4g}: neither reflectance (to 1) nor reflectance x 10,000",
        "set the bands' scale (gdal_edit.py -scale), or choose radiometry match",
    )


def _scaled(stored: Stored, model: Manifest, scale: float, why: str) -> Radiometry:
    bands = len(stored.values)
    gain = np.array(stored.scale if stored.scale is not None else [1.0] * bands) * scale
    offset = np.array(stored.offset if stored.offset is not None else [0.0] * bands) * scale
    result = Radiometry(REFLECTANCE, why, tuple(gain.tolist()), tuple(offset.tolist()))
    return _with_warning(result, result.apply(_quantile(stored.values, 0.5)), model)


def _matched(stored: Stored, model: Manifest, why: str) -> Radiometry:
    """One gain for all bands after each band's own dark end is taken away (see above)."""
    if model.domain is None:
        raise InputError(
            f"the model '{model.name}' does not say what its training data looked like, so nothing "
            "can be matched to it",
            "choose radiometry reflectance and give values in the model's unit",
        )
    values = _physical(stored)
    lowest, median = _quantile(values, [DARK_QUANTILE, 0.5])
    dark = np.minimum(lowest, DARK_SHARE * median)
    above = float(np.mean(median - dark))
    if not above > 0:
        raise InputError(
            "the picture is black: half of its pixels are not above its darkest",
            "check the bands, and mark what is no picture as nodata",
        )
    gain = float(_domain_quantile(model.domain, 0.5).mean()) / above
    scale = np.array(stored.scale if stored.scale is not None else [1.0] * len(values))
    shift = np.array(stored.offset if stored.offset is not None else [0.0] * len(values)) - dark
    result = Radiometry(
        "match", why, tuple((scale * gain).tolist()), tuple((shift * gain).tolist()), 0.0
    )
    return _with_warning(result, gain * (median - dark), model)


def _with_warning(result: Radiometry, median: np.ndarray, model: Manifest) -> Radiometry:
    """``result`` with a warning where the model has not seen values about ``median`` (bands,)."""
    if model.domain is None:
        return result
    low, high = np.min(model.domain.values, axis=1), np.max(model.domain.values, axis=1)
    odd = [
        f"{band.name} {value:.3g}"
        for band, value, least, most in zip(model.input_bands, median, low, high)
        if not least / ODD_FACTOR <= value <= most * ODD_FACTOR
    ]
    if not odd:
        return result
    warning = (
        f"medians after radiometry '{result.taken}' lie beyond the training data "
        f"({', '.join(odd)} {model.input_unit}): the estimate is extrapolated"
    )
    return Radiometry(
        result.taken, result.why, result.gain, result.offset, result.floor, (warning,)
    )
