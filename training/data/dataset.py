"""Hyperspectral rasters on the model's grid, and the patches that training draws from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import numpy as np

from model_runtime.errors import InputError
from model_runtime.raster import dataset as raster
from model_runtime.spectra.resample import resample

from ..config import Config
from . import camera_augmentation

SUFFIXES = (".tif", ".tiff", ".dat", ".img", ".bsq", ".bil", ".bip", ".vrt")
# A pixel counts when every input band and at least this share of the output bands is seen.
LEAST_SEEN = 0.25
CAMERAS = 16  # responses drawn once; a patch takes one of them
CAMERA_WIDTH_SIGMA = 0.2  # of the logarithm of a response's width
BRIGHTEST_REFLECTANCE = 1.6  # snow and glints stay below it, radiance and raw counts do not


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


def load_scenes(places: Sequence[str], config: Config) -> List[Scene]:
    """Every scene in the files and folders ``places`` whose unit the settings take.

    Raises InputError when none is left.
    """
    by_wavelength = not (config.input.band_numbers and config.output.band_numbers)
    cubes = {
        path: raster.read_cube(str(path), need_wavelengths=by_wavelength)
        for path in rasters_in(places)
    }
    _refuse_estimates(cubes)
    taken = {path: cube for path, cube in cubes.items() if unit_of(cube) in config.data.units}
    if not taken:
        units = sorted({unit_of(cube) for cube in cubes.values()}) or "nothing"
        raise InputError(
            f"no scene in {', '.join(map(str, places))} is in {config.data.units}: found {units}",
            "name folders with hyperspectral rasters, or change data.units",
        )
    return [scene_of(path.stem, cube, config) for path, cube in taken.items()]


def _refuse_estimates(cubes: Dict[Path, raster.Cube]) -> None:
    for path, cube in cubes.items():
        if cube.is_estimate:
            raise InputError(
                f"{path} is an estimate that this software made, not a measurement",
                "take it out of the folder: a model must not learn from its own guesses",
            )


def unit_of(cube: raster.Cube) -> str:
    """The raster's unit; where it does not say, "reflectance" if its values are of that size."""
    if cube.units:
        return cube.units
    high = np.nanpercentile(cube.values[:: max(len(cube.values) // 8, 1)], 99)
    return "reflectance" if high <= BRIGHTEST_REFLECTANCE else "unknown"


def rasters_in(places: Sequence[str]) -> List[Path]:
    """The raster files among ``places``, folders searched (not deeper), in a fixed order."""
    found: List[Path] = []
    for place in map(Path, places):
        if place.is_dir():
            found += sorted(p for p in place.iterdir() if p.suffix.lower() in SUFFIXES)
        elif place.is_file():
            found.append(place)
        else:
            raise InputError(f"{place} does not exist", "check data.train and data.validation")
    return found


def scene_of(name: str, cube: raster.Cube, config: Config) -> Scene:
    """A cube seen through the model's input and output bands."""
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
        cube=_filled(bands, seen & whole, offset),
        seen=seen & whole,
        cameras=_through_cameras(cube, rgb, whole, config),
    )


def _through_cameras(
    cube: raster.Cube, rgb: np.ndarray, whole: np.ndarray, config: Config
) -> Tuple[np.ndarray, ...]:
    """The scene as CAMERAS would see it, their responses drawn around the model's input bands.

    What one does not see is taken from ``rgb``.
    """
    if not config.data.camera_share:
        return ()
    centres, widths = np.array(config.input.wavelength_nm), np.array(config.input.fwhm_nm)
    rng = np.random.default_rng(config.training.seed)
    seen = []
    for _ in range(CAMERAS):
        shift = rng.normal(0, config.data.camera_shift_nm, len(centres))
        wider = np.exp(rng.normal(0, CAMERA_WIDTH_SIGMA, len(widths)))
        picture = resample(cube.values, cube.wavelength_nm, centres + shift, widths * wider)
        seen.append(np.where(whole & np.isfinite(picture), picture, rgb).astype(np.float32))
    return tuple(seen)


def _through(cube: raster.Cube, bands) -> np.ndarray:
    if bands.band_numbers:
        if max(bands.band_numbers) > len(cube.values):
            raise InputError(
                f"a scene has {len(cube.values)} bands, band_numbers go beyond that",
                "change band_numbers, or leave the scene out",
            )
        return cube.values[np.array(bands.band_numbers) - 1]
    wavelength_nm, fwhm_nm = np.array(bands.wavelength_nm), np.array(bands.fwhm_nm)
    return resample(cube.values, cube.wavelength_nm, wavelength_nm, fwhm_nm)


def _filled(cube: np.ndarray, seen: np.ndarray, offset: np.float32) -> np.ndarray:
    """Bands that a sensor lacks take the nearest band that it has: they go into x_t, not the loss.

    Pixels that are not seen at all take the normalisation's offset, which is the null condition.
    """
    filled = np.where(seen, cube, offset).astype(np.float32)
    has = np.flatnonzero(seen.any((1, 2)))
    for band in set(range(len(cube))) - set(has.tolist()):
        filled[band] = filled[has[np.argmin(np.abs(has - band))]]
    return filled


class Patches:
    """Patches drawn from scenes; a batch depends on (seed, step) alone, so a run can resume."""

    def __init__(self, scenes: Sequence[Scene], config: Config, seed: int):
        self.scenes, self.data, self.seed = scenes, config.data, seed
        self._shares = scene_shares(scenes, config.data.sensor_power)
        self._input_nm = np.array(config.input.wavelength_nm)
        self._output_nm = np.array(config.output.wavelength_nm)

    def batch(
        self, step: int, count: int, rank: int = 0, ranks: int = 1
    ) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(rgb, cube, seen), each (count / ranks, bands, patch, patch), in the data's units.

        A rank has every ``ranks``-th patch from its own number on.
        """
        mine = range(rank, count, ranks)
        patches = [self._patch(np.random.default_rng([self.seed, step, i])) for i in mine]
        return tuple(np.stack(part) for part in zip(*patches))

    def _patch(self, rng: np.random.Generator):
        rgb, cube, seen = self._crop(rng)
        if rng.random() < self.data.mixture_share:
            rgb, cube, seen = _mixed((rgb, cube, seen), self._crop(rng), rng.random())
        noise = rng.standard_normal(rgb.shape, np.float32) * np.float32(self.data.input_noise)
        input_gain, output_gain = self._illumination(rng)
        return rgb * input_gain + noise, cube * output_gain, seen

    def _illumination(self, rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray]:
        """Gains (bands, 1, 1) of the input and output bands: brightness and a smooth tilt.

        The tilt is a parabola over the wavelengths: haze, a low sun, another calibration.
        """
        level, *tilt = rng.normal(0, [self.data.gain_sigma, *[self.data.tilt_sigma] * 2])
        low, high = self._output_nm[[0, -1]]

        def gain(wavelength_nm: np.ndarray) -> np.ndarray:
            place = 2 * (wavelength_nm - low) / max(high - low, 1) - 1
            curve = level + tilt[0] * place + tilt[1] * (2 * place**2 - 1)
            return np.exp(curve).astype(np.float32)[:, None, None]

        return gain(self._input_nm), gain(self._output_nm)

    def _crop(self, rng: np.random.Generator):
        scene = self.scenes[rng.choice(len(self.scenes), p=self._shares)]
        side = self.data.patch
        rows, cols = scene.rgb.shape[1:]
        coarser = rng.random() < self.data.coarser_share and min(rows, cols) >= 2 * side
        taken = 2 * side if coarser else side
        row, col = (rng.integers(max(n - taken, 0) + 1) for n in (rows, cols))
        turn, flip = rng.integers(4), rng.random() < 0.5
        window = np.s_[:, row : row + taken, col : col + taken]
        rgb = self._seen_by_a_camera(scene, window, rng)
        crop = (rgb, scene.cube[window], scene.seen[window])
        crop = _halved(*crop) if coarser else crop
        return tuple(_turned(_padded(part, side), turn, flip) for part in crop)

    def _seen_by_a_camera(self, scene: Scene, window, rng: np.random.Generator) -> np.ndarray:
        """The input bands: the model's own, or, for camera_share of the patches, another's."""
        if rng.random() >= self.data.camera_share:
            return scene.rgb[window]
        rgb = scene.cameras[rng.integers(len(scene.cameras))][window]
        return camera_augmentation.pictured(
            rgb, camera_augmentation.draw(rng, self._input_nm, self.data)
        )


def _halved(rgb: np.ndarray, cube: np.ndarray, seen: np.ndarray):
    """A patch at half its resolution: means of 2 x 2 pixels, seen where all four are."""

    def squares(part: np.ndarray) -> np.ndarray:
        bands, rows, cols = part.shape
        return part.reshape(bands, rows // 2, 2, cols // 2, 2)

    whole = squares(seen).all((2, 4))
    return squares(rgb).mean((2, 4)), squares(cube).mean((2, 4)), whole


def _mixed(one, other, share: float):
    """Linear mixture of two patches: what a coarser pixel over both would measure."""
    share = np.float32(share)
    rgb, cube = (share * a + (1 - share) * b for a, b in zip(one[:2], other[:2]))
    return rgb, cube, one[2] & other[2]


def _padded(patch: np.ndarray, side: int) -> np.ndarray:
    """A scene smaller than the patch, continued by reflection at its lower and right edges."""
    short = [(0, side - n) for n in patch.shape[1:]]
    return np.pad(patch, [(0, 0), *short], mode="symmetric")


def _turned(patch: np.ndarray, turn: int, flip: bool) -> np.ndarray:
    patch = np.rot90(patch, turn, axes=(1, 2))
    return patch[:, ::-1] if flip else patch


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
