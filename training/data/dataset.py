"""Hyperspectral rasters on the model's grid."""

import glob
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, Sequence, Tuple

import numpy as np

from model_runtime.errors import InputError, StorageError
from model_runtime.spectra import resample
from model_runtime.spectra.radiometry import BRIGHTEST_REFLECTANCE

from ..config import Config
from . import array_cache, responses
from .array_cache import CacheNotWritable

if TYPE_CHECKING:
    from model_runtime.raster.cube import Cube

CAMERA_SUFFIX = "_camera"  # of a picture NAME_camera.tif of the scene NAME.tif
SUFFIXES = (".tif", ".tiff", ".dat", ".img", ".bsq", ".bil", ".bip", ".vrt")
FORMAT = 1  # of what is cached: raise it where scene_of makes other numbers
# A pixel counts when every input band and at least this share of the output bands is seen.
LEAST_SEEN = 0.25


@dataclass(frozen=True)
class Scene:
    """One raster on the model's grid, in the model's units.

    ``rgb`` (input bands, rows, cols), ``cube`` (output bands, rows, cols), both finite;
    ``seen`` (output bands, rows, cols): where the cube holds what the sensor measured.
    ``sensor``: scenes with the same bands share it. ``cameras``: ``rgb`` as
    cameras of somewhat other responses would see it.
    """

    name: str
    sensor: Tuple[float, ...]
    rgb: np.ndarray
    cube: np.ndarray
    seen: np.ndarray
    cameras: Sequence[np.ndarray] = ()


class EstimateAsScene(InputError):
    """A scene is what this software made: the one mistake that leaving it out would hide."""


def read_cube(path: str, need_wavelengths: bool) -> "Cube":
    """As raster.cube.read_cube; GDAL is asked for here: scenes that are made need none."""
    from model_runtime.raster import cube

    return cube.read_cube(path, need_wavelengths=need_wavelengths)


def warn(message: str) -> None:
    """Say a warning on stderr."""
    print(f"warning: {message}", file=sys.stderr)


def load_scenes(
    places: Sequence[str],
    config: Config,
    cameras: Sequence[responses.Response] = (),
    tell: Callable[[str], None] = warn,
) -> List[Scene]:
    """Every scene in the files and folders ``places`` that can be used; ``tell`` hears of others.

    Raises InputError when none is left, and for an estimate of this software.
    """
    scenes, left_out = [], []
    for path in rasters_in(places):
        try:
            scenes.append(_scene(path, config, cameras))
        except (EstimateAsScene, CacheNotWritable):
            raise
        except (InputError, StorageError) as error:
            left_out.append((path, error.message))
    if not scenes:
        path, why = left_out[0] if left_out else (Path(), "found nothing")
        more = f"; {path.name} is the first of {len(left_out)}" if left_out else ""
        raise InputError(
            f"no scene in {', '.join(map(str, places))} can be used: {why}{more}",
            "name folders with hyperspectral rasters, or change data.units",
        )
    for path, why in left_out:
        tell(f"{path} is left out: {why}")
    return scenes


def _scene(path: Path, config: Config, cameras: Sequence[responses.Response]) -> Scene:
    """The scene of a raster, from the settings' cache where they name one."""
    if not config.data.cache:
        return _scene_at(path, config, cameras)
    key = _key(path, config, cameras)
    made = lambda: _arrays_of(_scene_at(path, config, cameras))  # noqa: E731
    arrays = dict(array_cache.mapped(Path(config.data.cache), key, made))
    sensor, views = (tuple(arrays.pop(name, ())) for name in ("sensor", "cameras"))
    return Scene(path.stem, sensor, cameras=views, **arrays)


def _arrays_of(scene: Scene) -> Dict[str, np.ndarray]:
    views, sensor = np.array(scene.cameras, np.float32), np.array(scene.sensor, np.float64)
    parts = {"rgb": scene.rgb, "cube": scene.cube, "seen": scene.seen}
    parts.update(cameras=views, sensor=sensor)
    return {name: part for name, part in parts.items() if part.size}  # nothing cannot be mapped


def _key(path: Path, config: Config, cameras: Sequence[responses.Response]) -> str:
    """The name of all that a scene is made of: files of its name, bands, cameras, this code."""
    beside = sorted(path.parent.glob(f"{glob.escape(path.stem)}.*"))
    files = [(str(f.resolve()), f.stat().st_size, f.stat().st_mtime_ns) for f in beside]
    settings = (config.input, config.output, config.normalisation, config.data.units, LEAST_SEEN)
    digest = hashlib.sha256(repr((FORMAT, files, settings)).encode("utf-8"))
    for camera in cameras:
        digest.update(camera.wavelength_nm.tobytes() + camera.response.tobytes())
    return f"{path.stem}-{digest.hexdigest()[:24]}"


def _scene_at(path: Path, config: Config, cameras: Sequence[responses.Response]) -> Scene:
    """The scene of a raster; raises InputError, StorageError for one that cannot be used."""
    by_wavelength = not (config.input.band_numbers and config.output.band_numbers)
    cube = read_cube(str(path), need_wavelengths=by_wavelength)
    if cube.is_estimate:
        raise EstimateAsScene(
            f"{path} is an estimate that this software made, not a measurement",
            "take it out of the folder: a model must not learn from its own guesses",
        )
    unit = unit_of(cube)
    if unit not in config.data.units:
        units = " or ".join(config.data.units)
        raise InputError(f"its unit is {unit}, not {units}", "change data.units")
    return scene_of(path.stem, cube, config, cameras)


def unit_of(cube: "Cube") -> str:
    """The raster's unit; where it does not say, "reflectance" if its values are of that size."""
    if cube.units:
        return cube.units
    high = np.nanpercentile(cube.values[:: max(len(cube.values) // 8, 1)], 99)
    return "reflectance" if high <= BRIGHTEST_REFLECTANCE else "unknown"


def rasters_in(places: Sequence[str]) -> List[Path]:
    """The raster files among ``places``, folders searched with their subfolders, in a fixed order.

    Camera pictures of scenes beside them are not among those. Raises InputError for a missing one.
    """
    found: List[Path] = []
    for place in map(Path, places):
        if place.is_dir():
            found += sorted(path for path in place.rglob("*") if _is_scene(path))
        elif place.is_file():
            found.append(place)
        else:
            raise InputError(f"{place} does not exist", "check data.train and data.validation")
    return found


def _is_scene(path: Path) -> bool:
    raster = path.suffix.lower() in SUFFIXES and path.is_file()
    return raster and not path.stem.endswith(CAMERA_SUFFIX)


def in_both(train: Sequence[str], validation: Sequence[str]) -> List[str]:
    """A warning for each scene that is trained on and held out; raises as ``rasters_in``."""
    held_out = {path.resolve() for path in rasters_in(validation)}
    return [
        f"{path} is trained on and held out: what it shows of new ground is worth nothing"
        for path in rasters_in(train)
        if path.resolve() in held_out
    ]


def scene_of(
    name: str,
    cube: "Cube",
    config: Config,
    cameras: Sequence[responses.Response] = (),
) -> Scene:
    """A cube seen through the model's input and output bands, and by ``cameras``."""
    rgb, bands = _through(cube, config.input), _through(cube, config.output)
    seen = np.isfinite(bands)
    whole = np.isfinite(rgb).all(0) & (seen.mean(0) >= LEAST_SEEN)
    offset = np.float32(config.normalisation.offset)
    if not (seen & whole).any():
        raise InputError(
            f"scene '{name}' has no pixel with all input and {LEAST_SEEN:.0%} of the output bands",
            "take it out of the folder, or change the bands",
        )
    rgb = np.where(whole, rgb, offset).astype(np.float32)
    return Scene(
        name=name,
        sensor=() if cube.wavelength_nm is None else tuple(np.round(cube.wavelength_nm, 1)),
        rgb=rgb,
        cube=_fill(bands, seen & whole, offset),
        seen=seen & whole,
        cameras=[_through_camera(cube, rgb, whole, camera) for camera in cameras],
    )


def _through_camera(
    cube: "Cube", rgb: np.ndarray, whole: np.ndarray, camera: responses.Response
) -> np.ndarray:
    """The scene as a camera would see it; what it does not see is taken from ``rgb``."""
    values = resample.bands_with_values(cube.values)
    weights = camera.weights(np.asarray(cube.wavelength_nm)[values])
    picture = np.tensordot(weights, cube.values[values], axes=1)
    return np.where(whole & np.isfinite(picture), picture, rgb).astype(np.float32)


def _through(cube: "Cube", bands) -> np.ndarray:
    if bands.band_numbers:
        if max(bands.band_numbers) > len(cube.values):
            raise InputError(
                f"a scene has {len(cube.values)} bands, band_numbers go beyond that",
                "change band_numbers, or leave the scene out",
            )
        return cube.values[np.array(bands.band_numbers) - 1]
    wavelength_nm, fwhm_nm = np.array(bands.wavelength_nm), np.array(bands.fwhm_nm)
    return resample.resample(cube.values, cube.wavelength_nm, wavelength_nm, fwhm_nm)


def _fill(cube: np.ndarray, seen: np.ndarray, offset: np.float32) -> np.ndarray:
    """Bands that a sensor lacks take the nearest band that it has: they go into x_t, not the loss.

    Pixels that are not seen at all take the normalisation's offset, which is the null condition.
    """
    filled = np.where(seen, cube, offset).astype(np.float32)
    has = np.flatnonzero(seen.any((1, 2)))
    for band in set(range(len(cube))) - set(has.tolist()):
        filled[band] = filled[has[np.argmin(np.abs(has - band))]]
    return filled


def scene_shares(scenes: Sequence[Scene], sensor_power: float) -> np.ndarray:
    """How often each scene is drawn: a sensor by pixels ** power, a scene in it by its pixels."""
    pixels = np.array([scene.seen.any(0).sum() for scene in scenes], np.float64)
    totals = {s.sensor: 0.0 for s in scenes}
    for scene, count in zip(scenes, pixels):
        totals[scene.sensor] += count
    shares = np.array(
        [n / totals[s.sensor] * totals[s.sensor] ** sensor_power for s, n in zip(scenes, pixels)]
    )
    return shares / shares.sum()
