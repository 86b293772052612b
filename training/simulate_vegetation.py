"""Leaves and tree crowns simulated by PROSPECT-D, as spectral libraries.

    python training/simulate_vegetation.py FOLDER

Needs the wheel ``prosail``. Leaves: ranges of Feret et al. 2017 (doi 10.1016/j.rse.2017.03.004),
with yellowing, anthocyanins and dry leaves. Crowns: what leaves scatter among themselves by their
recollision probability p, from a single leaf's spectrum (p = 0) to that of dense shoots (Smolander
& Stenberg 2005, doi 10.1016/j.rse.2004.06.020), and what their surfaces mirror of the sun, alike at
all wavelengths (Bousquet et al. 2005, doi 10.1016/j.rse.2005.07.005):

    crown = lit share x (w (1 - p) / (1 - p w) + mirrored),  w = leaf reflectance + transmittance
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, Optional, Sequence, Tuple

import numpy as np

FIRST_NM, LAST_NM, STEP_NM = 400, 1000, 5
# Least and most: structure, chlorophyll, carotenoids, brown pigments, water, dry matter,
# anthocyanins (micrograms or grams per square centimetre).
RANGES = {
    "n": (1.0, 2.8),
    "cab": (0.0, 85.0),
    "car": (0.0, 22.0),
    "cbrown": (0.0, 1.2),
    "cw": (0.002, 0.04),
    "cm": (0.001, 0.02),
    "ant": (0.0, 12.0),
}
RECOLLISION = (0.0, 0.5)
MIRRORED = (0.0, 0.08)  # without it crowns have half the blue of measured ones of the same green
LIT_SHARE = (0.04, 0.5)  # by its logarithm: crowns are darker than leaves, deep ones much
OPEN, MIDDLING = 0.15, 0.3  # crowns of lower and higher recollision probability are classes


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="for leaves.npz and crowns.npz")
    parser.add_argument("--count", type=int, default=6000, help="of each")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    args.folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(args.seed)
    wavelength_nm, reflectance, transmittance = leaves(rng, args.count)
    spectra, classes = crowns(rng, reflectance + transmittance)
    _save(args.folder / "leaves.npz", wavelength_nm, reflectance, _leaf_classes(reflectance))
    _save(args.folder / "crowns.npz", wavelength_nm, spectra, classes)
    return 0


def leaves(rng: np.random.Generator, count: int) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(wavelength_nm (bands,), reflectance, transmittance (count, bands)) of drawn leaves."""
    import prosail  # only here: nothing else of training needs it

    wavelength_nm = np.arange(FIRST_NM, LAST_NM + 1, STEP_NM, dtype=np.float32)
    picked = wavelength_nm.astype(int) - FIRST_NM
    spectra = [prosail.run_prospect(**_draw(rng), prospect_version="D") for _ in range(count)]
    both = (np.array([leaf[part][picked] for leaf in spectra]) for part in (1, 2))
    return (wavelength_nm, *both)


def _draw(rng: np.random.Generator) -> Dict[str, float]:
    leaf = {name: rng.uniform(*ends) for name, ends in RANGES.items()}
    leaf["cbrown"] *= rng.random() ** 3  # most leaves are not brown
    leaf["ant"] *= rng.random() ** 2
    return leaf


def _leaf_classes(reflectance: np.ndarray) -> np.ndarray:
    """By how green they are: the depth of the red absorption against the green peak."""
    bands = (np.array([550, 670]) - FIRST_NM) // STEP_NM
    green, red = reflectance[:, bands].T
    return np.select([red < 0.45 * green, red < 0.8 * green], ["green", "pale"], "dry or red")


def crowns(rng: np.random.Generator, albedo: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """(spectra (count, bands), classes (count,)) of crowns of leaves of ``albedo``."""
    p = rng.uniform(*RECOLLISION, (len(albedo), 1))
    lit = np.exp(rng.uniform(*np.log(LIT_SHARE), (len(albedo), 1)))
    mirrored = rng.uniform(*MIRRORED, (len(albedo), 1))
    spectra = lit * (albedo * (1 - p) / (1 - p * albedo) + mirrored)
    kinds = np.select([p[:, 0] < OPEN, p[:, 0] < MIDDLING], ["open", "middling"], "dense")
    return spectra, kinds


def _save(path: Path, wavelength_nm: np.ndarray, spectra: np.ndarray, classes: np.ndarray) -> None:
    stored = np.round(spectra * 10_000).astype(np.int16)
    np.savez_compressed(
        path, wavelength_nm=wavelength_nm, reflectance_x10000=stored, classes=classes
    )


if __name__ == "__main__":
    sys.exit(main())
