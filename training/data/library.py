"""Spectral libraries on the model's grid: measured or simulated spectra to compose patches of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import numpy as np

from model_runtime.errors import InputError
from model_runtime.spectra import resample
from model_runtime.spectra.radiometry import BRIGHTEST_REFLECTANCE

from ..config import Config
from .responses import Response

SCALE = np.float32(1e-4)
MISSING = -32768
LEAST_SEEN = 0.25  # of the output bands
GROUP_POWER = 0.35  # a class of n spectra is drawn by n to this power, so that none dominates
# By a word in a class's name: how many times as often it is drawn, and how much its brightness
# varies from pixel to pixel, (least, most) sigma of the logarithm. Trees from near by are all but
# absent from the scenes. A green pond has the colour of a meadow; what tells them apart is that
# water is calm: within 3 x 3 pixels it varies by 0.4 to 2.4 % in the scenes (5th to 50th percentile
# of calm and of rippled ones), vegetation by 2.3 % (5th percentile) and more, smooth fields by 4 %.
Kind = Tuple[float, Tuple[float, float]]
USUAL: Kind = (1.0, (0.0, 0.45))
KINDS: Dict[str, Kind] = {
    "water green": (2.5, (0.0, 0.04)),
    "water": (0.4, (0.0, 0.05)),
    "shallow_sea": (1.0, (0.0, 0.1)),
    "crowns open": (3.0, (0.04, 0.6)),
    "crowns middling": (1.5, (0.04, 0.6)),
    "crowns dense": (1.0, (0.04, 0.6)),
    "canopy": (1.0, (0.03, 0.45)),
    "parthenium_field": (1.0, (0.03, 0.45)),
    "vegetation": (1.0, (0.03, 0.45)),
    "leaves": (1.0, (0.02, 0.45)),
    "npv": (2.5, (0.0, 0.45)),
}
# By words in a class's name: what grows on fields, and what lies between the plants.
CROPS = ("canopy", "parthenium_field")
SHRUBS = ("crowns open", "leaves pale", "leaves dry", "vegetation", "npv/bark")
LITTER = ("npv/",)
WATERS = ("water", "shallow_sea")
GROUND = ("bare/soil", "soil_", "npv/litter", "npv/npv")
# Waters of more greenness are left out: of such colours there are only meadows.
LEFT_OUT, STRONGLY_GREEN = "left out", 0.37


@dataclass(frozen=True)
class Library:
    """Spectra on the model's grid, all finite.

    ``cube`` and ``seen`` (output bands, spectra): reflectance, and where it was measured; ``rgb``
    (input bands, spectra) through the model's input bands; ``cameras`` the same through each
    camera's. ``names`` (file and class) and ``groups``: the classes and the numbers of their
    spectra; ``shares``: how often a class is drawn.
    """

    cube: np.ndarray
    seen: np.ndarray
    rgb: np.ndarray
    cameras: Sequence[np.ndarray]
    names: Sequence[str]
    groups: Sequence[np.ndarray]
    shares: np.ndarray

    def named(self, words: Sequence[str]) -> np.ndarray:
        """The numbers of the classes whose name holds one of ``words``."""
        return np.flatnonzero([any(word in name for word in words) for name in self.names])

    @property
    def roughness(self) -> np.ndarray:
        """Least and most that brightness varies from pixel to pixel in each class (classes, 2)."""
        return np.array([_kind(name)[1] for name in self.names])


def _kind(name: str) -> Kind:
    return next((kind for word, kind in KINDS.items() if word in name), USUAL)


def load(places: Sequence[str], config: Config, cameras: Sequence[Response]) -> Library:
    """The libraries in the files and folders ``places``. Raises InputError where none is there."""
    parts = [_read(path, config, cameras) for path in files(places)]
    groups, first = [], 0
    for part in parts:
        groups += [numbers + first for numbers in part.groups]
        first += part.cube.shape[1]
    names = [name for part in parts for name in part.names]
    weight = np.array([len(numbers) ** GROUP_POWER for numbers in groups])
    weight *= [_kind(name)[0] for name in names]
    joined = [np.concatenate([getattr(p, name) for p in parts], 1) for name in ("cube", "seen")]
    rgb = np.concatenate([part.rgb for part in parts], 1)
    seen_by = [np.concatenate(views, 1) for views in zip(*(part.cameras for part in parts))]
    return Library(*joined, rgb, seen_by, names, groups, weight / weight.sum())


def files(places: Sequence[str]) -> List[Path]:
    """The libraries in ``places``, files and folders with their subfolders.

    Raises InputError where none is there.
    """
    found: List[Path] = []
    for place in map(Path, places):
        found += sorted(place.rglob("*.npz")) if place.is_dir() else [place]
    if not found:
        raise InputError(f"no library in {', '.join(places)}", "name folders with .npz files")
    return found


def _read(path: Path, config: Config, cameras: Sequence[Response]) -> Library:
    wavelength_nm, spectra, classes = _arrays(path)
    values = np.where(spectra == MISSING, np.nan, spectra * SCALE)
    bands = _resample(values, wavelength_nm, config.output)
    rgb = _resample(values, wavelength_nm, config.input)
    seen = np.isfinite(bands)
    whole = np.isfinite(rgb).all(0) & (seen.mean(0) >= LEAST_SEEN)
    whole &= (np.nanmax(np.where(seen, bands, 0), 0) <= BRIGHTEST_REFLECTANCE) & (rgb.max(0) > 0)
    if not whole.any():
        raise InputError(f"{path} has no spectrum over the model's bands", "leave it out")
    bands, rgb, seen, classes = bands[:, whole], rgb[:, whole], seen[:, whole], classes[whole]
    full = _fill(values[:, whole])
    views = [(c.weights(wavelength_nm) @ full).astype(np.float32) for c in cameras]
    classes = _kinds_of_water(f"{path.stem} ", classes, rgb)
    named = [name for name in np.unique(classes).tolist() if name != LEFT_OUT]
    names = [f"{path.stem} {name}".strip() for name in named]
    groups = [np.flatnonzero(classes == name) for name in named]
    return Library(_fill(bands), seen, rgb, views, names, groups, np.ones(len(groups)))


def _arrays(path: Path) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(wavelength_nm (bands,), spectra x 10,000 (bands, spectra), classes (spectra,))."""
    try:
        with np.load(path, allow_pickle=False) as file:
            spectra = file["reflectance_x10000"].T.astype(np.float32)
            named = file["classes"] if "classes" in file else np.array([""])
            classes = np.broadcast_to(named, spectra.shape[1:]).astype(str)
            return file["wavelength_nm"].astype(np.float64), spectra, classes
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} is not a spectral library ({error})",
            "give an .npz with wavelength_nm, reflectance_x10000 and, if known, classes",
        ) from error


def greenness(rgb: np.ndarray) -> np.ndarray:
    """2 green - red - blue of colours (3, spectra), as a share of their sum."""
    red, green, blue = rgb
    return (2 * green - red - blue) / (red + green + blue)


def _kinds_of_water(library: str, classes: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """``classes`` (spectra,) with waters of the colours of meadows in a class of their own.

    ``rgb`` (3, spectra). Those that are as green as meadows alone are LEFT_OUT.
    """
    water = np.char.find(np.char.add(library, classes), "water") >= 0
    if len(rgb) != 3 or not water.any():
        return classes
    red, green, blue = rgb
    greenish = (green > 0.85 * red) & (green > 1.15 * blue)
    named = np.where(water & greenish, np.char.add("water green ", classes), classes)
    return np.where(water & (greenness(rgb) > STRONGLY_GREEN), LEFT_OUT, named)


def _resample(values: np.ndarray, wavelength_nm: np.ndarray, bands) -> np.ndarray:
    targets = np.array(bands.wavelength_nm), np.array(bands.fwhm_nm)
    return resample.resample(values[:, None], wavelength_nm, *targets)[:, 0]


def _fill(spectra: np.ndarray) -> np.ndarray:
    """``spectra`` (bands, spectra) with what is missing taken from the nearest band that is not."""
    known = np.isfinite(spectra)
    bands = np.arange(len(spectra))[:, None]
    before = np.maximum.accumulate(np.where(known, bands, -1), axis=0)
    after = np.minimum.accumulate(np.where(known, bands, len(spectra))[::-1], axis=0)[::-1]
    nearer = (bands - before <= after - bands) | (after == len(spectra))
    take = np.where((before >= 0) & nearer, before, np.minimum(after, len(spectra) - 1))
    return np.take_along_axis(spectra, take, axis=0).astype(np.float32)
