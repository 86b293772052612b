"""Shallow and green-blue seas simulated by the model of Lee et al., as a spectral library.

    python training/simulate_water.py FOLDER [--libraries FOLDER]

What the water column scatters back, and what the bottom reflects through it (Lee et al. 1998, doi
10.1364/AO.37.006329; 1999, doi 10.1364/AO.38.003831). Below half a metre of water everything is
black in the near infrared, however green it looks; a model of spectra that has not seen this takes
the sea over seagrass for a meadow. Bottoms are mixed from measured spectra of --libraries.

Colours of vegetation are left out. By its colour a green pond is a meadow, and there are far more
meadows: a model that was shown ponds took smooth fields for water. So a water is kept if its blue
is at least LEAST_BLUE of its red, its green at most MOST_GREEN of its blue, and if it is not as
dark as a shaded crown: turquoise, blue-green and dark green-blue are in here; green, brown and
yellow waters are not. Of the vegetation in the training scenes 0.6 % has such a colour, of
simulated canopies none.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

from model_runtime.errors import InputError
from model_runtime.spectra import resample
from training import cli

NM = np.arange(400.0, 1001.0, 5.0)
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "libraries" / "train"
TABLE_NM = np.arange(400.0, 1001.0, 10.0)
# Absorption of pure water, 1/m: up to 720 nm Pope & Fry 1997 (doi 10.1364/AO.36.008710), beyond
# it Kou et al. 1993 (doi 10.1364/AO.32.003531) as tabulated for PROSPECT-D.
PURE_WATER = np.fromstring(
    "0.00663 0.00473 0.00454 0.00495 0.00635 0.00922 0.00979 0.0106 0.0127 0.0150 0.0204 0.0325 "
    "0.0409 0.0434 0.0474 0.0565 0.0619 0.0695 0.0896 0.1351 0.2224 0.2644 0.2755 0.2916 0.3108 "
    "0.340 0.410 0.439 0.465 0.516 0.624 0.827 1.231 1.621 2.532 2.733 2.771 2.754 2.659 2.466 "
    "2.246 2.188 2.329 3.214 3.949 4.199 4.454 4.752 5.298 5.831 6.407 7.085 8.528 12.46 18.18 "
    "29.76 43.85 48.00 48.21 45.32 40.72",
    sep=" ",
)
# Phytoplankton absorbs (a0 + a1 ln p) p, p of that at 440 nm; to 720 nm (Lee et al. 1998).
PHYTOPLANKTON = np.fromstring(
    "0.6843 0.7782 0.8637 0.9603 1.0000 0.9634 0.9311 0.8697 0.7890 0.7558 0.7333 "
    "0.6911 0.6327 0.5681 0.5046 0.4262 0.3433 0.2950 0.2784 0.2595 0.2389 0.2745 "
    "0.3197 0.3421 0.3331 0.3502 0.5610 0.8435 0.7485 0.3890 0.1360 0.0545 0.0250 "
    "0.0205 0.0129 0.0060 0.0020 0.0000 0.0060 0.0109 0.0157 0.0152 0.0256 0.0559 "
    "0.0865 0.0981 0.0969 0.0900 0.0781 0.0659 0.0600 0.0581 0.0540 0.0495 0.0578 "
    "0.0674 0.0718 0.0685 0.0713 0.1128 0.1595 0.1388 0.0812 0.0317 0.0128 0.0050",
    sep=" ",
).reshape(2, -1)
# Powers of ten of what is drawn: chlorophyll (mg/m3), absorption of dissolved matter at 440 nm
# (1/m), suspended matter (g/m3), depth (m).
CHLOROPHYLL, DISSOLVED, SUSPENDED, DEPTH = (-1.5, 1.5), (-2.0, 0.3), (-1.5, 1.3), (-0.5, 1.4)
SUN_ZENITH = 15.0, 65.0  # degrees
REFRACTION = 1.34
DEEP_SHARE = 0.1  # without a bottom
GLINT_SHARE, GLINT = 0.4, 0.008  # of the waters mirror sky or sun; the mean of what is added
# What bottoms are made of: words in the classes of libraries.
PARTS = {"plants": "vegetation", "litter": "npv/litter", "sand": "bare/sand", "mud": "soil"}
# How much of each there is at most, and of the whole in the end: what is wet is darker. Brown
# algae and corals have no library here: they are leaves whose green is browned by litter.
BOTTOMS: Dict[str, Tuple[Dict[str, float], Tuple[float, float]]] = {
    "seagrass": ({"plants": 1.0, "sand": 0.2}, (0.3, 1.0)),
    "macroalgae": ({"plants": 1.0, "litter": 0.6}, (0.2, 0.7)),
    "coral": ({"plants": 0.6, "litter": 0.6, "sand": 0.6}, (0.3, 0.9)),
    "sand": ({"sand": 1.0, "mud": 0.1, "plants": 0.1}, (0.4, 1.8)),  # of shells and corals, too
    "mud": ({"mud": 1.0, "plants": 0.1}, (0.3, 0.7)),
}
RGB_NM, RGB_FWHM_NM = np.array([640.0, 550.0, 465.0]), np.array([82.0, 82.0, 70.0])
LEAST_BLUE, MOST_GREEN = 1.1, 1.7
DARKEST = 0.012  # green reflectance; what is darker has the colours of shaded crowns


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, 2 libraries without bottoms)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="for shallow_sea.npz")
    parser.add_argument("--libraries", type=Path, default=SHARED, help="of measured spectra")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)

    def work() -> None:
        parts = read_parts(args.libraries)
        spectra, names = simulate(np.random.default_rng(args.seed), parts, args.count)
        args.folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            args.folder / "shallow_sea.npz",
            wavelength_nm=NM.astype(np.float32),
            reflectance_x10000=np.round(spectra * 10_000).astype(np.int16),
            names=names,
            classes=np.full(len(names), ""),
        )

    return cli.run(work)


def read_parts(libraries: Path) -> Dict[str, np.ndarray]:
    """What bottoms are made of: for each of PARTS spectra (count, bands) on NM.

    Raises InputError where there is none of one.
    """
    found: Dict[str, List[np.ndarray]] = {name: [] for name in PARTS}
    for path in sorted(libraries.rglob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            nm, spectra = file["wavelength_nm"], file["reflectance_x10000"] * 1e-4
            classes = np.broadcast_to(file["classes"], len(spectra)).astype(str)
        whole = (spectra >= 0).all(axis=1) & (nm[0] <= 450) & (nm[-1] >= 1000)
        for name, word in PARTS.items():
            picked = whole & (np.char.find(classes, word) >= 0)
            found[name] += [np.interp(NM, nm, one) for one in spectra[picked]]
    if missing := [PARTS[name] for name, each in found.items() if not each]:
        raise InputError(
            f"{libraries} has no spectra of a class with {', '.join(missing)} in its name",
            "name a folder with libraries of plants, litter, sand and soils in --libraries",
        )
    return {name: np.array(each) for name, each in found.items()}


def simulate(
    rng: np.random.Generator, parts: Dict[str, np.ndarray], count: int
) -> Tuple[np.ndarray, np.ndarray]:
    """(spectra (count, bands), names (count,)) of drawn waters of the colours of seas."""
    spectra, names = _draw(rng, parts, 0)
    while len(names) < count:
        more, of = _draw(rng, parts, count)
        kept = is_sea(more)
        spectra, names = np.concatenate([spectra, more[kept]]), np.concatenate([names, of[kept]])
    return spectra[:count], names[:count]


def is_sea(spectra: np.ndarray) -> np.ndarray:
    """Whether a spectrum (count, bands) has a colour that the sea has and vegetation has not."""
    red, green, blue = resample.resample(spectra.T[:, None], NM, RGB_NM, RGB_FWHM_NM)[:, 0]
    return (blue >= LEAST_BLUE * red) & (green <= MOST_GREEN * blue) & (green >= DARKEST)


def _draw(
    rng: np.random.Generator, parts: Dict[str, np.ndarray], count: int
) -> Tuple[np.ndarray, np.ndarray]:
    """(spectra (count, bands), names of their bottoms (count,))."""
    names = rng.choice(list(BOTTOMS), count)
    bottom = np.array([_bottom(rng, parts, name) for name in names]).reshape(-1, len(NM))

    def power(ends: Tuple[float, float]) -> np.ndarray:
        return 10 ** rng.uniform(*ends, (count, 1))

    absorption, backscatter = optical_properties(
        power(CHLOROPHYLL), power(DISSOLVED), power(SUSPENDED), rng.uniform(0, 1.5, (count, 1))
    )
    depth = power(DEPTH)
    deep = rng.random(count) < DEEP_SHARE
    depth[deep], names[deep] = np.inf, "deep"
    sun = np.radians(rng.uniform(*SUN_ZENITH, (count, 1)))
    spectra = reflect(absorption, backscatter, bottom, depth, sun)
    mirrors = rng.random((count, 1)) < GLINT_SHARE
    return spectra + mirrors * rng.exponential(GLINT, (count, 1)), names


def _bottom(rng: np.random.Generator, parts: Dict[str, np.ndarray], name: str) -> np.ndarray:
    """The reflectance of a bottom (bands,): its parts, mixed, and darker as wet things are."""
    most, level = BOTTOMS[name]
    shares = np.array([share * rng.uniform(0.2, 1) for share in most.values()])
    picked = np.array([rng.choice(parts[part]) for part in most])
    return rng.uniform(*level) * (shares / shares.sum()) @ picked


def optical_properties(
    chlorophyll: np.ndarray, dissolved: np.ndarray, suspended: np.ndarray, slope: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """(absorption, backscattering), 1/m, (count, bands); each argument is (count, 1).

    ``slope`` is how steeply particles scatter less towards the infrared. Suspended matter absorbs
    as in Babin et al. 2003 (doi 10.1029/2001JC000882) and scatters 0.0086 m2/g back (Heege 2000).
    """
    at_440 = 0.06 * chlorophyll**0.65
    a0, a1 = (np.interp(NM, TABLE_NM[: len(a)], a, right=0) for a in PHYTOPLANKTON)
    absorption = (
        np.interp(NM, TABLE_NM, PURE_WATER)
        + np.maximum(a0 + a1 * np.log(at_440), 0) * at_440
        + dissolved * np.exp(-0.015 * (NM - 440))
        + suspended * 0.041 * 0.75 * np.exp(-0.0123 * (NM - 443))
    )
    backscatter = 0.0038 * (400 / NM) ** 4.32 + 0.0086 * suspended * (550 / NM) ** slope
    return absorption, backscatter


def reflect(
    absorption: np.ndarray,
    backscatter: np.ndarray,
    bottom: np.ndarray,
    depth: np.ndarray,
    sun: np.ndarray,
) -> np.ndarray:
    """Reflectance above the surface (count, bands), seen from straight above.

    ``absorption``, ``backscatter`` (1/m) and ``bottom``'s reflectance (count, bands); ``depth`` (m)
    and the ``sun``'s zenith angle in air (radians) (count, 1).
    """
    u = backscatter / (absorption + backscatter)
    path = depth * (absorption + backscatter)
    down = 1 / np.sqrt(1 - (np.sin(sun) / REFRACTION) ** 2)
    column = np.exp(-(down + 1.03 * np.sqrt(1 + 2.4 * u)) * path)
    ground = np.exp(-(down + 1.04 * np.sqrt(1 + 5.4 * u)) * path)
    below = (0.084 + 0.170 * u) * u * (1 - column) + bottom / np.pi * ground
    return np.pi * 0.5 * below / (1 - 1.5 * below)


if __name__ == "__main__":
    sys.exit(main())
