"""What patches are drawn from: scenes, spectral libraries and camera pictures."""

from dataclasses import dataclass
from typing import Optional, Sequence

from ..config import Config
from . import camera_pairs, library, responses
from .camera_pairs import CameraPair
from .dataset import Scene, load_scenes
from .library import Library


@dataclass(frozen=True)
class Sources:
    """The scenes, and what else the settings name."""

    scenes: Sequence[Scene]
    library: Optional[Library] = None
    pairs: Sequence[CameraPair] = ()


def load(config: Config) -> Sources:
    """All that ``config.data`` names. Raises InputError for what is missing or cannot be read."""
    data = config.data
    scenes = load_scenes(data.train, config)
    cameras = responses.cameras(config)
    spectra = library.load(data.libraries, config, cameras) if data.libraries else None
    pairs = camera_pairs.load(data.pairs, scenes) if data.pairs else ()
    return Sources(scenes, spectra, pairs)
