"""Spectra out of text files as people have them: CSV, tables, ECOSTRESS's and USGS's files.

Told apart by what is in them, not by their names: where the numbers begin, by what they are
separated, and whether the wavelengths run down the first column, along the first row, or lie in
another file (USGS's splib07).
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from .wavelength_units import nanometres_per_unit

NANOMETRES, MICROMETRES, WAVENUMBERS = "nm", "µm", "cm-1"
_NM_PER = {NANOMETRES: 1.0, MICROMETRES: 1000.0}
SUFFIXES = (".csv", ".txt", ".tsv", ".tab", ".dat", ".asc", ".spectrum")
_COMMENTS = ("#", "%", "!", "//")
_SEPARATORS = (";", "\t", ",")
_FEWEST = 2  # points of a spectrum
_LEAST_NM, _MOST_NM = 100.0, 1e6
# Of what a 95 % quantile can be: reflectance below, then percent, then parts of 10,000.
_BRIGHTEST, _PERCENT, _TEN_THOUSAND = 2.0, 150.0, 20_000.0
_ONE_WAY = 0.9  # of a column of wavelengths rises, or falls
_BEYOND = 1e30  # USGS marks deleted channels by -1.23e34
_MISSING = (-999, -9999, -99999, -32768, -32767)  # what others write where they have none
# How numbers were read, where that is a guess.
PERCENT, TEN_THOUSANDTHS = "read as percent", "read as reflectance × 10,000"
_TOLD = re.compile(r"X?(\d+(?:[.,]\d+)?)\s*(?:nm|µm|um)?")  # R puts an X before column names
_USGS_TITLE = re.compile(r"splib\w+\s+Record=\d+:\s*(.*)")


class Unreadable(ValueError):
    """Why a file holds no spectra: ``text`` with ``values`` in its braces, to be translated."""

    def __init__(self, text: str, **values: object):
        super().__init__(text.format(**values))
        self.text, self.values = text, values


@dataclass(frozen=True)
class Table:
    """``wavelength_nm`` (points,), ``values`` (spectra, points) in reflectance, NaN for none.

    ``notice``: PERCENT, TEN_THOUSANDTHS or ""; ``unit``: what the wavelengths were given in;
    ``group``: what kind of material the file says it is.
    """

    names: List[str]
    wavelength_nm: np.ndarray
    values: np.ndarray
    notice: str = ""
    unit: str = NANOMETRES
    group: str = ""


@dataclass(frozen=True)
class _Numbers:
    """The rows of numbers in a file: ``cells`` (rows, columns).

    ``heads``: the lines before, in cells; ``fields``: those that say ``key: text``; ``labels``: the
    rows' own names, where they have some.
    """

    heads: List[List[str]]
    fields: Dict[str, str]
    labels: List[str]
    cells: np.ndarray


def read_text(path: Path) -> Table:
    """Read the spectra in ``path``.

    Returns: the Table.
    Raises: Unreadable where it holds none; OSError.
    """
    found = _numbers(_decode(path))
    if found.labels:
        return _along_the_rows(path, found)
    if found.cells.shape[1] == 1:
        return _one_column(path, found)
    return _down_the_columns(path, found)


def _decode(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _numbers(text: str) -> _Numbers:
    lines = [
        line
        for line in re.split(r"\r\n|\r|\n", text)
        if line.strip() and not line.strip().startswith(_COMMENTS)
    ]
    if not lines:
        raise Unreadable("it is empty")
    separator = _separator(lines)
    rows = [_cells(line, separator) for line in lines]
    first = next((i for i, row in enumerate(rows) if _is_numeric(row, separator)), None)
    head = _wavelength_row(rows if first is None else rows[: first + 1], separator)
    if head is not None or first is None:
        return _label(rows[head or 0 :], separator)
    body = [row for row in rows[first:] if _is_numeric(row, separator)]
    width = max(set(map(len, body)), key=[len(row) for row in body].count)
    cells = [[_number(cell, separator) for cell in row] for row in body if len(row) == width]
    fields = dict(_fields(lines[:first]))
    return _Numbers(rows[:first], fields, [], np.array(cells, np.float64))


def _label(rows: Sequence[List[str]], separator: str) -> _Numbers:
    """Rows that begin with their labels: the first has the wavelengths behind its own."""
    labels = _labels_before(rows[0], separator) if rows else 0
    if not labels:
        raise Unreadable("it has no rows of numbers")
    head, wide = rows[0], len(rows[0])
    whole = [row for row in rows[1:] if _is_numeric(row[labels:], separator)]
    if not whole or any(len(row) != wide for row in whole):
        raise Unreadable("it has no rows of numbers")
    cells = [[_wavelength(cell, separator) for cell in head[labels:]]]
    cells += [[_number(cell, separator) for cell in row[labels:]] for row in whole]
    names = [head[0], *_names([row[:labels] for row in whole])]
    return _Numbers([], {}, names, np.array(cells, np.float64))


def _names(labels: Sequence[Sequence[str]]) -> List[str]:
    """What rows are called: their first label, or all of them where that does not tell them apart.

    Tables of field campaigns begin with a name, a class, a site, a date.
    """
    first = [row[0] for row in labels]
    if len(set(first)) == len(first):
        return first
    return [" ".join(filter(None, row)) for row in labels]


def _wavelength_row(rows: Sequence[List[str]], separator: str) -> Optional[int]:
    """The number of the row whose cells are wavelengths, of which the next one has values."""
    for i, (row, below) in enumerate(zip(rows, rows[1:])):
        labels = _labels_before(row, separator)
        if labels and len(below) == len(row) and _is_numeric(below[labels:], separator):
            return i
    return None


def _labels_before(row: Sequence[str], separator: str) -> int:
    """How many cells stand before a row's wavelengths; 0 where it is no row of wavelengths.

    ``id,400,410,420``, ``name,class,lat,X400,X410,X420``: as R writes them, too. Samples that are
    called 1, 2, 3 are no wavelengths.
    """
    numbers = np.array([_wavelength(cell, separator) for cell in row])
    labels = int(np.flatnonzero(~np.isfinite(numbers)).max(initial=-1)) + 1
    told = numbers[labels:]
    if len(told) < _FEWEST or not _runs_one_way(told):
        return 0
    counted = told.max() < _LEAST_NM and (told == np.round(told)).all()
    return 0 if counted else labels


def _wavelength(cell: str, separator: str) -> float:
    """The number of a cell in a row of wavelengths: ``400``, ``400 nm``, ``X400``."""
    told = _TOLD.fullmatch(cell)
    return _number(told.group(1) if told else cell, separator)


def _runs_one_way(numbers: np.ndarray) -> bool:
    """Whether nearly all ``numbers`` rise, or nearly all fall; sensors overlap a little."""
    rising = float(np.mean(np.diff(numbers) > 0))
    return rising >= _ONE_WAY or rising <= 1 - _ONE_WAY


def _separator(lines: Sequence[str]) -> str:
    """What stands between the numbers of most lines; blank for white space."""
    for separator in _SEPARATORS:
        parted = [line for line in lines if line.count(separator)]
        if 2 * len(parted) > len(lines):
            return separator
    return " "


def _cells(line: str, separator: str) -> List[str]:
    if separator == " ":
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]


def _is_numeric(row: Sequence[str], separator: str) -> bool:
    """Whether a row is numbers, of which all but the first may be missing."""
    given = [cell for cell in row if cell]
    return bool(row and row[0]) and all(np.isfinite(_number(c, separator)) for c in given)


def _number(cell: str, separator: str) -> float:
    if separator != ",":
        cell = cell.replace(",", ".")
    try:
        return float(cell.rstrip("%"))
    except ValueError:
        return float("nan")


def _fields(lines: Sequence[str]) -> Iterator[Tuple[str, str]]:
    """ECOSTRESS's head: ``X Units: Wavelength (micrometers)``."""
    for line in lines:
        key, colon, text = line.partition(":")
        if colon:
            yield key.strip().lower(), text.strip()


def _down_the_columns(path: Path, found: _Numbers) -> Table:
    nm, unit = _in_nm(found.cells[:, 0], _unit_of(found))
    values = found.cells[:, 1:].T
    if found.fields.get("name") or _is_splib06(found):  # the further column is a deviation
        values = values[:1]
    return _table(_column_names(path, found, len(values)), nm, values, found, unit)


def _along_the_rows(path: Path, found: _Numbers) -> Table:
    nm, unit = _in_nm(found.cells[0], found.labels[0])
    return _table(found.labels[1:], nm, found.cells[1:], found, unit)


def _one_column(path: Path, found: _Numbers) -> Table:
    """USGS's splib07: a title and the values; their wavelengths lie in another file."""
    count = len(found.cells)
    for candidate in _wavelength_files(path):
        other = _numbers(_decode(candidate))
        if other.cells.shape == (count, 1):
            nm, unit = _in_nm(other.cells[:, 0], "micrometers")
            return _table(_column_names(path, found, 1), nm, found.cells.T, found, unit)
    raise Unreadable(
        "it holds one column of {count} values: put the file with their {count} wavelengths "
        "(USGS: …Wavelengths….txt) beside it",
        count=count,
    )


def _wavelength_files(path: Path) -> Iterator[Path]:
    """Files of wavelengths beside ``path`` or in the two folders above, as USGS's archive has."""
    for folder in list(path.resolve().parents)[:3]:
        yield from sorted(
            one for one in folder.glob("*.txt") if "wavelength" in one.name.lower() and one != path
        )


def _column_names(path: Path, found: _Numbers, count: int) -> List[str]:
    title = found.fields.get("name") or _usgs_title(found)
    if title and count == 1:
        return [title]
    for row in reversed(found.heads):
        if len(row) == count + 1:
            return [name or f"{path.stem} {i}" for i, name in enumerate(row[1:], 1)]
    return [path.stem] if count == 1 else [f"{path.stem} {i}" for i in range(1, count + 1)]


def _is_splib06(found: _Numbers) -> bool:
    return any("splib06" in " ".join(row) for row in found.heads)


def _usgs_title(found: _Numbers) -> str:
    for row in found.heads:
        title = _USGS_TITLE.search(" ".join(row))
        if title:
            return title.group(1).strip()
    return ""


def _unit_of(found: _Numbers) -> str:
    """What the head says of the first column: ``Wavelength (micrometers)``, ``nm``."""
    last = found.heads[-1][0] if found.heads and found.heads[-1] else ""
    return found.fields.get("x units") or last


def _in_nm(wavelength: np.ndarray, said: str) -> Tuple[np.ndarray, str]:
    """Wavelengths (points,) in nm, and their unit; raises Unreadable for numbers that are none."""
    known = wavelength[np.isfinite(wavelength)]
    if known.size < _FEWEST or not (known > 0).all():
        raise Unreadable("the first column (or row) must be wavelengths")
    unit = _unit_in(said.lower(), float(known.max()))
    nm = 1e7 / wavelength if unit == WAVENUMBERS else wavelength * _NM_PER[unit]
    known = nm[np.isfinite(nm)]
    if known.min() < _LEAST_NM or known.max() > _MOST_NM or not _runs_one_way(known):
        raise Unreadable("the first column (or row) must be wavelengths")
    return nm, unit


def _unit_in(word: str, largest: float) -> str:
    if "cm-1" in word or "cm^-1" in word or "wavenumber" in word:
        return WAVENUMBERS
    said = next((u for u in ("micro", "µm", "μm", "um", "nano", "nm") if u in word), "")
    return MICROMETRES if nanometres_per_unit(said, largest) > 1 else NANOMETRES


def _table(
    names: List[str], nm: np.ndarray, values: np.ndarray, found: _Numbers, unit: str
) -> Table:
    values = np.where(is_missing(values), np.nan, values)
    if not np.isfinite(values).any():
        raise Unreadable("it has no values")
    factor, notice = scale_of(values, found.fields.get("y units", ""))
    group = " ".join(filter(None, (found.fields.get(key) for key in ("type", "class"))))
    return Table(names, nm, values * factor, notice, unit, group)


def is_missing(stored: np.ndarray) -> np.ndarray:
    """Find the numbers that stand for no value, before any scale.

    Returns: bool in the shape of ``stored``.
    """
    return np.isin(stored, _MISSING) | (np.abs(stored) >= _BEYOND)


def scale_of(values: np.ndarray, said: str = "") -> Tuple[float, str]:
    """Tell reflectance from percent and parts of 10,000 by the unit that is ``said`` and by size.

    ``values`` (spectra, points) with at least one number.

    Returns: the factor to reflectance, and PERCENT or TEN_THOUSANDTHS where it is not 1, else "".
    """
    bright = float(np.quantile(values[np.isfinite(values)], 0.95))
    if "percent" in said.lower() or "%" in said or _BRIGHTEST < bright <= _PERCENT:
        return 0.01, PERCENT
    if _PERCENT < bright <= _TEN_THOUSAND:
        return 1e-4, TEN_THOUSANDTHS
    return 1.0, ""
