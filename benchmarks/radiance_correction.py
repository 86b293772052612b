"""What a correction of radiance without ground truth gets wrong, on scenes of known truth.

    python benchmarks/radiance_correction.py [--data DIR] [--config FILE.toml]

Radiance can be made into reflectance from the scene alone: dark pixels give the haze, and the mean
of the scene's endmembers is taken to be that of a library (QUAC: Bernstein et al. 2012). Whatever
sun and air did to each band cancels, so its error is how far a scene's mean is from the library's.
That is measured here on reflectance scenes, against a library of the other places' scenes: degrees
between the corrected and the true spectra, with all pixels' mean and with that of endmembers.
"""

import argparse
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, List, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from model_runtime.spectra.metrics import spectral_angles
from training import config as settings_file
from training.data.dataset import Scene, load_scenes

ROOT = Path(__file__).resolve().parents[1]
ENDMEMBERS = 30
RED_NM, INFRARED_NM, GREENEST = 670, 800, 0.4  # QUAC leaves out vegetation, by its NDVI
Mean = Callable[[np.ndarray], np.ndarray]


def endmembers(spectra: np.ndarray, count: int = ENDMEMBERS) -> np.ndarray:
    """The ``count`` of ``spectra`` (bands, pixels) that differ most, by successive projections."""
    left, found = spectra.astype(np.float64), []
    for _ in range(min(count, len(spectra))):
        found.append(int((left**2).sum(0).argmax()))
        way = left[:, found[-1]] / max(np.linalg.norm(left[:, found[-1]]), 1e-12)
        left = left - np.outer(way, way @ left)
    return spectra[:, found]


def endmember_mean(wavelength_nm: np.ndarray) -> Mean:
    """A function of spectra that gives the mean of those endmembers that are not green."""
    red, infrared = (int(np.abs(wavelength_nm - nm).argmin()) for nm in (RED_NM, INFRARED_NM))

    def mean(spectra: np.ndarray) -> np.ndarray:
        found = endmembers(spectra)
        ndvi = (found[infrared] - found[red]) / (found[infrared] + found[red] + 1e-6)
        bare = found[:, ndvi < GREENEST]
        return (bare if bare.size else found).mean(1)

    return mean


def angle(one: np.ndarray, other: np.ndarray) -> float:
    """The mean angle of spectra (bands, pixels), degrees; where one is zero there is none."""
    return float(np.nanmean(spectral_angles(one, other)))


def errors(places: Dict[str, List[np.ndarray]], mean: Mean) -> Dict[str, float]:
    """Degrees, by place, of spectra corrected with the other places' mean; a place counts once."""
    shapes = {place: [mean(s) / mean(s).mean() for s in scenes] for place, scenes in places.items()}
    library = {place: np.mean(each, axis=0) for place, each in shapes.items()}
    found = {}
    for place, scenes in places.items():
        others = np.mean([shape for name, shape in library.items() if name != place], axis=0)
        each = zip(scenes, shapes[place])
        found[place] = float(np.mean([angle(s, s * (others / own)[:, None]) for s, own in each]))
    return found


def by_place(scenes: Sequence[Scene]) -> Dict[str, List[np.ndarray]]:
    """The seen spectra (bands, pixels) of each scene, by the first word of its name."""
    found = defaultdict(list)
    for scene in scenes:
        found[scene.name.split("_")[0]].append(scene.cube[:, scene.seen.any(0)])
    return found


def main() -> None:
    """Print a row a place."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "train"))
    parser.add_argument("--config", type=Path, default=ROOT / "training/configs/vnir48.toml")
    args = parser.parse_args()
    config = settings_file.load(args.config)
    config = replace(config, data=replace(config.data, camera_share=0.0))
    places = by_place(load_scenes([args.data], config))
    all_pixels = errors(places, lambda spectra: spectra.mean(1))
    of_endmembers = errors(places, endmember_mean(np.array(config.output.wavelength_nm)))
    print("| place | mean of all pixels | mean of endmembers |\n|---|---:|---:|")
    for place in places:
        print(f"| {place} | {all_pixels[place]:.1f}° | {of_endmembers[place]:.1f}° |")
    both = (np.mean(list(found.values())) for found in (all_pixels, of_endmembers))
    print("| mean | {:.1f}° | {:.1f}° |".format(*both))


if __name__ == "__main__":
    main()
