"""Patches composed of library spectra: regions of materials with texture, mixing and soft edges."""

from typing import Optional, Tuple

import numpy as np

from ..networks.compact import PLANTS_ALONE
from . import fields
from .library import CROPS, GROUND, LITTER, SHRUBS, WATERS, Library, greenness

# Shares of the kinds of patches: one material, a grid of patches of one class, regions.
UNIFORM, GRID = 0.2, 0.25
MOST_REGIONS = 5
SECOND_SHARE = 0.6  # of the regions hold two spectra of their class, mixed
OTHER_SHARE = 0.3  # and of these regions the second spectrum is of another class
# Farmland: the scenes have few fields, and a smooth one is what a network takes for water.
FARMLAND_SHARE = 0.2  # of the patches
MOST_BOUNDARIES = 3  # straight ones between fields
BARE_SHARE = 0.15  # of the fields
LEAST_COVER = 0.3  # of a field's ground, by plants
# Rangeland: sparse shrubs and dry grass over soil, two fifths of the land; the scenes have little.
RANGELAND_SHARE = 0.12
MOST_SHRUBS, MOST_LITTER = 0.8, 0.6  # of the ground, in the mean
FIELD_ROUGHNESS = 0.03, 0.25  # sigma of the logarithm of brightness, at least and at most


def compose(
    rng: np.random.Generator, library: Library, side: int, camera: Optional[int]
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rgb, cube, seen), each (bands, side, side), of spectra drawn from ``library``.

    ``camera`` is the number of the camera that sees it, None the model's own input bands.
    """
    crops, shrubs, ground = (library.named(words) for words in (CROPS, SHRUBS, GROUND))
    kind = rng.random()
    if len(crops) and len(ground) and kind < FARMLAND_SHARE:
        spectra, weights, roughness = _farmland(rng, library, side, crops, ground)
    elif len(shrubs) and len(ground) and kind >= 1 - RANGELAND_SHARE:
        spectra, weights, roughness = _rangeland(rng, library, side, shrubs, ground)
    else:
        spectra, weights, roughness = _materials(rng, library, _labels(rng, side))
    if len(library.rgb) == 3:
        roughness[greenness(library.rgb[:, spectra]) > PLANTS_ALONE, 0] = 0
    if rng.random() < 0.5:
        weights = _blur(weights)
    weights = weights * _texture(rng, np.tensordot(roughness.T, weights, 1))
    rgb = library.rgb if camera is None else library.cameras[camera]
    seen = library.seen[:, spectra].all(1)
    return (
        np.tensordot(rgb[:, spectra], weights, 1),
        np.tensordot(library.cube[:, spectra], weights, 1),
        np.broadcast_to(seen[:, None, None], (len(seen), side, side)).copy(),
    )


def _labels(rng: np.random.Generator, side: int) -> np.ndarray:
    """The number of each pixel's region (side, side)."""
    kind = rng.random()
    if kind < UNIFORM:
        return np.zeros((side, side), int)
    if kind < UNIFORM + GRID:
        cell = int(rng.integers(6, 17))
        row, col = ((np.arange(side) + rng.integers(cell)) // cell for _ in range(2))
        return row[:, None] * (col.max() + 1) + col[None]
    count, cell = int(rng.integers(2, MOST_REGIONS + 1)), float(rng.uniform(3, side))
    return np.argmax([fields.smooth(rng, side, cell) for _ in range(count)], axis=0)


def _materials(rng: np.random.Generator, library: Library, labels: np.ndarray):
    """(numbers of spectra, weights (n, side, side), roughness (n, 2)): one or two a region."""
    numbers, side = np.unique(labels), len(labels)
    of_grid = len(numbers) > MOST_REGIONS
    shares = _on_land(library) if of_grid else library.shares
    one_class = rng.choice(len(library.groups), p=shares)
    alike = of_grid or rng.random() < 0.2
    spectra, weights, groups = [], [], []
    for number in numbers:
        group = one_class if alike else rng.choice(len(library.groups), p=library.shares)
        inside = (labels == number).astype(np.float32)
        spectra.append(rng.choice(library.groups[group]))
        groups.append(group)
        if not of_grid and rng.random() < SECOND_SHARE:
            if rng.random() < OTHER_SHARE:
                group = rng.choice(len(library.groups), p=library.shares)
            spectra.append(rng.choice(library.groups[group]))
            groups.append(group)
            level, width = rng.uniform(-0.2, 1.2), rng.uniform(0, 0.4)
            field = fields.smooth(rng, side, rng.uniform(1, side / 2))
            second = np.clip(level + width * field, 0, 1)
            weights += [inside * (1 - second), inside * second]
        else:
            weights.append(inside)
    roughness = library.roughness[groups].astype(np.float32)
    if of_grid:
        roughness[:, 0] = 0  # samples may be as even as they like: there is no water among them
    return np.array(spectra), np.stack(weights).astype(np.float32), roughness


def _on_land(library: Library) -> np.ndarray:
    """How often a class is drawn for a grid: samples lie side by side, waters never do."""
    shares = library.shares.copy()
    shares[library.named(WATERS)] = 0
    return shares / shares.sum() if shares.any() else library.shares


def _farmland(
    rng: np.random.Generator, library: Library, side: int, crops: np.ndarray, ground: np.ndarray
):
    """As ``_materials``: fields with straight boundaries, each a crop over its soil."""
    labels = _parcels(rng, side)
    numbers = np.unique(labels)
    spectra = [_draw(rng, library, kinds) for _ in numbers for kinds in (crops, ground)]
    weights = []
    for number in numbers:
        inside = (labels == number).astype(np.float32)
        cover = _cover(rng, side)
        weights += [inside * cover, inside * (1 - cover)]
    roughness = np.tile(np.float32(FIELD_ROUGHNESS), (len(spectra), 1))
    return np.array(spectra), np.stack(weights).astype(np.float32), roughness


def _rangeland(
    rng: np.random.Generator, library: Library, side: int, shrubs: np.ndarray, ground: np.ndarray
):
    """As ``_materials``: soil under litter under shrubs, each pixel with its own shares of them."""
    kinds = [shrubs, library.named(LITTER), ground]
    kinds = [classes if len(classes) else ground for classes in kinds]
    spectra = [_draw(rng, library, classes) for classes in kinds]
    over, under = (_patchy(rng, side, most * rng.random()) for most in (MOST_SHRUBS, MOST_LITTER))
    weights = [over, (1 - over) * under, (1 - over) * (1 - under)]
    roughness = np.tile(np.float32(FIELD_ROUGHNESS), (len(spectra), 1))
    return np.array(spectra), np.stack(weights).astype(np.float32), roughness


def _patchy(rng: np.random.Generator, side: int, level: float) -> np.ndarray:
    """Shares (side, side) about ``level``, of plants of a pixel or less and of denser places."""
    grain = rng.uniform(0, 0.5) * rng.standard_normal((side, side))
    larger = rng.uniform(0, 0.3) * fields.smooth(rng, side, rng.uniform(2, side / 2))
    return np.clip(level * (1 + grain) + larger * min(level, 1 - level), 0, 1)


def _parcels(rng: np.random.Generator, side: int) -> np.ndarray:
    """The number of each pixel's field (side, side)."""
    labels = np.zeros((side, side), int)
    place = np.arange(side) - side / 2
    for bit in range(int(rng.integers(MOST_BOUNDARIES + 1))):
        angle, offset = rng.uniform(0, np.pi), rng.uniform(-side / 2, side / 2)
        across = place[:, None] * np.sin(angle) + place[None] * np.cos(angle)
        labels += (across > offset).astype(int) << bit
    return labels


def _draw(rng: np.random.Generator, library: Library, classes: np.ndarray) -> int:
    """The number of a spectrum of one of ``classes``."""
    shares = library.shares[classes]
    group = rng.choice(classes, p=shares / shares.sum())
    return int(rng.choice(library.groups[group]))


def _cover(rng: np.random.Generator, side: int) -> np.ndarray:
    """The share of a field's ground that its plants cover (side, side)."""
    if rng.random() < BARE_SHARE:
        return np.zeros((side, side), np.float32)
    level = 1 - (1 - LEAST_COVER) * rng.random() ** 2
    field = fields.smooth(rng, side, rng.uniform(2, side))
    return np.clip(level + rng.uniform(0, 0.15) * field, 0, 1)


def _blur(weights: np.ndarray) -> np.ndarray:
    """Means over 3 x 3 pixels: pixels at edges hold both sides."""
    side = weights.shape[1]
    around = np.pad(weights, [(0, 0), (1, 1), (1, 1)], mode="edge")
    rows = sum(around[:, i : i + side] for i in range(3))
    return sum(rows[:, :, i : i + side] for i in range(3)) / np.float32(9)


def _texture(rng: np.random.Generator, roughness: np.ndarray) -> np.ndarray:
    """Brightness about 1: grain of pixels and of patches, by ``roughness`` (2, side, side).

    That is the least and the most of its sigma; the least is all grain, as leaves and stems are.
    """
    least, most = roughness
    side = len(least)
    sigma, share = (most - least) * np.float32(rng.random() ** 2), np.float32(rng.random())
    grain = rng.standard_normal((side, side)).astype(np.float32)
    larger = fields.smooth(rng, side, rng.uniform(2, side / 2))
    return np.exp((least + sigma * share) * grain + sigma * (1 - share) * larger)
