"""The spectra that the panel shows, and what can be asked of them. No Qt, no QGIS."""

import csv
import io
from dataclasses import dataclass, replace
from typing import List, Optional, Sequence, Tuple

import numpy as np

from ..model_runtime.contract import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet's formula begins
# A yellow that light and dark themes both show is the last.
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, "#b8a800")
POINT_DASHES, REFERENCE_DASHES = ("-", "-.", ":", "--"), ("--", ":")


@dataclass(frozen=True)
class Origin:
    """Where a picked spectrum was read.

    Point ``number``, from 1, at ``place`` in the reference system ``crs`` (as QGIS writes it), from
    the layer ``layer_id`` as the mean of ``side`` × ``side`` pixels. ``rank``: the layer's among
    those that were read there, from 0. ``is_spread``: the layer is an estimate's spread.
    """

    number: int
    place: Tuple[float, float]
    crs: str
    layer_id: str
    layer_name: str = ""
    side: int = 1
    rank: int = 0
    is_spread: bool = False


@dataclass(frozen=True)
class Spectrum:
    """One line of the chart: ``values`` and, where known, ``spread`` (bands,) at each nm.

    ``origin`` is empty for a reference.
    """

    name: str
    colour: str
    wavelength_nm: np.ndarray
    values: np.ndarray
    spread: Optional[np.ndarray] = None
    origin: Optional[Origin] = None


def colour_of(number: int) -> str:
    """The colour of the ``number``-th spectrum, from 0."""
    return COLOURS[number % len(COLOURS)]


def dashes_of_point(origin: Origin) -> str:
    """A picked spectrum's dashes: others for each layer, and once the colours come again."""
    turn = (origin.number - 1) // len(COLOURS) + origin.rank
    return POINT_DASHES[turn % len(POINT_DASHES)]


def dashes_of_reference(place: int) -> str:
    """The dashes of the ``place``-th reference, from 0: others once the colours come again."""
    return REFERENCE_DASHES[place // len(COLOURS) % len(REFERENCE_DASHES)]


def clip(reference: Spectrum, points: Sequence[Spectrum]) -> Spectrum:
    """``reference`` from the first to the last wavelength of ``points``, whole without any.

    At both ends it has the value between its neighbours, so that its line reaches there.
    """
    if not points:
        return reference
    nm = np.asarray(reference.wavelength_nm, np.float64)
    ends = [float(end(one.wavelength_nm)) for end in (np.min, np.max) for one in points]
    low, high = min(ends), max(ends)
    kept = nm[(nm > low) & (nm < high)]
    wanted = [*([low] if nm[0] <= low <= nm[-1] else []), *kept]
    wanted += [high] if nm[0] <= high <= nm[-1] and high > low else []
    return replace(
        reference,
        wavelength_nm=np.array(wanted),
        values=np.interp(wanted, nm, reference.values),
    )


def nearest(spectra: Sequence[Spectrum], nm: float, value: float) -> Optional[Tuple[int, int]]:
    """(spectrum, band) of the line that lies next to ``value`` at ``nm``; None beside all lines."""
    found = []
    for i, one in enumerate(spectra):
        seen = np.flatnonzero(np.isfinite(one.values))
        if not seen.size:
            continue
        at = np.asarray(one.wavelength_nm)[seen]
        if at.min() <= nm <= at.max():
            band = int(seen[np.argmin(np.abs(at - nm))])
            found.append((abs(float(one.values[band]) - value), i, band))
    return min(found)[1:] if found else None


def on_one_grid(spectra: Sequence[Spectrum]) -> Tuple[np.ndarray, np.ndarray, List[str]]:
    """The spectra at the wavelengths of the first, between neighbours where theirs are others.

    Returns: nm (bands,), values (spectra, bands), NaN where one sees nothing; the names of those
    that were interpolated.
    """
    nm = np.asarray(spectra[0].wavelength_nm, np.float64)
    rows, moved = [], []
    for one in spectra:
        if np.array_equal(nm, one.wavelength_nm):
            rows.append(np.asarray(one.values, np.float64))
            continue
        rows.append(np.interp(nm, one.wavelength_nm, one.values, left=np.nan, right=np.nan))
        moved.append(one.name)
    return nm, np.array(rows), moved


def as_csv(spectra: Sequence[Spectrum]) -> str:
    """A row per wavelength; a column per spectrum and one for its spread, empty without a value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = [column for one in spectra for column in _columns(one)]
    writer.writerow(["wavelength_nm", *(_no_formula(name) for name, _ in columns)])
    every = sorted({float(nm) for one in spectra for nm in one.wavelength_nm})
    for nm in every:
        writer.writerow([f"{nm:.9g}", *(_cell(values.get(nm)) for _, values in columns)])
    return out.getvalue()


def about(spectra: Sequence[Spectrum]) -> List[str]:
    """A line for each picked spectrum: its layer, place, reference system and pixels."""
    return [
        f"{one.name}: {o.layer_name}, {o.place[0]:.10g} {o.place[1]:.10g}, "
        f"{' '.join(o.crs.split())}, mean of {o.side} x {o.side} pixels"
        for one in spectra
        if (o := one.origin) is not None
    ]


def _no_formula(name: str) -> str:
    """``name`` as a cell that a spreadsheet does not compute."""
    return f"'{name}" if name[:1] in FORMULA_SIGNS else name


def _columns(one: Spectrum) -> List[Tuple[str, dict]]:
    place = "" if one.origin is None else " ({:.10g} {:.10g})".format(*one.origin.place)
    nm = [float(value) for value in one.wavelength_nm]
    found = [(one.name + place, dict(zip(nm, one.values)))]
    if one.spread is not None:
        found.append((f"{one.name} spread", dict(zip(nm, one.spread))))
    return found


def _cell(value: Optional[float]) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.6g}"
