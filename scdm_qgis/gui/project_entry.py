"""The panel's spectra in the project: they are saved with it, and there when it is opened again."""

import json
from dataclasses import asdict
from typing import Any, Dict, List, Optional

import numpy as np
from qgis.core import QgsProject

from .profile import Profile
from .spectra import Origin, Spectrum

SCOPE, KEY = "scdm", "spectral_profile"


def write_entry(project: QgsProject, profile: Profile) -> None:
    """Keep ``profile`` in ``project``; where nothing changed the project is not touched."""
    text = _text_of(profile) if profile.spectra else ""
    if text == project.readEntry(SCOPE, KEY)[0]:
        return
    if text:
        project.writeEntry(SCOPE, KEY, text)
    else:
        project.removeEntry(SCOPE, KEY)


def read_entry(project: QgsProject) -> Profile:
    """The profile that was kept in ``project``, without the points of layers that it lacks.

    An empty one where there is none that can be read.
    """
    profile = Profile()
    try:
        kept = json.loads(project.readEntry(SCOPE, KEY)[0] or "{}")
        picked = [_spectrum_of(one) for one in kept.get("points", ())]
        points = [one for one in picked if project.mapLayer(one.origin.layer_id)]
        references = [_spectrum_of({**one, "origin": None}) for one in kept.get("references", ())]
        profile.restore(points, references, int(kept.get("taken", 0)))
    except (AttributeError, KeyError, TypeError, ValueError):  # of another version, or damaged
        return Profile()
    return profile


def _text_of(profile: Profile) -> str:
    return json.dumps(
        {
            "points": [_words_of(one) for one in profile.points],
            "references": [_words_of(one) for one in profile.references],
            "taken": profile.next_number - 1,
        }
    )


def _words_of(one: Spectrum) -> Dict[str, Any]:
    """A spectrum as JSON has it, without an origin for a reference."""
    words = {
        "name": one.name,
        "colour": one.colour,
        "wavelength_nm": _numbers(one.wavelength_nm),
        "values": _numbers(one.values),
        "spread": None if one.spread is None else _numbers(one.spread),
    }
    return words if one.origin is None else {**words, "origin": asdict(one.origin)}


def _numbers(values) -> List[Optional[float]]:
    """JSON has no NaN."""
    return [float(f"{value:.7g}") if np.isfinite(value) else None for value in values]


def _spectrum_of(words: Dict[str, Any]) -> Spectrum:
    """Raises KeyError, TypeError or ValueError for what is not a spectrum."""
    origin = words["origin"]
    if origin is not None:
        origin = Origin(**{**origin, "place": tuple(map(float, origin["place"]))})
    nm, values = _array(words["wavelength_nm"]), _array(words["values"])
    spread = None if words["spread"] is None else _array(words["spread"])
    if not 0 < nm.size == values.size or (spread is not None and spread.size != nm.size):
        raise ValueError  # which nobody reads: such an entry is left out
    return Spectrum(str(words["name"]), str(words["colour"]), nm, values, spread, origin)


def _array(numbers: List[Optional[float]]) -> np.ndarray:
    return np.array([np.nan if number is None else float(number) for number in numbers])
