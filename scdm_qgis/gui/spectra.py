"""The spectra that the panel shows, and their table as CSV. No Qt, no QGIS."""

import csv
import io
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np

from ..model_runtime.contract import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet's formula begins
# A yellow that light and dark themes both show is the last.
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, "#b8a800")


@dataclass(frozen=True)
class Spectrum:
    """One line of the chart: ``values`` and, where known, ``spread`` (bands,) at each nm.

    ``place`` is the point in the map's coordinates, ``layer_id`` the layer that it was read from,
    ``number`` its own, from 1; all are empty for a reference. ``is_spread``: the values are not
    reflectance but an estimate's spread.
    """

    name: str
    colour: str
    wavelength_nm: np.ndarray
    values: np.ndarray
    spread: Optional[np.ndarray] = None
    place: Optional[Tuple[float, float]] = None
    layer_id: str = ""
    number: int = 0
    is_spread: bool = False


def colour_of(number: int) -> str:
    """The colour of the ``number``-th spectrum, from 0."""
    return COLOURS[number % len(COLOURS)]


def dashes_of(number: int, reference: bool) -> str:
    """The ``number``-th spectrum's dashes, from 0: others once the colours come again."""
    styles = ("--", ":") if reference else ("-", "-.", ":")
    return styles[number // len(COLOURS) % len(styles)]


def as_csv(spectra: Sequence[Spectrum]) -> str:
    """A row a wavelength, a column a spectrum and one its spread; empty where it has no value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = [column for one in spectra for column in _columns(one)]
    writer.writerow(["wavelength_nm", *(_no_formula(name) for name, _ in columns)])
    every = sorted({float(nm) for one in spectra for nm in one.wavelength_nm})
    for nm in every:
        writer.writerow([f"{nm:.9g}", *(_cell(values.get(nm)) for _, values in columns)])
    return out.getvalue()


def _no_formula(name: str) -> str:
    """``name`` as a cell that a spreadsheet does not compute."""
    return f"'{name}" if name[:1] in FORMULA_SIGNS else name


def _columns(one: Spectrum) -> List[Tuple[str, dict]]:
    place = "" if one.place is None else f" ({one.place[0]:.10g} {one.place[1]:.10g})"
    nm = [float(value) for value in one.wavelength_nm]
    found = [(one.name + place, dict(zip(nm, one.values)))]
    if one.spread is not None:
        found.append((f"{one.name} spread", dict(zip(nm, one.spread))))
    return found


def _cell(value: Optional[float]) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.6g}"
