"""Chooses which bands of a raster are the model's red, green and blue, by what the file says."""

import math
import re
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Callable, Dict, List, Optional, Sequence, Set, Tuple

from ..errors import InputError
from ..package.manifest import InputBand

# A common camera's, where no model says what it sees.
CAMERA = (InputBand("red", 640, 82), InputBand("green", 550, 82), InputBand("blue", 465, 70))
CHOSEN = "choice"  # the user's
ORDER = "their order"  # the file says nothing of its bands
FARTHEST_NM = 60.0  # a camera's or satellite's red, green and blue lie nearer to any other's
COLOURS = ("red", "green", "blue")
# What the interpretation of a band may be instead.
NO_COLOURS = (
    *("alpha", "hue", "saturation", "lightness", "cyan", "magenta", "yellow", "black"),
    *("YCbCr_Y", "YCbCr_Cb", "YCbCr_Cr"),
)
# Where a colour's light lies; for words, not for choosing.
_COLOUR_RANGES_NM = {"blue": (400, 500), "green": (500, 590), "red": (590, 700)}
_WORDS = {
    "red": {"red", "rot", "rouge", "rojo", "rosso", "vermelho"},
    "green": {"green", "grün", "gruen", "vert", "verde"},
    "blue": {"blue", "blau", "bleu", "azul", "blu"},
}
_NOT_THE_COLOUR = {"edge", "kante"}  # "Red Edge 1" is not red
# In five languages; NIR2, SWIR1 too.
_INFRARED = re.compile(r"nir|swir|pir|infrar?(?:red|rot|rouge|rojo|rosso|vermelho)")
_OF_SENSORS = {"red": "b4", "green": "b3", "blue": "b2"}  # Sentinel-2, Landsat 8 and 9
_OF_LANDSAT_4_TO_7 = {"red": "b3", "green": "b2", "blue": "b1"}
_LANDSAT = re.compile(r"(?:^|[\W_])L[CETO]0([4-9])_")  # in a path, or a band file's name
_SURFACE_BAND = re.compile(r"(?:.*[\W_])?sr_b0*\d+")  # of Landsat's Collection 2
# PlanetScope's and RapidEye's products, whose bands have no names, by how many there are.
_PLANET = re.compile(r"_3[AB]_Analytic")
_FROM_BLUE = {"blue": 1, "green": 2, "red": 3}
_OF_PLANET = {4: _FROM_BLUE, 5: _FROM_BLUE, 8: {"blue": 2, "green": 4, "red": 6}}
UNCERTAIN_FROM = 4  # so many bands without a word may begin with blue, as PlanetScope's do
SHORTEST_NM, LONGEST_NM = 100.0, 100_000.0  # of what is called light
FEWEST_NUMBERED = 5  # B1 to B4 of four bands only count them


@dataclass(frozen=True)
class BandFacts:
    """What a file says of a band: ``colour`` of its interpretation, "" where it has none.

    ``is_bad``: the file says not to use it, as ENVI's ``bbl`` does.
    """

    number: int
    name: str = ""
    colour: str = ""
    wavelength_nm: Optional[float] = None
    is_bad: bool = False


@dataclass(frozen=True)
class Choice:
    """The bands (1-based) of the model's input, in its order, and by what they were found."""

    bands: Tuple[int, ...]
    found_by: str
    doubt: str = ""  # what else the file says

    def describe(self, facts: Sequence[BandFacts], wanted: Sequence[InputBand]) -> str:
        """Describe the choice, as ``Red = band 3 (B4), Green = band 2 (B3), Blue = band 1 (B2); by
        names``.

        Returns: one line.
        """
        by_number = {band.number: band for band in facts}
        pairs = [(use, by_number[number]) for number, use in zip(self.bands, wanted)]
        how = "as chosen" if self.found_by == CHOSEN else f"by {self.found_by}"
        return f"{', '.join(_use_of(*pair) for pair in pairs)}; {how}"


def _use_of(use: InputBand, band: BandFacts) -> str:
    known = [band.name] if band.name else []
    known += [f"{band.wavelength_nm:.0f} nm"] if band.wavelength_nm else []
    said = f" ({', '.join(known)})" if known else ""
    return f"{use.name.capitalize()} = band {band.number}{said}"


def choose(path: str, facts: Sequence[BandFacts], wanted: Sequence[InputBand]) -> Choice:
    """Choose the bands of ``path`` for the input bands ``wanted``.

    Returns: the Choice.
    Raises: InputError where they cannot be told.
    """
    by_colour, by_name = ("colour interpretation", _by_colour), ("band names", _by_name)
    later = (by_name, by_colour) if _is_gdals_order(facts) else (by_colour, by_name)
    ways: Tuple[Tuple[str, Callable], ...] = (("wavelength", _by_wavelength), *later)
    for said, way in ways:
        found = _by_landsat(path, facts, wanted) if way is _by_name else None
        found = found or way(facts, wanted)
        if found is not None:
            choice = Choice(tuple(found), said)
            return _with_doubt(choice, facts, wanted) if way is _by_colour else choice
    of_planet = (
        _of_colours(_OF_PLANET.get(len(facts), {}), wanted) if _PLANET.search(path) else None
    )
    if of_planet is not None:
        return Choice(tuple(of_planet), "the product's name")
    return _with_doubt_of_order(Choice(_by_order(path, facts, wanted), ORDER), facts, wanted)


def _with_doubt_of_order(
    choice: Choice, facts: Sequence[BandFacts], wanted: Sequence[InputBand]
) -> Choice:
    if len(wanted) != len(COLOURS):
        return choice
    light = [band for band in facts if band.colour not in NO_COLOURS]
    names = [band.name for band in light[: len(COLOURS)]]
    if all(map(_sensor_number, names)) and not _only_counts(facts):
        return replace(
            choice,
            doubt=f"bands 1, 2 and 3 were taken as red, green and blue, but {', '.join(names)} "
            "are others of Sentinel-2 and Landsat 8: give the numbers of red, green and blue "
            "(--bands)",
        )
    if len(light) < UNCERTAIN_FROM:
        return choice
    return replace(
        choice,
        doubt=f"the file does not say which of its {len(light)} bands are red, green and blue: 1, "
        "2 and 3 were taken. Some sensors begin with blue (PlanetScope, MicaSense: --bands 3,2,1)",
    )


def _is_gdals_order(facts: Sequence[BandFacts]) -> bool:
    """Whether red, green and blue are the first bands, as GDAL makes up for any three bytes."""
    return tuple(band.colour for band in facts[: len(COLOURS)]) == COLOURS


def _with_doubt(choice: Choice, facts: Sequence[BandFacts], wanted: Sequence[InputBand]) -> Choice:
    """``choice`` of the colour interpretation, with what the names say against it."""
    named = _by_name(facts, wanted)
    if named is None or tuple(named) == choice.bands:
        return choice
    other = Choice(tuple(named), "band names")
    red_first = sorted(zip(wanted, named), key=lambda pair: -pair[0].wavelength_nm)
    numbers = ",".join(str(number) for _, number in red_first)
    return replace(
        choice,
        doubt=f"the bands' colour interpretation was taken, but {other.describe(facts, wanted)}: "
        f"if the names are right, give --bands {numbers}",
    )


def check(facts: Sequence[BandFacts], choice: Choice, wanted: Sequence[InputBand]) -> None:
    """Check what the bands of ``choice`` say of themselves against what they are used as.

    A name counts only where the user did not choose the band.

    Raises: InputError where a band's own wavelength or name is that of another colour.
    """
    if choice.found_by != CHOSEN:
        _check_names(facts, choice.bands, wanted)
    _check_wavelengths(facts, choice.bands, wanted)


def _check_names(
    facts: Sequence[BandFacts], bands: Sequence[int], wanted: Sequence[InputBand]
) -> None:
    by_number = {band.number: band for band in facts}
    if len(wanted) != len(COLOURS):
        return
    for number, colour in zip(bands, _colours_of(wanted)):
        name = by_number[number].name
        said = "infrared" if is_infrared(name) else colour_in_name(name)
        if by_number[number].wavelength_nm is None and said not in ("", colour):
            raise InputError(
                f"Band {number} is named '{name}' but would be used as {colour}",
                "name the bands with --bands, or choose a raster with red, green and blue bands",
            )


def _check_wavelengths(
    facts: Sequence[BandFacts], bands: Sequence[int], wanted: Sequence[InputBand]
) -> None:
    by_number = {band.number: band for band in facts}
    for number, use in zip(bands, wanted):
        have = by_number[number].wavelength_nm
        if have is not None and not SHORTEST_NM <= have < LONGEST_NM:
            raise InputError(
                f"Band {number} is said to lie at {have:g} nm, which is no light",
                "correct the unit of the wavelengths in the file or its header (Nanometers, "
                "Micrometers)",
            )
        if have is not None and abs(have - use.wavelength_nm) > FARTHEST_NM:
            raise InputError(
                f"Band {number} is {_colour_of(have)} ({have:.0f} nm) but is used as {use.name}",
                _better(facts, use),
            )


def in_model_order(bands: Sequence[int], wanted: Sequence[InputBand]) -> Tuple[int, ...]:
    """Put ``bands``, given as red, green, blue, into the model's order.

    Other counts stay as they are.

    Returns: band numbers, counted from 1.
    """
    if len(bands) != len(COLOURS):
        return tuple(bands)
    return tuple(_of_colours(dict(zip(COLOURS, bands)), wanted) or bands)


def _by_wavelength(facts: Sequence[BandFacts], wanted: Sequence[InputBand]) -> Optional[List[int]]:
    known = [band for band in facts if band.wavelength_nm is not None and not band.is_bad]
    if len(known) < len(wanted):
        return None
    nearest = [_nearest(known, use) for use in wanted]
    if max(map(_distance_nm, nearest, wanted)) > FARTHEST_NM or len(
        {band.number for band in nearest}
    ) < len(wanted):
        return None
    return [band.number for band in nearest]


def _nearest(known: Sequence[BandFacts], use: InputBand) -> BandFacts:
    return min(known, key=lambda band: _distance_nm(band, use))


def _distance_nm(band: BandFacts, use: InputBand) -> float:
    """Infinite for a band that does not say its wavelength."""
    return math.inf if band.wavelength_nm is None else abs(band.wavelength_nm - use.wavelength_nm)


def _by_colour(facts: Sequence[BandFacts], wanted: Sequence[InputBand]) -> Optional[List[int]]:
    found: Dict[str, int] = {}
    for band in facts:
        found.setdefault(band.colour, band.number)
    return _of_colours(found, wanted)


def _by_name(facts: Sequence[BandFacts], wanted: Sequence[InputBand]) -> Optional[List[int]]:
    found: Dict[str, int] = {}
    # "blue" goes before "coastal_blue" and "Blue-444".
    for band in sorted(facts, key=lambda band: len(band.name.strip())):
        found.setdefault(colour_in_name(band.name), band.number)
    return _of_colours(found, wanted) or _by_sensor_number(facts, wanted)


def colour_in_name(name: str) -> str:
    """Find the colour that a band's name states in one of five languages.

    Returns: "red", "green" or "blue"; "" where it states none.
    """
    words = _words_of(name)
    if words & _NOT_THE_COLOUR or is_infrared(name):
        return ""
    letter = name.strip().lower()
    said = [colour for colour in COLOURS if words & _WORDS[colour] or letter == colour[0]]
    return said[0] if len(said) == 1 else ""


def is_infrared(name: str) -> bool:
    """Find whether a band's name says that it is infrared.

    Returns: True where it does.
    """
    return any(map(_INFRARED.fullmatch, _words_of(name)))


def is_spectral(band: BandFacts) -> bool:
    """Find whether a band says that it holds light, by its wavelength or its name.

    Returns: True where it does.
    """
    return (
        band.wavelength_nm is not None or is_infrared(band.name) or colour_in_name(band.name) != ""
    )


def _words_of(name: str) -> Set[str]:
    return set(re.findall(r"[^\W\d_]+", name.lower()))


def _by_sensor_number(
    facts: Sequence[BandFacts], wanted: Sequence[InputBand]
) -> Optional[List[int]]:
    found = {} if _only_counts(facts) else _by_number(facts)
    known = {colour: found[name] for colour, name in _OF_SENSORS.items() if name in found}
    return _of_colours(known, wanted)


def _only_counts(facts: Sequence[BandFacts]) -> bool:
    """Whether B1, B2, B3 of few bands are their numbers in the file, not a sensor's."""
    return len(facts) < FEWEST_NUMBERED and all(
        re.fullmatch(f"b0*{band.number}", band.name.strip().lower()) for band in facts
    )


def _by_number(facts: Sequence[BandFacts]) -> Dict[str, int]:
    """The band (1-based) of each sensor's number, ``b4`` and so on, in the names."""
    named = [(_sensor_number(band.name), band.number) for band in reversed(facts)]
    return {name: number for name, number in named if name}


def _by_landsat(
    path: str, facts: Sequence[BandFacts], wanted: Sequence[InputBand]
) -> Optional[List[int]]:
    """By Landsat's names, SR_B1 and so on, or B1 where the product is named: 4 to 7 count from
    blue, 8 and 9 from one before it.
    """
    texts = (path, *(band.name for band in facts))
    mission = next(filter(None, map(_LANDSAT.search, texts)), None)
    ours = [band for band in facts if mission or _SURFACE_BAND.fullmatch(band.name.strip().lower())]
    found = {} if _only_counts(facts) else _by_number(ours)
    is_later = int(mission.group(1)) >= 8 if mission else _is_later_landsat(set(found))
    if is_later is None:
        raise InputError(
            f"SR_B1 to SR_B{len(found)} of '{path}' may be Landsat 4 to 7's or Landsat 8's and 9's",
            f"give --bands {found['b3']},{found['b2']},{found['b1']} for Landsat 4 to 7, "
            f"{found['b4']},{found['b3']},{found['b2']} for Landsat 8 and 9",
        )
    of_mission = _OF_SENSORS if is_later else _OF_LANDSAT_4_TO_7
    known = {colour: found[name] for colour, name in of_mission.items() if name in found}
    if "b4" in found and not is_later and len(known) < len(COLOURS):  # infrared, not red
        raise InputError(
            f"'{path}' lacks B3, B2 or B1, which are red, green and blue of Landsat 4 to 7",
            "choose a raster that has them, or name the bands with --bands",
        )
    return _of_colours(known, wanted)


def _is_later_landsat(names: Set[str]) -> Optional[bool]:
    """Whether bands are Landsat 8's or 9's: 4 to 7 have no SR_B6; None where both may be."""
    if not {"b1", "b2", "b3"} <= names or "b6" in names:
        return True
    return None if "b4" in names and "b7" not in names else False


def _sensor_number(name: str) -> str:
    """``b4`` of "B4", "B04", "SR_B4" or "S2A_B04_10m", "" of anything else."""
    found = re.fullmatch(r"(?:.*[_\W])?b0*(\d+)(?:_\d+m)?", name.strip().lower())
    return f"b{found.group(1)}" if found else ""


def _of_colours(found: Dict[str, int], wanted: Sequence[InputBand]) -> Optional[List[int]]:
    """The numbers of red, green and blue as the model takes them: released ones take blue first."""
    if len(wanted) != len(COLOURS) or not all(colour in found for colour in COLOURS):
        return None
    return [found[colour] for colour in _colours_of(wanted)]


def _colours_of(wanted: Sequence[InputBand]) -> List[str]:
    from_longest = sorted(range(len(wanted)), key=lambda i: -wanted[i].wavelength_nm)
    colours = dict(zip(from_longest, COLOURS))
    return [colours[i] for i in range(len(wanted))]


def _by_order(
    path: str, facts: Sequence[BandFacts], wanted: Sequence[InputBand]
) -> Tuple[int, ...]:
    remedy = "choose a raster with red, green and blue bands, or name the bands with --bands"
    if len(facts) < len(wanted):
        plural = "s" if len(facts) > 1 else ""
        raise InputError(
            f"'{path}' has {len(facts)} band{plural}, the model needs {len(wanted)}", remedy
        )
    first = list(facts[: len(wanted)])
    numbers = [band.number for band in first]
    in_order = tuple(_of_colours(dict(zip(COLOURS, numbers)), wanted) or numbers)
    for band, use in zip_longest(first, COLOURS if len(wanted) == len(COLOURS) else ()):
        if band.colour in NO_COLOURS or (use and band.colour not in ("", use)):
            raise InputError(f"band {band.number} of '{path}' is its {band.colour} band", remedy)
    return in_order


def _colour_of(wavelength_nm: float) -> str:
    for colour, (low, high) in _COLOUR_RANGES_NM.items():
        if low <= wavelength_nm < high:
            return colour
    return "infrared" if wavelength_nm >= 700 else "ultraviolet"


def _better(facts: Sequence[BandFacts], use: InputBand) -> str:
    best = _nearest([band for band in facts if not band.is_bad] or facts, use)
    if _distance_nm(best, use) > FARTHEST_NM:
        return (
            f"no band lies within {FARTHEST_NM:.0f} nm of {use.wavelength_nm:.0f} nm: choose a "
            "raster that has one"
        )
    return f"set {use.name.capitalize()} band to band {best.number} ({best.wavelength_nm:.0f} nm)"
