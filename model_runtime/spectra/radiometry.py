"""What the input's values mean: from stored values to the unit that the model was trained on."""

from dataclasses import dataclass, field, replace
from typing import Optional, Sequence, Tuple

import numpy as np

from ..errors import InputError
from ..package.manifest import Domain, Manifest
from .empirical_line import SAME_BAND_NM, SRGB_CURVE, Calibration
from .known_calibration import (
    DARKEST_QUANTILE,
    SENTINEL2_OFFSET,
    FileFacts,
    Known,
    few_pixels,
    recognise,
    recognise_offset,
)
from .transfer_curve import PICTURE, PICTURE_WHITE, SHADOW, SRGB, Curve, above_shadow

REFLECTANCE = "reflectance"
_IN_WORDS = {REFLECTANCE: "reflectance", "match": "matched"}
SAMPLE_SIDE = 1024  # pixels: 10^6 place quantiles far closer than pictures differ
INTEGER_SCALE = 1e-4  # the usual storage of reflectance in whole numbers
# Snow, glint and bright powders stay below; 0..255, 0..10,000 and radiance lie far above.
BRIGHTEST_REFLECTANCE = 1.6
DARK_QUANTILE, BRIGHT_QUANTILE = 0.01, 0.995
# Never take more than half of a channel's median for haze: a scene without shadow has none to show.
DARK_SHARE = 0.5
DARKEST_MEDIAN = 0.025  # reflectance; the darkest forest of the pairs
FEWEST_LEVELS = 16  # fewer fractions of 255 may be anything: 0.2, 0.4, 0.6
EIGHT_IN_SIXTEEN = (257.0, 256.0)  # by what programs multiply pictures of 8 bits to fill 16
DIVISOR = 1000  # a scale of whole numbers from here on is what they were multiplied by
# Beyond all targets of a calibration by so much, values are in another unit, not of another light.
FAR_TIMES, NEARLY_ALL = 100, 0.99
PERCENT = 100  # what reflectance in percent stays below
COUNT_BITS = (11, 12)  # of sensors that do not fill 16
OUTSIDE_SHARE = 0.1  # of the pixels; more with colours unknown to the model is worth a warning
TYPICAL_FACTOR = 3  # medians further than this from the training quantiles are not reflectance


@dataclass(frozen=True)
class Stored:
    """What is known of the input: ``values`` (bands, pixels), a sample of the whole raster.

    ``integer`` and ``bits`` of the stored type; ``scale`` and ``offset`` (bands,) where the file
    gives them, else None; ``facts``: what else it says.
    """

    values: np.ndarray
    integer: bool
    bits: int
    scale: Optional[Sequence[float]] = None
    offset: Optional[Sequence[float]] = None
    facts: FileFacts = field(default_factory=FileFacts)


@dataclass(frozen=True)
class Radiometry:
    """Model value = light x ``gain`` + ``offset`` (bands,), softly above ``shadow``; and in words.

    Light is what is stored, or ``curve`` of its share of ``white`` where there is one.
    """

    taken: str
    why: str
    gain: Tuple[float, ...]
    offset: Tuple[float, ...]
    shadow: Optional[float] = None
    curve: Optional[Curve] = None
    white: float = 1.0
    warnings: Tuple[str, ...] = ()
    zero_is_nodata: bool = False  # 0 in all bands is a product's nodata, though nothing says so

    @property
    def is_guess(self) -> bool:
        """Whether the level is guessed: all of the picture may be off together."""
        return self.taken == "match"

    @property
    def in_words(self) -> str:
        """``Radiometry: matched (8-bit picture without calibration; ...)``."""
        return f"Radiometry: {_IN_WORDS[self.taken]} ({self.why})"

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Convert stored ``values`` (bands, rows, cols).

        Returns: the model's input unit, float32, in the same shape.
        """
        shape = (-1,) + (1,) * (values.ndim - 1)
        gain = np.array(self.gain, np.float32).reshape(shape)
        offset = np.array(self.offset, np.float32).reshape(shape)
        result = _light(np.asarray(values, np.float32), self.curve, self.white) * gain + offset
        return result if self.shadow is None else above_shadow(result, self.shadow)


def _light(values: np.ndarray, curve: Optional[Curve], white: float) -> np.ndarray:
    return values if curve is None else curve.light(values / np.float32(white))


def decide(
    choice: str, stored: Stored, model: Manifest, reference: Optional[Stored] = None
) -> Radiometry:
    """Decide how to read the input; an explicit ``choice`` of RADIOMETRIES is never overruled.

    ``reference``: another raster to be matched to. Where it holds reflectance, each band gets its
    median; else its statistics stand for the input's, as those of a whole mosaic do for its part.

    Returns: the Radiometry.
    Raises: InputError when the values cannot be what was chosen, or the package lacks the training
        quantiles that matching needs.
    """
    stored = _with_known_scale(stored)
    if reference is not None:
        reference = _with_known_scale(reference)
        found = _offset_in_values(reference, model)
        reference = reference if found is None else _calibrated(reference, found)
        return _by_reference(choice, stored, model, reference)
    if choice == REFLECTANCE:
        return _as_told(stored, model)
    if choice != "auto":
        return _match(choice, stored, model, "it was chosen")
    offset = _offset_in_values(stored, model)
    if offset is not None:
        return _without_offset(stored, model, offset)
    guess = _guess(stored, model)
    if guess.scale is None:
        taken = _match(choice, stored, model, guess.why)
    else:
        taken = _scale(stored, model, guess.scale, guess.why)
    warnings = [guess.doubt, *taken.warnings] if guess.doubt else taken.warnings
    return replace(taken, warnings=tuple(warnings))


def by_calibration(
    choice: str, stored: Stored, model: Manifest, known: Calibration, name: str
) -> Radiometry:
    """Read the input by the ``known`` calibration of the file ``name``: it is reflectance then.

    Returns: the Radiometry.
    Raises: InputError for another ``choice``, other bands, and values of another type.
    """
    if choice not in ("auto", REFLECTANCE):
        raise InputError(
            f"--calibration and --radiometry {choice} are both given", "leave out one of them"
        )
    _refuse_foreign(stored, model, known, name)
    said = f"calibration '{name}': {len(known.targets)} targets, residual {known.rmse:.3f}"
    gain = np.array([line.gain for line in known.lines])
    offset = np.array([line.offset for line in known.lines])
    if known.curve == SRGB_CURVE:
        numbers = tuple(gain.tolist()), tuple(offset.tolist())
        result = Radiometry(REFLECTANCE, said, *numbers, SHADOW, SRGB, known.white)
    else:
        _refuse_other_scale(stored, known, name)
        result = _linear(REFLECTANCE, said, stored, gain, -offset / gain, SHADOW)
    return _with_warning(result, stored, model)


def _refuse_foreign(stored: Stored, model: Manifest, known: Calibration, name: str) -> None:
    own = [(band.name.lower(), band.wavelength_nm) for band in model.input_bands]
    its = [(line.name.lower(), line.wavelength_nm) for line in known.lines]
    alike = len(own) == len(its) and all(
        a[0] == b[0] and abs(a[1] - b[1]) <= SAME_BAND_NM for a, b in zip(own, its)
    )
    if model.input_unit != REFLECTANCE or not alike:
        raise InputError(
            f"the calibration '{name}' is for other bands "
            f"({', '.join(f'{word} {nm:g} nm' for word, nm in its)}) than the model's",
            "make one with calibrate and the same --model",
        )
    if (stored.integer, stored.bits) != (known.integer, known.bits):
        kinds = [
            _kind(*one) for one in ((known.integer, known.bits), (stored.integer, stored.bits))
        ]
        raise InputError(
            f"the calibration '{name}' is for {kinds[0]}, INPUT holds {kinds[1]}",
            "make one from this raster, or from one of the same flight and type",
        )


def _refuse_other_scale(stored: Stored, known: Calibration, name: str) -> None:
    """Raise InputError for values in another unit, as where one of two files has a band scale."""
    light = _physical(stored)
    targets = [value for target in known.targets for value in target.light]
    too_high = np.median(light) > FAR_TIMES * max(targets)
    too_low = np.quantile(light, NEARLY_ALL) < min(targets) / FAR_TIMES
    if too_high or too_low:
        raise InputError(
            f"the targets of the calibration '{name}' have values of {min(targets):.4g} to "
            f"{max(targets):.4g} after the band scale, INPUT's are about {np.median(light):.4g}",
            "give both pictures the same band scale (gdal_edit.py -scale), or make a calibration "
            "from this one",
        )


def _kind(integer: bool, bits: int) -> str:
    return f"{'whole' if integer else 'floating-point'} numbers of {bits} bits"


def _with_known_scale(stored: Stored) -> Stored:
    """``stored`` with the scale and offset that its file's names and tags give away."""
    if stored.scale is not None:
        return _multiplied(stored) if stored.integer and min(stored.scale) >= DIVISOR else stored
    known = recognise(stored.facts)
    if known is None or not (stored.integer and stored.bits == 16):
        return stored
    return _calibrated(stored, known)


def _multiplied(stored: Stored) -> Stored:
    """``stored`` of a MODIS file (HDF4), which states what its reflectance was multiplied by."""
    return replace(stored, scale=[1 / scale for scale in stored.scale or ()])


def _calibrated(stored: Stored, known: Known) -> Stored:
    bands = len(stored.values)
    return replace(stored, scale=(known.scale,) * bands, offset=(known.offset,) * bands)


def _offset_in_values(stored: Stored, model: Manifest) -> Optional[Known]:
    """Sentinel-2's offset where values give it away and the file says nothing of them."""
    facts = stored.facts
    mute = stored.scale is None and not facts.used_bits and REFLECTANCE not in facts.unit.lower()
    unknown = recognise(facts) is None and _white_of_picture(stored) is None
    if not (mute and unknown and model.input_unit == REFLECTANCE):
        return None
    shown = stored.values[:, (stored.values != 0).any(axis=0)]  # 0 is the products' nodata
    if not shown.size or _full_scale(shown):
        return None
    found = recognise_offset(shown)
    if found is None:
        return None
    reflectance = _physical(_calibrated(replace(stored, values=shown), found))
    return found if _typical(reflectance, model.domain) else None


def _full_scale(values: np.ndarray) -> bool:
    """Whether whole numbers end where 9 bits or more do, as a sensor's do."""
    largest = int(values.max())
    return largest > PICTURE_WHITE and (largest + 1) & largest == 0


def _without_offset(stored: Stored, model: Manifest, offset: Known) -> Radiometry:
    taken = _scale(_calibrated(stored, offset), model, 1.0, offset.why)
    doubt = (
        f"{offset.why}: 1000 is subtracted. To settle it: gdal_edit.py -scale 0.0001 -offset -0.1; "
        "if they are reflectance x 10,000 without an offset, choose radiometry reflectance"
    )
    return replace(taken, warnings=(doubt, *taken.warnings), zero_is_nodata=True)


def _by_reference(choice: str, stored: Stored, model: Manifest, reference: Stored) -> Radiometry:
    if choice == REFLECTANCE:
        raise InputError(
            "--radiometry-from needs values that are matched, but --radiometry is reflectance",
            "leave out one of them",
        )
    scale = _guess(reference, model).scale
    if scale is not None:
        return _to_medians(choice, stored, model, _physical(reference) * scale)
    if (_white_of_picture(stored) is None) != (_white_of_picture(reference) is None):
        raise InputError(
            "INPUT and --radiometry-from hold numbers of different kinds (8-bit picture or not)",
            "give a reference with values as INPUT's, such as the mosaic that it was cut from, or "
            "one in reflectance",
        )
    statistics = decide("srgb" if choice == "srgb" else "match", reference, model)
    told = replace(statistics, why="with the statistics of --radiometry-from", warnings=())
    return _with_warning(told, stored, model)


def _to_medians(
    choice: str, stored: Stored, model: Manifest, reflectance: np.ndarray
) -> Radiometry:
    """A gain for each band that brings its median to that of ``reflectance`` (bands, pixels)."""
    target = _quantile(reflectance, 0.5)
    why = "each band's median is that of --radiometry-from"
    curve, white = _light_of(choice, stored)
    if curve is not None:
        median = _median_light(stored, curve, white)
        return _with_warning(_picture(why, target / median, curve, white), stored, model)
    median = _quantile(_physical(stored), 0.5)
    _refuse_black(median)
    result = _linear("match", why, stored, target / median, np.zeros(len(median)), SHADOW)
    return _with_warning(result, stored, model)


def _light_of(choice: str, stored: Stored) -> Tuple[Optional[Curve], float]:
    """The curve and white's number of a picture, (None, 1) of other values."""
    if choice == "srgb":
        return SRGB, _white_of(stored)
    white = _white_of_picture(stored)
    if white is None:
        return None, 1.0
    return (SRGB if stored.facts.srgb else PICTURE), white


def _white_of_picture(stored: Stored) -> Optional[float]:
    """White's number where the values are an 8-bit picture's, in whatever type; else None."""
    if stored.scale is not None:
        return None
    if stored.integer and stored.bits <= 8:
        return PICTURE_WHITE
    largest = float(stored.values.max())
    if BRIGHTEST_REFLECTANCE < largest <= PICTURE_WHITE and _whole(stored.values):
        return PICTURE_WHITE
    stretch = next((one for one in EIGHT_IN_SIXTEEN if _stretched(stored, one)), None)
    if stretch is not None:
        return stretch * PICTURE_WHITE
    if not stored.integer and stored.facts.shown and PERCENT < largest <= PICTURE_WHITE:
        return PICTURE_WHITE  # resampled: no longer whole
    if stored.integer or largest > 1:
        return None
    # What ends at exactly 1 was stretched to that.
    return 1.0 if largest == 1 or _in_levels(stored.values * PICTURE_WHITE) else None


def _stretched(stored: Stored, factor: float) -> bool:
    """Whether the values are the levels of 8 bits times ``factor``."""
    sixteen = stored.integer and stored.bits == 16
    some = few_pixels(stored.values)
    return sixteen and _in_levels(some / np.float32(factor))


def _in_levels(values: np.ndarray) -> bool:
    """Whether ``values``, fractions of white x 255, are the levels of 8 bits."""
    return _whole(values) and len(np.unique(np.round(values))) >= FEWEST_LEVELS


def _white_of(stored: Stored) -> float:
    """White's number where the user says that this is a picture: that of the fewest bits."""
    known = _white_of_picture(stored)
    if known is not None:
        return known
    largest = float(stored.values.max())
    if largest <= BRIGHTEST_REFLECTANCE:
        return 1.0
    return float(2 ** np.ceil(np.log2(largest + 1)) - 1)


def _whole(values: np.ndarray) -> bool:
    """Whether all are whole numbers, as float32 can say it."""
    return bool((np.abs(values - np.round(values)) < 1e-3).all())


def _quantile(values: np.ndarray, level) -> np.ndarray:
    return np.quantile(values, level, axis=-1)


def _physical(stored: Stored) -> np.ndarray:
    """The sample after the file's own scale and offset."""
    if stored.scale is None:
        return stored.values
    scale, offset = (np.array(numbers)[:, None] for numbers in (stored.scale, stored.offset))
    return stored.values * scale + offset


@dataclass(frozen=True)
class _Guess:
    """The ``scale`` to the model's unit, None when the values hardly are in it; and why.

    ``doubt``: what to do if it is wrong, where nothing but the range of the values speaks for it.
    """

    scale: Optional[float]
    why: str
    doubt: str = ""


def _guess(stored: Stored, model: Manifest) -> _Guess:
    values = _physical(stored)
    if model.input_unit != REFLECTANCE:
        typical = _typical(values, model.domain)
        return _Guess(1.0 if typical else None, _against_training(model.input_unit, typical))
    if _white_of_picture(stored) is not None:
        return _Guess(None, _picture_why(stored))
    bright = float(_quantile(values.ravel(), BRIGHT_QUANTILE))
    if stored.scale is not None:
        return _by_scale(stored, bright)
    if stored.facts.used_bits:
        return _Guess(None, f"numbers of {stored.facts.used_bits} bits are a sensor's counts")
    if not stored.integer and bright <= PICTURE_WHITE:
        return _fractions(stored, bright)
    return _whole_numbers(stored, bright, model)


def _picture_why(stored: Stored) -> str:
    if _white_of_picture(stored) not in (1.0, PICTURE_WHITE):
        return "8-bit picture in 16 bits, without calibration"
    if stored.integer or stored.values.max() > 1:
        return "8-bit picture without calibration"
    return "fractions of white, as pictures have them"


def _by_scale(stored: Stored, bright: float) -> _Guess:
    known = recognise(stored.facts)
    whose = known.why if known is not None else "the band scale gives"
    if bright > BRIGHTEST_REFLECTANCE:
        return _Guess(None, f"with the band scale, values reach {bright:.4g}: not reflectance")
    return _Guess(1.0, whose if known is not None else f"{whose} at most {bright:.3g}")


def _fractions(stored: Stored, bright: float) -> _Guess:
    if bright > BRIGHTEST_REFLECTANCE:
        return _Guess(
            None,
            f"values up to {bright:.4g} are not reflectance",
            f"values up to {bright:.4g} are matched to the training scenes' brightness by their "
            f"range alone: {_SET_SCALE}",
        )
    doubt = (
        f"the values (at most {bright:.3g}) are taken as reflectance by their range alone: if this "
        "is a picture whose values follow sRGB's curve, choose radiometry srgb"
    )
    said = REFLECTANCE in stored.facts.unit.lower()
    return _Guess(1.0, f"the values are fractions: at most {bright:.3g}", "" if said else doubt)


_SET_SCALE = (
    "if they are reflectance, give the bands their scale (gdal_edit.py -scale); if they are a "
    "camera's picture, choose radiometry srgb"
)


def _whole_numbers(stored: Stored, bright: float, model: Manifest) -> _Guess:
    largest = int(stored.values.max())
    matched = f"values up to {largest} are matched to the training scenes' brightness by their "
    matched += f"range alone: {_SET_SCALE}"
    if _full_scale(stored.values):
        return _Guess(None, f"values end at {largest}, a sensor's full scale", matched)
    if bright * INTEGER_SCALE > BRIGHTEST_REFLECTANCE:
        why = f"values up to {bright:.0f} are too large for reflectance x 10,000"
        return _Guess(None, why, matched)
    typical = _typical(stored.values * INTEGER_SCALE, model.domain)
    why = _against_training("reflectance x 10,000", typical)
    if not typical:
        return _Guess(None, why, matched)
    said = REFLECTANCE in stored.facts.unit.lower()
    return _Guess(INTEGER_SCALE, why, "" if said else _doubt_of_counts(stored, largest))


def _doubt_of_counts(stored: Stored, largest: int) -> str:
    """What whole numbers may be where they look like reflectance x 10,000."""
    said = f"the values (up to {largest}) are taken as reflectance x 10,000 by their range alone: "
    some = few_pixels(stored.values)
    if _quantile(some, DARKEST_QUANTILE).min() >= SENTINEL2_OFFSET:
        return said + (
            "none lies below 1000, so if this is Sentinel-2 from 2022 on, subtract its offset: "
            "gdal_edit.py -scale 0.0001 -offset -0.1"
        )
    bits = next((bits for bits in COUNT_BITS if largest < 2**bits), None)
    what = f"{bits}-bit counts of a sensor" if bits else "counts of a sensor"
    return f"{said}if they are {what}, choose radiometry match"


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
        return _scale(stored, model, 1.0, "it was chosen")
    bright = float(_quantile(stored.values.ravel(), BRIGHT_QUANTILE))
    if stored.integer and stored.bits <= 8:
        return _scale(stored, model, 1 / 255, "it was chosen: 255 is taken as reflectance 1")
    if stored.integer or bright > 255:
        taken = _scale(stored, model, INTEGER_SCALE, "it was chosen: 10,000 is taken as 1")
        offset = _offset_in_values(stored, model)
        return taken if offset is None else _with_doubt_of_offset(taken, offset)
    if bright <= 2 * BRIGHTEST_REFLECTANCE:
        return _scale(stored, model, 1.0, "it was chosen")
    raise InputError(
        f"the values reach {bright:.4g}: neither reflectance (to 1) nor reflectance x 10,000",
        "set the bands' scale (gdal_edit.py -scale), or choose radiometry match",
    )


def _with_doubt_of_offset(taken: Radiometry, offset: Known) -> Radiometry:
    doubt = (
        f"{offset.why}: if that is what they are, 1000 is to be subtracted: "
        "gdal_edit.py -scale 0.0001 -offset -0.1, or radiometry auto"
    )
    return replace(taken, warnings=(doubt, *taken.warnings))


def _scale(stored: Stored, model: Manifest, scale: float, why: str) -> Radiometry:
    bands = len(stored.values)
    result = _linear(REFLECTANCE, why, stored, np.full(bands, scale), np.zeros(bands), None)
    return _with_warning(result, stored, model)


def _linear(
    taken: str,
    why: str,
    stored: Stored,
    gain: np.ndarray,
    dark: np.ndarray,
    shadow: Optional[float],
) -> Radiometry:
    """(physical value - ``dark``) x ``gain``, both (bands,)."""
    scale = np.array(stored.scale if stored.scale is not None else [1.0] * len(gain))
    shift = np.array(stored.offset if stored.offset is not None else [0.0] * len(gain)) - dark
    gains, offsets = (scale * gain).tolist(), (shift * gain).tolist()
    return Radiometry(taken, why, tuple(gains), tuple(offsets), shadow)


def _picture(why: str, gain: np.ndarray, curve: Curve, white: float) -> Radiometry:
    """``gain`` (bands,) x ``curve`` of the share of ``white``."""
    offset = (0.0,) * len(gain)
    return Radiometry("match", why, tuple(gain.tolist()), offset, SHADOW, curve, white)


def _match(choice: str, stored: Stored, model: Manifest, why: str) -> Radiometry:
    curve, white = _light_of(choice, stored)
    if curve is not None and model.input_unit == REFLECTANCE:
        return _match_picture(stored, model, why, curve, white)
    return _match_counts(stored, model, why)


def _match_picture(
    stored: Stored, model: Manifest, why: str, curve: Curve, white: float
) -> Radiometry:
    """The fixed level of ``curve``, or more where the picture would be too dark (see above)."""
    median = _median_light(stored, curve, white)
    level = max(curve.white_reflectance, DARKEST_MEDIAN / float(median.mean()))
    said = f"{why}; {curve.name} undone, white taken as reflectance {level:.3g}"
    result = _picture(said, np.full(len(median), level), curve, white)
    return _with_warning(result, stored, model)


def _match_counts(stored: Stored, model: Manifest, why: str) -> Radiometry:
    """One gain for all bands after each band's own dark end is taken away (see above)."""
    if model.domain is None:
        raise InputError(
            f"the model '{model.name}' does not say what its training data looked like, so nothing "
            "can be matched to it",
            "choose radiometry reflectance and give values in the model's unit",
        )
    lowest, median = _quantile(_physical(stored), [DARK_QUANTILE, 0.5])
    dark = np.minimum(lowest, DARK_SHARE * median)
    _refuse_black(median - dark)
    gain = float(_domain_quantile(model.domain, 0.5).mean() / np.mean(median - dark))
    result = _linear("match", why, stored, np.full(len(dark), gain), dark, SHADOW)
    return _with_warning(result, stored, model)


def _median_light(stored: Stored, curve: Curve, white: float) -> np.ndarray:
    """Each band's median light, as a share of white's: the curve keeps the order of values."""
    median = curve.light(_quantile(stored.values, 0.5) / white)
    _refuse_black(median)
    return median


def _refuse_black(median: np.ndarray) -> None:
    if not np.mean(median) > 0:
        raise InputError(
            "at least half of the pixels have the darkest value: the image is effectively black",
            "check the bands, and mark areas outside the image as nodata",
        )


def _with_warning(result: Radiometry, stored: Stored, model: Manifest) -> Radiometry:
    """``result`` with a warning where many colours of the sample are unknown to the model."""
    if model.domain is None:
        return result
    some = few_pixels(stored.values)
    values = result.apply(some)
    low, high = np.min(model.domain.values, axis=1), np.max(model.domain.values, axis=1)
    share = float(((values < low[:, None]) | (values > high[:, None])).any(axis=0).mean())
    if share <= OUTSIDE_SHARE:
        return result
    middle = ", ".join(
        f"{band.name} {value:.3g}" for band, value in zip(model.input_bands, _quantile(values, 0.5))
    )
    warning = (
        f"{100 * share:.0f} % of the pixels lie outside the colours of the training scenes "
        f"(medians: {middle} {model.input_unit}): there the estimate is extrapolated "
        "(--reliability shows where)"
    )
    return replace(result, warnings=(*result.warnings, warning))
