"""The groups in which spectra of one colour are looked for: classes of libraries, sensors."""

from dataclasses import replace
from typing import Dict, List, Optional, Sequence

import numpy as np

from ..data.dataset import Scene
from ..data.library import Library
from ..data.sources import Sources
from ..package.metamer_fit import Spectra

MOST_PIXELS = 6000  # of a sensor
SCENES_WEIGHT = 0.5  # of all scenes, beside all classes


def groups_of(sources: Sources) -> List[Spectra]:
    """Every class of a library and every sensor, of which all together count SCENES_WEIGHT."""
    classes, sensors = _classes(sources.library), _sensors(sources.scenes)
    share = SCENES_WEIGHT * max(len(classes), 1) / len(sensors)
    return [*classes, *(replace(one, weight=share) for one in sensors)]


def _classes(spectra: Optional[Library]) -> List[Spectra]:
    """A group for each class, up to the first slash of its name, in whichever libraries it is.

    Soils of six libraries are one class, and do not outvote litter of their colours.
    """
    if spectra is None:
        return []
    found: Dict[str, List[np.ndarray]] = {}
    for name, numbers in zip(spectra.names, spectra.groups):
        file, _, kind = name.partition(" ")
        found.setdefault((kind or file).split("/")[0], []).append(numbers)
    picked = [np.concatenate(each) for each in found.values()]
    parts = spectra.rgb, spectra.cube, spectra.seen
    return [Spectra(*(part[:, numbers] for part in parts)) for numbers in picked]


def _sensors(scenes: Sequence[Scene]) -> List[Spectra]:
    found: Dict[object, List[Scene]] = {}
    for scene in scenes:
        found.setdefault(scene.sensor, []).append(scene)
    return [
        Spectra(*(_pixels(alike, name) for name in ("rgb", "cube", "seen")), most=MOST_PIXELS)
        for alike in found.values()
    ]


def _pixels(scenes: Sequence[Scene], name: str) -> np.ndarray:
    known = [scene.seen.any(axis=0) for scene in scenes]
    return np.concatenate([getattr(s, name)[:, k] for s, k in zip(scenes, known)], axis=1)
