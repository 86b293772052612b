"""The patches that training draws: from scenes, composed of spectra, and of camera pictures."""

from typing import Optional, Tuple

import numpy as np

from ..config import Config
from . import camera_augmentation, camera_pairs, composition, fields, light
from .dataset import scene_shares
from .sources import Sources

Patch = Tuple[np.ndarray, np.ndarray, np.ndarray]  # rgb, cube, seen: (bands, side, side) each


class Patches:
    """Batches of patches; a batch depends on (seed, step) alone, so a run can resume."""

    def __init__(self, sources: Sources, config: Config, seed: int):
        self.sources, self.data, self.seed = sources, config.data, seed
        self.scenes = sources.scenes
        self._shares = scene_shares(self.scenes, config.data.sensor_power)
        self._cameras = len(self.scenes[0].cameras)
        self._bands_nm = np.array(config.input.wavelength_nm), np.array(config.output.wavelength_nm)

    def batch(self, step: int, count: int, rank: int = 0, ranks: int = 1) -> Patch:
        """(rgb, cube, seen), each (count / ranks, bands, patch, patch), in the data's units.

        A rank has every ``ranks``-th patch from its own number on.
        """
        return self._stack(self._patch, step, count, rank, ranks)

    def is_of_pictures(self, step: int) -> bool:
        """Whether a step of the first stage learns from real camera pictures."""
        every = self.data.pair_every
        return bool(self.sources.pairs) and every > 0 and step % every == every - 1

    def pictures(self, step: int, count: int, rank: int = 0, ranks: int = 1) -> Patch:
        """As ``batch``, of camera pictures: ``cube`` and ``seen`` at the spectra's resolution."""
        return self._stack(self._picture, step, count, rank, ranks)

    def _stack(self, draw, step: int, count: int, rank: int, ranks: int) -> Patch:
        mine = range(rank, count, ranks)
        patches = [draw(np.random.default_rng([self.seed, step, i])) for i in mine]
        return tuple(np.stack(part) for part in zip(*patches))

    def _patch(self, rng: np.random.Generator) -> Patch:
        seen_by = self._camera(rng)
        rgb, cube, seen = self._ground(rng, seen_by)
        for left in self._light(rng):
            rgb, cube = rgb * left[0], cube * left[1]
        # Noise is mostly little: calm water is told from a field by how even it is.
        sigma = np.float32(self.data.input_noise * rng.random() ** 3)
        rgb = rgb + sigma * rng.standard_normal(rgb.shape, np.float32)
        if seen_by is not None:
            rgb = camera_augmentation.simulate_camera(
                rgb, camera_augmentation.draw(rng, self._bands_nm[0], self.data)
            )
        return rgb.astype(np.float32), cube.astype(np.float32), seen

    def _camera(self, rng: np.random.Generator) -> Optional[int]:
        """The number of the camera that sees a patch; None: the model's own input bands."""
        if rng.random() >= self.data.camera_share:
            return None
        return int(rng.integers(self._cameras))

    def _ground(self, rng: np.random.Generator, seen_by: Optional[int]) -> Patch:
        """A patch of scenes or of spectra, or two of them mixed or side by side."""
        ground = self._one_ground(rng, seen_by)
        if rng.random() < self.data.mixture_share:
            ground = _mix(ground, self._one_ground(rng, seen_by), np.float32(rng.random()))
        if rng.random() < self.data.pasted_share:
            side = self.data.patch
            mask = fields.soft_mask(rng, side, rng.uniform(4, side), rng.uniform(0, 0.3))
            ground = _mix(ground, self._one_ground(rng, seen_by), mask[None])
        return ground

    def _one_ground(self, rng: np.random.Generator, seen_by: Optional[int]) -> Patch:
        if self.sources.library and rng.random() < self.data.composed_share:
            rgb, cube, seen = composition.compose(
                rng, self.sources.library, self.data.patch, seen_by
            )
            haze = light.residual_haze(rng, *self._bands_nm)
            return rgb + haze[0], cube + haze[1], seen
        return self._crop(rng, seen_by)

    def _light(self, rng: np.random.Generator):
        """Gains of (input, output) bands to be multiplied by, one after the other."""
        data = self.data
        yield light.illumination(rng, data.gain_sigma, data.tilt_sigma, *self._bands_nm)
        if rng.random() < data.shade_share:
            yield light.shade(rng, data.patch, *self._bands_nm)

    def _crop(self, rng: np.random.Generator, seen_by: Optional[int]) -> Patch:
        scene = self.scenes[rng.choice(len(self.scenes), p=self._shares)]
        side = self.data.patch
        rows, cols = scene.rgb.shape[1:]
        drawn, apart = rng.random(), self.data.coarser_share + self.data.finer_share
        coarser = drawn < self.data.coarser_share and min(rows, cols) >= 2 * side
        finer = self.data.coarser_share <= drawn < apart
        taken = 2 * side if coarser else -(-side // 2) if finer else side
        row, col = (rng.integers(max(n - taken, 0) + 1) for n in (rows, cols))
        oriented = self._orientation(rng)
        window = np.s_[:, row : row + taken, col : col + taken]
        rgb = scene.rgb if seen_by is None else scene.cameras[seen_by]
        crop = (rgb[window], scene.cube[window], scene.seen[window])
        crop = _halve(*crop) if coarser else _double(*crop) if finer else crop
        crop = tuple(part[:, :side, :side] for part in crop)
        return tuple(_turn(_pad(part, side), *oriented) for part in crop)

    def _picture(self, rng: np.random.Generator) -> Patch:
        """A camera picture as ``auto`` takes it, as another camera would have taken it."""
        pair = self.sources.pairs[rng.integers(len(self.sources.pairs))]
        rgb, cube, seen = camera_pairs.crop(rng, pair, self.data.pair_patch)
        rgb = camera_augmentation.simulate_camera(
            rgb, camera_augmentation.draw(rng, self._bands_nm[0], self.data)
        )
        oriented = self._orientation(rng)
        return tuple(np.ascontiguousarray(_turn(p, *oriented)) for p in (rgb, cube, seen))

    def _orientation(self, rng: np.random.Generator) -> Tuple[int, bool]:
        """(quarter turns, whether flipped) of a patch; (0, False) leaves it as it lies."""
        if not self.data.turned:
            return 0, False
        return int(rng.integers(4)), bool(rng.random() < 0.5)


def _halve(rgb: np.ndarray, cube: np.ndarray, seen: np.ndarray):
    """A patch at half its resolution: means of 2 x 2 pixels, seen where all four are."""

    def squares(part: np.ndarray) -> np.ndarray:
        bands, rows, cols = part.shape
        return part.reshape(bands, rows // 2, 2, cols // 2, 2)

    whole = squares(seen).all((2, 4))
    return squares(rgb).mean((2, 4)), squares(cube).mean((2, 4)), whole


def _double(rgb: np.ndarray, cube: np.ndarray, seen: np.ndarray):
    """A patch at twice its resolution: interpolated linearly, seen where all that enters is."""

    def between(part: np.ndarray) -> np.ndarray:
        finer = part.repeat(2, 1).repeat(2, 2)
        around = np.pad(finer, [(0, 0), (1, 1), (1, 1)], mode="edge")
        rows = around[:, :-2] + 2 * around[:, 1:-1] + around[:, 2:]
        return (rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / np.float32(16)

    return between(rgb), between(cube), between(seen.astype(np.float32)) == 1


def _mix(one: Patch, other: Patch, share: np.ndarray) -> Patch:
    """Linear mixture of two patches by ``share``: what a pixel over both would measure."""
    rgb, cube = (share * a + (1 - share) * b for a, b in zip(one[:2], other[:2]))
    return rgb, cube, one[2] & other[2]


def _pad(patch: np.ndarray, side: int) -> np.ndarray:
    """A scene smaller than the patch, continued by reflection at its lower and right edges."""
    short = [(0, side - n) for n in patch.shape[1:]]
    return np.pad(patch, [(0, 0), *short], mode="symmetric")


def _turn(patch: np.ndarray, turn: int, flip: bool) -> np.ndarray:
    patch = np.rot90(patch, turn, axes=(1, 2))
    return patch[:, ::-1] if flip else patch
