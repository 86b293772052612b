"""Leaves simulated by PROSPECT-D: ``python training/simulate_leaves.py OUT`` writes a library.

Needs the wheel ``prosail``. Ranges: Feret et al. 2017 (doi 10.1016/j.rse.2017.03.004), with
yellowing, anthocyanins and dry leaves.
"""

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

import numpy as np

FIRST_NM, LAST_NM, STEP_NM = 400, 1000, 5
PROSPECT_FIRST_NM = 400
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


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="the library, an .npz file")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    wavelength_nm, spectra = simulate(args.count, args.seed)
    stored = np.round(spectra * 10_000).astype(np.int16)
    np.savez_compressed(args.out, wavelength_nm=wavelength_nm, reflectance_x10000=stored)
    return 0


def simulate(count: int, seed: int):
    """(wavelength_nm (bands,), reflectance (count, bands)) of leaves drawn from RANGES."""
    import prosail  # only here: nothing else of training needs it

    rng = np.random.default_rng(seed)
    wavelength_nm = np.arange(FIRST_NM, LAST_NM + 1, STEP_NM, dtype=np.float32)
    picked = wavelength_nm.astype(int) - PROSPECT_FIRST_NM
    spectra = []
    for _ in range(count):
        leaf = {name: rng.uniform(*ends) for name, ends in RANGES.items()}
        leaf["cbrown"] *= rng.random() ** 3  # most leaves are not brown
        leaf["ant"] *= rng.random() ** 2
        spectra.append(prosail.run_prospect(**leaf, prospect_version="D")[1][picked])
    return wavelength_nm, np.array(spectra)


if __name__ == "__main__":
    sys.exit(main())
