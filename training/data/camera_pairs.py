"""Real camera pictures with the spectra of the same ground: a picture's pixel is part of one."""

from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np

from model_runtime.errors import InputError
from model_runtime.spectra.transfer_curve import picture_reflectance

from .dataset import CAMERA_SUFFIX, Scene, read_cube


@dataclass(frozen=True)
class CameraPair:
    """``picture`` (input bands, rows, cols) as ``auto`` takes it to reflectance, and its ``scene``.

    ``pool`` picture pixels lie along a side of a scene's pixel.
    """

    scene: Scene
    picture: np.ndarray
    pool: int


def find(places: Sequence[str], scenes: Sequence[Scene]) -> List[CameraPair]:
    """The pictures NAME_camera.tif in ``places`` and below whose scene NAME is in ``scenes``.

    Raises InputError for a picture whose pixels do not divide its scene's.
    """
    by_name = {scene.name: scene for scene in scenes}
    files = [
        path for place in places for path in sorted(Path(place).rglob(f"*{CAMERA_SUFFIX}.tif"))
    ]
    named = [(path, path.stem[: -len(CAMERA_SUFFIX)]) for path in files]
    return [_pair(path, by_name[name]) for path, name in named if name in by_name]


def _pair(path: Path, scene: Scene) -> CameraPair:
    values = read_cube(str(path), need_wavelengths=False).values
    pool = values.shape[1] // scene.rgb.shape[1]
    if pool < 1 or values.shape[1:] != tuple(pool * n for n in scene.rgb.shape[1:]):
        raise InputError(
            f"{path.name} has {values.shape[1:]} pixels, its scene {scene.rgb.shape[1:]}",
            "a picture's pixels are a whole part of its scene's",
        )
    return CameraPair(scene, picture_reflectance(np.nan_to_num(values)), pool)


def crop(
    rng: np.random.Generator, pair: CameraPair, side: int
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(picture (bands, side, side), cube and seen (bands, side / pool, side / pool))."""
    n, (rows, cols) = side // pair.pool, pair.scene.rgb.shape[1:]
    row, col = (int(rng.integers(size - n + 1)) for size in (rows, cols))
    coarse = np.s_[:, row : row + n, col : col + n]
    r, c = row * pair.pool, col * pair.pool
    fine = np.s_[:, r : r + n * pair.pool, c : c + n * pair.pool]
    return pair.picture[fine], pair.scene.cube[coarse], pair.scene.seen[coarse]
