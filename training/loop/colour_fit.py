"""Fits what a stage's network tells by colours alone, when its steps are done.

Surroundings, cameras and light are augmented, so a network learns what holds everywhere. This part
learns pixels as they were measured: scenes by their shares, libraries as often as patches are
composed of them.
"""

from typing import Iterator, Tuple

import numpy as np
import torch
from torch import Tensor

from ..config import Config
from ..data.dataset import Scene, scene_shares
from ..data.library import Library
from ..data.sources import Sources
from ..networks.compact import ConditionEncoder
from .diffusion import Terms
from .losses import spectral_angle_loss, target_loss

LEAST_STEPS, MOST_STEPS, PIXELS = 100, 5000, 1024
STEPS_A_STEP = 5  # of the stage: a trial of a few steps does not wait for thousands of these
LEARNING_RATE = 4e-3
NOISE = 1e-3  # reflectance: more, or other light, and colours tell less
STREAM = 104_729  # the seed's own stream: not that of patches

Pixels = Tuple[np.ndarray, np.ndarray, np.ndarray]  # rgb, cube, seen: (pixels, bands) each


def fit(
    encoder: ConditionEncoder, config: Config, stage: int, terms: Terms, sources: Sources
) -> None:
    """Give ``encoder.colours`` weights that tell the spectra of ``sources``; no other is changed.

    The settings and their seed decide them.
    """
    rng = np.random.default_rng([config.training.seed, stage, STREAM])
    torch.manual_seed(config.training.seed + STREAM)
    colours = encoder.colours.train().requires_grad_(True)
    for layer in (colours.enter, colours.hidden, colours.shape, colours.rest):
        layer.reset_parameters()
    optimiser = torch.optim.AdamW(colours.parameters(), lr=LEARNING_RATE)
    steps = STEPS_A_STEP * config.stages[stage].iterations
    steps = min(max(steps, LEAST_STEPS), MOST_STEPS)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, steps, pct_start=0.1)
    bands = list(config.stages[stage].final_bands)
    for rgb, cube, seen in _batches(rng, sources, config, steps):
        loss = _loss(encoder, config, terms, rgb, cube[:, bands], seen[:, bands])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rates.step()
    colours.requires_grad_(False).eval()
    colours.fitted.fill_(True)


def _loss(encoder: ConditionEncoder, config: Config, terms: Terms, *pixels: np.ndarray) -> Tensor:
    device = encoder.colours.fitted.device
    rgb, cube, seen = (torch.tensor(part.T[None, :, None], device=device) for part in pixels)
    n = config.normalisation
    found = encoder.colours(*encoder.relative((rgb - n.offset) / n.scale))
    target = (cube - n.offset) / n.scale
    near = target_loss(terms.loss, found, target, seen)
    spectra = found + terms.offset, target + terms.offset
    return near + terms.sam_weight * spectral_angle_loss(*spectra, seen, terms.sam_kind)


def _batches(
    rng: np.random.Generator, sources: Sources, config: Config, count: int
) -> Iterator[Pixels]:
    """Pixels as they were measured, but for a little noise."""
    scenes = [_pixels_of_scene(scene) for scene in sources.scenes]
    shares, library = scene_shares(sources.scenes, config.data.sensor_power), sources.library
    of_library = round(PIXELS * config.data.composed_share) if library else 0
    for _ in range(count):
        counts = rng.multinomial(PIXELS - of_library, shares)
        drawn = [_draw(rng, scene, n) for scene, n in zip(scenes, counts) if n]
        if of_library:
            drawn.append(_from_library(rng, library, of_library))
        rgb, cube, seen = (np.concatenate(parts) for parts in zip(*drawn))
        yield rgb + np.float32(NOISE) * rng.standard_normal(rgb.shape, np.float32), cube, seen


def _pixels_of_scene(scene: Scene) -> Pixels:
    parts = [part.reshape(len(part), -1).T for part in (scene.rgb, scene.cube, scene.seen)]
    known = parts[2].any(1)
    return tuple(part[known] for part in parts)


def _draw(rng: np.random.Generator, scene: Pixels, count: int) -> Pixels:
    numbers = rng.integers(len(scene[0]), size=count)
    return tuple(part[numbers] for part in scene)


def _from_library(rng: np.random.Generator, library: Library, count: int) -> Pixels:
    drawn = rng.choice(len(library.groups), count, p=library.shares)
    sizes = np.array([len(numbers) for numbers in library.groups])
    within = rng.integers(sizes[drawn])
    numbers = np.array([library.groups[g][i] for g, i in zip(drawn, within)])
    return tuple(part[:, numbers].T for part in (library.rgb, library.cube, library.seen))
