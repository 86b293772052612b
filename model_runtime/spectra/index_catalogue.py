"""The spectral indices that have a name: those of Awesome Spectral Indices from 400 to 1000 nm.

Montero et al. 2023 (doi 10.1038/s41597-023-02096-0), MIT licence; each with the reference of its
own. scripts/take_indices.py writes the file.
"""

import difflib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Dict

from ..errors import InputError

PATH = Path(__file__).with_name("index_catalogue.json")


@dataclass(frozen=True)
class SpectralIndex:
    """An index: what its letters stand for, what it is used on, its formula, its source."""

    name: str
    title: str
    domain: str
    formula: str
    reference: str


@lru_cache(maxsize=1)
def catalogue() -> Dict[str, SpectralIndex]:
    """Read the catalogue.

    Returns: the indices by name.
    """
    listed = json.loads(PATH.read_text(encoding="utf-8"))
    return {name: SpectralIndex(name, **said) for name, said in listed.items()}


def look_up(name: str) -> SpectralIndex:
    """Find the index ``name``, in capitals or not.

    Returns: the SpectralIndex.
    Raises: InputError for a name that is not in the catalogue.
    """
    known = {key.lower(): key for key in catalogue()}
    if name.lower() in known:
        return catalogue()[known[name.lower()]]
    near = [known[key] for key in difflib.get_close_matches(name.lower(), known, 3, 0.6)]
    meant = f"did you mean {', '.join(near)}? " if near else ""
    raise InputError(
        f"the index '{name}' is not in the catalogue",
        f"{meant}docs/indices.md lists them all; any other can be given as a --formula",
    )
