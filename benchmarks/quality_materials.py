"""Materials by class: measured spectra of a library as patches of a picture, and their estimates.

Each class is one picture: a patch of PATCH x PATCH pixels for each spectrum, in an order drawn once
(so that a patch's neighbours say nothing about it), lit by ``light`` and with NOISE on every value.
The angle is that of a patch's mean inner spectrum; a value is covered where its stated interval
holds the truth, give or take STORED.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import library_file
import numpy as np
from quality_bench import Bench, Table, over
from quality_measures import Figures, put_on_bands
from quality_scenes import simulate_rgb, write_picture

from model_runtime.contract import INTERVAL_SPREADS
from model_runtime.errors import InputError
from model_runtime.raster.cube import read_cube
from model_runtime.raster.georeference import Georeference
from model_runtime.spectra.metrics import spectral_angles

PATCH, RIM, NOISE = 12, 3, 0.01
STORED = 1e-4  # reflectance: what the storage of a value may lose
FIGURES = ("sam_degrees", "coverage")
MEAN_OF_MOST, APART = "mean without water and plastics", ("lake water", "plastics")
# (library, beginning of the class in it): the class of the table.
CLASSES: Dict[Tuple[str, str], str] = {
    ("earthlib", "bare"): "soil and sand",
    ("earthlib", "built"): "roofs and roads (Santa Barbara)",
    ("earthlib", "vegetation"): "canopies (simulated)",
    ("earthlib", "npv"): "litter, wood and char",
    ("earthlib", "burned"): "litter, wood and char",
    ("klum", ""): "facades and roofs (Karlsruhe)",
    ("usgs", ""): "minerals and man-made (USGS)",
    ("leaf", ""): "single leaves",
    ("greenland", ""): "ice and snow",
    ("knaeps", ""): "plastics",
    ("water", ""): "lake water",
}


@dataclass(frozen=True)
class Material:
    """The spectra of one class: ``reflectance`` (bands, spectra) at ``wavelength_nm``, some NaN."""

    name: str
    wavelength_nm: np.ndarray
    reflectance: np.ndarray

    @property
    def cells(self) -> Tuple[int, int]:
        """(rows, columns) of patches in the picture."""
        columns = int(np.ceil(np.sqrt(self.reflectance.shape[1])))
        return -(-self.reflectance.shape[1] // columns), columns


def materials(folder: Path, seed: int = 0) -> List[Material]:
    """The classes of the libraries in ``folder``; raises InputError where there is none."""
    found: Dict[str, List[Material]] = {}
    for path in sorted(folder.glob("*.npz")):
        for part in _classes_of(path):
            found.setdefault(part.name, []).append(part)
    if not found:
        raise InputError(f"{folder} holds no library (.npz)", "name the data's folder: --data")
    return [_shuffle(_join(parts), seed) for parts in found.values()]


def _classes_of(path: Path) -> Iterator[Material]:
    """The spectra of each class in one library that the calibrated picture can show."""
    library = library_file.read(path)
    colours = simulate_rgb(library.reflectance[:, None], library.wavelength_nm)[:, 0]
    seen = np.isfinite(colours).all(axis=0)
    names = np.array([class_of(path.stem, name) for name in library.classes])
    for name in dict.fromkeys(names[seen]):
        kept = library.reflectance[:, seen & (names == name)]
        yield Material(str(name), library.wavelength_nm, kept)


def class_of(library: str, name: str) -> str:
    """The table's class of a library's class; one that the table does not know is its own."""
    for (part, beginning), found in CLASSES.items():
        if library.startswith(part) and name.startswith(beginning):
            return found
    return f"{library}: {name}"


def _join(parts: Sequence[Material]) -> Material:
    """One class of several parts, which must have the same bands."""
    first, *rest = parts
    if any(not np.array_equal(part.wavelength_nm, first.wavelength_nm) for part in rest):
        raise InputError(f"two libraries hold '{first.name}'", "give each its own class: CLASSES")
    spectra = np.concatenate([part.reflectance for part in parts], axis=1)
    return Material(first.name, first.wavelength_nm, spectra)


def _shuffle(material: Material, seed: int) -> Material:
    order = np.random.default_rng(seed).permutation(material.reflectance.shape[1])
    return Material(material.name, material.wavelength_nm, material.reflectance[:, order])


def light(rows: int, cols: int) -> np.ndarray:
    """The light on the picture's pixels (rows, cols): gentle waves, as of a rough surface."""
    x, y = np.arange(cols), np.arange(rows)[:, None]
    return 1 + 0.08 * np.sin(x / 9) * np.cos(y / 7)


def in_patches(spectra: np.ndarray, cells: Tuple[int, int]) -> np.ndarray:
    """(bands, spectra) as a raster of patches (bands, rows, cols); left-over cells begin again."""
    rows, columns = cells
    number = np.arange(rows * columns) % spectra.shape[1]
    grid = spectra[:, number].reshape(-1, rows, columns)
    return grid.repeat(PATCH, axis=1).repeat(PATCH, axis=2)


def inner(raster: np.ndarray, spectra: int) -> np.ndarray:
    """The inner pixels of each patch: (bands, spectra, pixels)."""
    bands, rows, cols = raster.shape
    cells = raster.reshape(bands, rows // PATCH, PATCH, cols // PATCH, PATCH)
    kept = cells[:, :, RIM:-RIM, :, RIM:-RIM].transpose(0, 1, 3, 2, 4)
    return kept.reshape(bands, -1, (PATCH - 2 * RIM) ** 2)[:, :spectra]


def picture(material: Material, seed: int = 0) -> np.ndarray:
    """The class as a camera sees it: reflectance (3, rows, cols), red first."""
    colours = simulate_rgb(material.reflectance[:, None], material.wavelength_nm)[:, 0]
    lit = in_patches(colours, material.cells)
    lit = lit * light(*lit.shape[1:])
    noise = NOISE * np.random.default_rng(seed).standard_normal(lit.shape)
    return (lit * (1 + noise)).astype(np.float32)


def judge(material: Material, estimated: Path, spread: Optional[Path] = None) -> Figures:
    """Mean angle over the spectra of a class, and the share of values in their interval."""
    cube, count = read_cube(str(estimated)), material.reflectance.shape[1]
    seen = put_on_bands(cube, material.reflectance[:, None], material.wavelength_nm)[:, 0]
    found = inner(cube.values, count)
    truth = inner(in_patches(seen, material.cells) * light(*cube.values.shape[1:]), count)
    angles = spectral_angles(found.mean(axis=2)[..., None], truth.mean(axis=2)[..., None])
    covered = (
        _coverage(found, truth, inner(read_cube(str(spread)).values, count)) if spread else np.nan
    )
    return {"spectra": count, "sam_degrees": float(np.nanmean(angles)), "coverage": covered}


def _coverage(found: np.ndarray, truth: np.ndarray, spread: np.ndarray) -> float:
    exists = np.isfinite(found) & np.isfinite(truth) & np.isfinite(spread)
    inside = np.abs(found - truth) <= INTERVAL_SPREADS * spread + STORED
    return float(inside[exists].mean())


def on_materials(bench: Bench, classes: Sequence[Material]) -> Table:
    """Figures of every method on every class, and their mean over all but those APART."""
    table = {material.name: _on_material(bench, material) for material in classes}
    most = [row for name, row in table.items() if name not in APART]
    return {**table, MEAN_OF_MOST: over(most, names=FIGURES)} if most else table


def _on_material(bench: Bench, material: Material) -> Dict[str, Figures]:
    name = "".join(letter if letter.isalnum() else "_" for letter in material.name)
    rgb = bench.folder / f"material_{name}.tif"
    write_picture(picture(material), Georeference(), rgb)
    row = {}
    for method in bench.methods:
        estimated = bench.estimate(method, rgb, "reflectance")
        row[method.name] = judge(material, estimated.path, estimated.made.spread)
    return row
