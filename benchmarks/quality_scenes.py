"""The quality benchmark's rasters: scenes, their calibrated pictures, a large one for timing."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from model_runtime.errors import InputError
from model_runtime.raster.cube import Cube, read_cube, write_cube
from model_runtime.raster.georeference import Georeference
from model_runtime.spectra.band_response import SIGMA_PER_FWHM
from model_runtime.spectra.resample import resample

# Each group is of one place and one sensor; a scene belongs to the first that its name holds.
GROUPS = {
    "muufl": "CASI",
    "berlin": "HyMap",
    "potsdam": "EnMAP",
    "neon": "NEON",
    "residential": "AVIRIS",
    "uav": "UAV (Headwall)",
    "avirisng": "AVIRIS-NG",
}
# The calibrated picture that every model is judged on, whatever its own input bands are.
COLOURS = ("red", "green", "blue")
CENTRES_NM, SIGMAS_NM = np.array([640.0, 550.0, 465.0]), np.array([35.0, 35.0, 30.0])
WIDTHS_NM = SIGMAS_NM / SIGMA_PER_FWHM


def scenes(data: Path, split: str) -> List[Path]:
    """The reflectance scenes of a split; raises InputError where ``data`` lists none."""
    if not (data / "scenes.json").is_file():
        raise InputError(f"{data} holds no scenes.json", "name the scenes' folder: --data")
    listed = json.loads((data / "scenes.json").read_text(encoding="utf-8"))
    chosen = [s for s in listed if s["split"] == split and s["units"] == "reflectance"]
    return [data / scene["file"] for scene in chosen]


def group_of(name: str) -> str:
    """The sensor that made a scene, by the scene's name."""
    return next((sensor for part, sensor in GROUPS.items() if part in name), "other")


def by_group(names: Sequence[str]) -> Dict[str, List[str]]:
    """The scenes of each group, in the order in which they come."""
    groups: Dict[str, List[str]] = {}
    for name in names:
        groups.setdefault(group_of(name), []).append(name)
    return groups


def simulate_rgb(values: np.ndarray, wavelength_nm: np.ndarray) -> np.ndarray:
    """Reflectance (bands, rows, cols) as a camera sees it: (3, rows, cols), red first."""
    return resample(values, wavelength_nm, CENTRES_NM, WIDTHS_NM)


def write_picture(rgb: np.ndarray, georeference: Georeference, output: Path) -> None:
    """Write reflectance ``rgb`` (3, rows, cols) as UInt16 x 10,000 with band scale."""
    picture = Cube(rgb, CENTRES_NM, WIDTHS_NM, "reflectance", georeference)
    write_cube(str(output), picture, "uint16", {}, COLOURS)


def write_calibrated(scene: Path, output: Path) -> None:
    """Write the calibrated picture of ``scene``."""
    cube = read_cube(str(scene))
    write_picture(simulate_rgb(cube.values, cube.wavelength_nm), cube.georeference, output)


def write_large(rgb: Path, side: int, output: Path) -> None:
    """Write ``rgb`` mirrored on and on to ``side`` pixels per side, for timing."""
    seen = read_cube(str(rgb))
    values = np.nan_to_num(seen.values, nan=0.1)
    whole = np.pad(values, [(0, 0), (0, side), (0, side)], mode="symmetric")[:, :side, :side]
    large = replace(seen, values=whole, georeference=Georeference())
    write_picture(large.values, large.georeference, output)
