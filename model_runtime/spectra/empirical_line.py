"""The empirical line: from a picture's values to reflectance, by targets of known reflectance.

A line per band through targets such as grey panels (Smith and Milton, International Journal of
Remote Sensing 20, 1999): reflectance = gain x light + offset. Light is the value itself or, of a
picture that a camera has processed, sRGB's curve undone.
"""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from ..errors import InputError

FORMAT = "scdm-calibration-1"
LINEAR, SRGB_CURVE = "linear", "srgb"
CURVES = (LINEAR, SRGB_CURVE)
FEWEST_TARGETS = 2
LEAST_RANGE = 0.05  # of the brightest target's light: closer together, noise decides the slope
LARGE_RESIDUAL = 0.03  # reflectance; that of a good panel calibration is below 0.02
SATURATED_SHARE = 0.01  # of a target's pixels at the end of the scale
SAME_BAND_NM = 10.0
AGAIN = "make it again with calibrate"


@dataclass(frozen=True)
class Seen:
    """What a picture shows of a target: ``pixels``, their mean ``light`` (bands,), and the share of
    them that is ``saturated``.
    """

    pixels: int
    light: Tuple[float, ...]
    saturated: float


@dataclass(frozen=True)
class Target:
    """A surface of known ``reflectance`` (bands,), seen with the mean ``light`` (bands,)."""

    name: str
    pixels: int
    light: Tuple[float, ...]
    reflectance: Tuple[float, ...]


@dataclass(frozen=True)
class Line:
    """A band's line: reflectance = ``gain`` x light + ``offset``; ``rmse`` over its targets."""

    name: str
    wavelength_nm: float
    gain: float
    offset: float
    rmse: float


@dataclass(frozen=True)
class Calibration:
    """The lines of all bands, the targets that they were fitted to, and to which values they apply.

    ``white``: the value of white where ``curve`` is srgb; ``integer`` and ``bits`` of the values'
    type.
    """

    curve: str
    white: float
    integer: bool
    bits: int
    lines: Tuple[Line, ...]
    targets: Tuple[Target, ...]

    @property
    def rmse(self) -> float:
        """The largest residual of a band, in reflectance."""
        return max(line.rmse for line in self.lines)


def usable(
    names: Sequence[str], seen: Sequence[Optional[Seen]], known: Sequence[np.ndarray]
) -> List[Target]:
    """Take the targets that a line can be fitted to.

    ``seen`` is None without a pixel; ``known``: the reflectance (bands,) of each.

    Returns: the targets that are seen and not saturated.
    """
    return [
        Target(name, one.pixels, one.light, tuple(reflectance.tolist()))
        for name, one, reflectance in zip(names, seen, known)
        if one is not None and one.saturated <= SATURATED_SHARE
    ]


def say_left_out(names: Sequence[str], seen: Sequence[Optional[Seen]]) -> List[str]:
    """Say which targets are not ``usable``, and why.

    Returns: warnings.
    """
    said = []
    for name, one in zip(names, seen):
        if one is None:
            said.append(f"target '{name}' is left out: it holds no valid pixel of the raster")
        elif one.saturated > SATURATED_SHARE:
            share = f"{100 * one.saturated:.0f} % of its pixels are saturated"
            said.append(f"target '{name}' is left out: {share}")
    return said


def fit(targets: Sequence[Target], bands: Sequence[Tuple[str, float]]) -> List[Line]:
    """Fit a line to each of ``bands`` (name, wavelength in nm) by least squares.

    Returns: the lines, in the order of the bands.
    Raises: InputError for fewer than two targets, targets that look alike, and a slope that falls.
    """
    if len(targets) < FEWEST_TARGETS:
        raise InputError(
            f"{len(targets)} targets can be used, a line needs at least {FEWEST_TARGETS}",
            "give a dark and a bright target that lie within the raster and are not saturated",
        )
    light = np.array([target.light for target in targets], np.float64)
    known = np.array([target.reflectance for target in targets], np.float64)
    return [_line(name, nm, light[:, i], known[:, i]) for i, (name, nm) in enumerate(bands)]


def _line(name: str, nm: float, light: np.ndarray, known: np.ndarray) -> Line:
    if np.ptp(light) <= LEAST_RANGE * np.abs(light).max():
        raise InputError(
            f"the targets look alike in the {name} band (values {light.min():.4g} to "
            f"{light.max():.4g})",
            "give targets of different brightness, a dark and a bright one",
        )
    x, y = light - light.mean(), known - known.mean()
    gain = float((x * y).sum() / (x * x).sum())
    if not gain > 0:
        raise InputError(
            f"the line of the {name} band falls: its gain is {gain:.4g}, though a brighter surface "
            "must look brighter",
            "check which reflectance belongs to which target, and the bands",
        )
    offset = float(known.mean() - gain * light.mean())
    rmse = float(np.sqrt(np.mean((gain * light + offset - known) ** 2)))
    return Line(name, nm, gain, offset, rmse)


def residuals(calibration: Calibration) -> np.ndarray:
    """Compute how far each target comes out from its known reflectance.

    Returns: (targets, bands), reflectance; above 0 where the calibrated value is too bright.
    """
    gain = np.array([line.gain for line in calibration.lines])
    offset = np.array([line.offset for line in calibration.lines])
    light = np.array([target.light for target in calibration.targets])
    known = np.array([target.reflectance for target in calibration.targets])
    return gain * light + offset - known


def doubts(calibration: Calibration) -> List[str]:
    """Say what speaks against a calibration that could be made.

    Returns: warnings.
    """
    if len(calibration.targets) == FEWEST_TARGETS:
        return [
            "two targets fit a line exactly, so no residual tells how good it is: a third target "
            "would"
        ]
    if calibration.rmse <= LARGE_RESIDUAL:
        return []
    off = residuals(calibration)
    target, band = np.unravel_index(np.abs(off).argmax(), off.shape)
    said = f"{calibration.targets[target].name} ({calibration.lines[band].name} band)"
    remedy = "check that target" if calibration.curve == SRGB_CURVE else "check it, or try srgb"
    return [
        f"the residual is {calibration.rmse:.3f} reflectance, more than {LARGE_RESIDUAL:g}; the "
        f"farthest off is {said} by {off[target, band]:+.3f}: {remedy}"
    ]


def as_text(calibration: Calibration) -> str:
    """Write a calibration as JSON, with its targets' residuals for the reader.

    Returns: the text.
    """
    said = asdict(calibration)
    for target, off in zip(said["targets"], residuals(calibration).tolist()):
        target["residual"] = off
    return json.dumps({"format": FORMAT, **said}, indent=1, allow_nan=False) + "\n"


def read(path: Path) -> Calibration:
    """Read a calibration that ``as_text`` wrote.

    Returns: the Calibration.
    Raises: InputError for a file that is none, or holds numbers that cannot be.
    """
    try:
        return _calibration_of(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"'{path}' cannot be read as a calibration ({error})", AGAIN) from None


def _calibration_of(said: Dict[str, Any]) -> Calibration:
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    lines = tuple(Line(**line) for line in said["lines"])
    targets = tuple(_target_of(target) for target in said["targets"])
    numbers = [n for line in lines for n in (line.wavelength_nm, line.gain, line.offset, line.rmse)]
    if not lines or not all(isinstance(n, (int, float)) and math.isfinite(n) for n in numbers):
        raise ValueError("its lines are not numbers")
    if said["curve"] not in CURVES or not float(said["white"]) > 0:
        raise ValueError("its curve is not known")
    if any(line.gain <= 0 for line in lines):
        raise ValueError("a gain is not above 0")
    form = bool(said["integer"]), int(said["bits"])
    return Calibration(said["curve"], float(said["white"]), *form, lines, targets)


def _target_of(said: Dict[str, Any]) -> Target:
    numbers = tuple(map(float, said["light"])), tuple(map(float, said["reflectance"]))
    return Target(str(said["name"]), int(said["pixels"]), *numbers)
