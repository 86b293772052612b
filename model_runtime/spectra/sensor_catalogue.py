"""The sensors that can be simulated by name: centre and width of their bands, as published."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Dict, Tuple

PATH = Path(__file__).with_name("sensor_catalogue.json")


@dataclass(frozen=True)
class SensorBand:
    """A band: its name, and centre and full width at half maximum in nm."""

    name: str
    wavelength_nm: float
    fwhm_nm: float


@dataclass(frozen=True)
class Sensor:
    """A sensor by its ``title``, its bands, and where these are published."""

    title: str
    source: str
    bands: Tuple[SensorBand, ...]


@lru_cache(maxsize=1)
def catalogue() -> Dict[str, Sensor]:
    """Read the catalogue.

    Returns: the sensors by name.
    """
    listed = json.loads(PATH.read_text(encoding="utf-8"))
    return {
        name: Sensor(said["title"], said["source"], tuple(SensorBand(*b) for b in said["bands"]))
        for name, said in listed.items()
    }
