"""What patches are drawn from: scenes, spectral libraries and camera pictures."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, List, Optional, Sequence

from ..config import Config, Data
from . import camera_pairs, library, responses
from .camera_pairs import CameraPair
from .dataset import Scene, load_scenes, warn
from .library import Library

# What enriches the scenes: training goes on without those that are not there.
EXTRAS = ("more_scenes", "libraries", "responses", "pairs")


@dataclass(frozen=True)
class Sources:
    """The scenes, and what else the settings name."""

    scenes: Sequence[Scene]
    library: Optional[Library] = None
    pairs: Sequence[CameraPair] = ()


def load(config: Config, tell: Callable[[str], None] = warn) -> Sources:
    """The scenes and what there is of the extras; ``tell`` hears of scenes that are left out.

    Raises InputError where no scene is left, and for an extra that cannot be read.
    """
    there = replace(config, data=_without_missing(config.data))
    data, cameras = there.data, responses.cameras(there)
    scenes = load_scenes(scenes_there(data), there, cameras, tell)
    spectra = library.load(data.libraries, there, cameras) if data.libraries else None
    return Sources(scenes, spectra, camera_pairs.find(data.pairs, scenes))


def scenes_there(data: Data) -> List[str]:
    """The files and folders of scenes to train on, without the further ones that are not there."""
    return [*data.train, *_without_missing(data).more_scenes]


def warnings(config: Config) -> List[str]:
    """A line for each of the extras that is not there."""
    named = ((name, place) for name in EXTRAS for place in getattr(config.data, name))
    return [
        f"data.{name}: {place} does not exist, training goes on without it"
        for name, place in named
        if not Path(place).exists()
    ]


def _without_missing(data: Data) -> Data:
    kept = {
        name: tuple(place for place in getattr(data, name) if Path(place).exists())
        for name in EXTRAS
    }
    return replace(data, **kept)
