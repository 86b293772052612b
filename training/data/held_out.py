"""What a model is calibrated by and never trained on: scenes, materials, camera pictures."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, Iterator, List, Sequence

import numpy as np

from ..config import Config
from . import camera_pairs, library
from .dataset import Scene, load_scenes

PATCH = 12  # pixels per side that a material's patch has
MOST_PATCHES = 144  # of a class
NOISE = 0.01  # of the input, relative
SEED = 0


@dataclass(frozen=True)
class HeldOut:
    """A picture with the truth: ``rgb`` (input bands, rows, cols) in the model's unit.

    ``cube`` and ``seen`` (output bands, rows / pool, cols / pool). ``group``: a sensor, a
    class of materials or a camera's site, which are alike. ``level_guessed``: ``rgb`` was matched.
    """

    name: str
    group: str
    rgb: np.ndarray
    cube: np.ndarray
    seen: np.ndarray
    pool: int = 1
    is_scene: bool = False
    level_guessed: bool = False


def load(config: Config) -> List[HeldOut]:
    """All that the settings hold out. Raises InputError for what is missing or cannot be read."""
    data = config.data
    scenes = load_scenes(data.validation, config)
    found = [_of_scene(scene, scenes) for scene in scenes]
    for place in data.validation_libraries:
        for path in library.files([place]) if Path(place).exists() else ():
            found += list(_materials(path, config))
    return found + [_of_pair(pair) for pair in camera_pairs.find(data.pairs, scenes)]


def _of_scene(scene: Scene, scenes: Sequence[Scene]) -> HeldOut:
    alike = [other.name for other in scenes if other.sensor == scene.sensor]
    return HeldOut(scene.name, f"sensor of {alike[0]}", scene.rgb, scene.cube, scene.seen, 1, True)


def _of_pair(pair: camera_pairs.CameraPair) -> HeldOut:
    scene, site = pair.scene, pair.scene.name.rpartition("_")[0]
    return HeldOut(
        scene.name,
        f"camera, {site}",
        pair.picture,
        scene.cube,
        scene.seen,
        pair.pool,
        level_guessed=True,
    )


def _materials(path: Path, config: Config) -> Iterator[HeldOut]:
    """A picture of patches for each class of a library, up to the first slash of its name."""
    spectra = library.load([str(path)], config, ())
    groups: Dict[str, List[np.ndarray]] = {}
    for name, numbers in zip(spectra.names, spectra.groups):
        first = name.split("/")[0] if "/" in name else path.stem
        groups.setdefault(first, []).append(numbers)
    for group, numbers in groups.items():
        yield _patches(group, spectra, np.concatenate(numbers))


def _patches(group: str, spectra: library.Library, numbers: np.ndarray) -> HeldOut:
    rng = np.random.default_rng(SEED)
    numbers = rng.permutation(numbers)[:MOST_PATCHES]
    across = int(np.ceil(np.sqrt(len(numbers))))
    grid = np.resize(numbers, (across, across)).repeat(PATCH, 0).repeat(PATCH, 1)
    place = np.arange(len(grid))
    light = 1 + 0.08 * np.sin(place / 9)[None] * np.cos(place / 7)[:, None]
    grain = 1 + NOISE * rng.standard_normal((len(spectra.rgb), *grid.shape))
    rgb, cube = spectra.rgb[:, grid] * light * grain, spectra.cube[:, grid] * light
    return HeldOut(
        group, group, rgb.astype(np.float32), cube.astype(np.float32), spectra.seen[:, grid]
    )


def crop(picture: HeldOut, side: int) -> HeldOut:
    """The corner of ``side`` pixels of the truth of a picture that is finer than its truth."""
    if picture.pool == 1:
        return picture
    rgb = picture.rgb[:, : side * picture.pool, : side * picture.pool]
    cube, seen = (part[:, :side, :side] for part in (picture.cube, picture.seen))
    return replace(picture, rgb=rgb, cube=cube, seen=seen)


def pool(values: np.ndarray, pool: int) -> np.ndarray:
    """Means of ``values`` (bands, rows, cols) over squares of ``pool`` pixels per side."""
    bands, rows, cols = values.shape
    return values.reshape(bands, rows // pool, pool, cols // pool, pool).mean((2, 4))
