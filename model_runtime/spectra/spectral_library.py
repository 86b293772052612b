"""Reference spectra: of ENVI spectral libraries (.sli with .hdr), text files, folders of them.

The panel in QGIS reads by this module too, so it imports NumPy and nothing else.
"""

import fnmatch
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Tuple

import numpy as np

from ..errors import InputError
from .spectral_text import (
    MICROMETRES,
    NANOMETRES,
    SUFFIXES,
    Unreadable,
    is_missing,
    read_text,
    scale_of,
)
from .wavelength_units import nanometres_per_unit

_DTYPES = {1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8", 12: "u2", 13: "u4", 14: "i8", 15: "u8"}
LARGEST_BYTES = 200_000_000
ENVI_SUFFIX = ".sli"
THESE_ARE_READ = (
    "these are read: ENVI libraries (.sli with its .hdr beside it), tables (CSV, tabs, blanks) "
    "with the wavelengths in the first column or row, files of ECOSTRESS and USGS"
)


class LibraryError(InputError):
    """A library that cannot be read: ``text`` with ``values`` in its braces says why."""

    def __init__(self, name: str, text: str, values: Dict[str, object]):
        said = text.format(**values) if values else text
        super().__init__(f"'{name}' cannot be read as spectra: {said}", THESE_ARE_READ)
        self.name, self.text, self.values = name, text, values


@dataclass(frozen=True)
class Reference:
    """One spectrum: ``wavelength_nm`` and ``values`` (points,), NaN where it has none.

    ``notice``: how its numbers were read, where that is a guess; ``unit`` of the wavelengths in the
    file; ``group``: what kind of material the file says it is, "" where it does not.
    """

    name: str
    wavelength_nm: np.ndarray
    values: np.ndarray
    notice: str = ""
    unit: str = NANOMETRES
    group: str = ""


def read(path: Path) -> List[Reference]:
    """Read the spectra in ``path``, a text file or an ENVI library.

    Returns: the spectra, in the file's order.
    Raises: LibraryError.
    """
    path = Path(path)
    try:
        return _text(path) if path.suffix.lower() in SUFFIXES else _envi(path)
    except Unreadable as error:
        raise LibraryError(path.name, error.text, error.values) from error
    except (OSError, ValueError, KeyError) as error:
        raise LibraryError(path.name, str(error), {}) from error


def read_all(paths: Sequence[Path]) -> Tuple[List[Reference], List[str]]:
    """Read files and whole folders of spectra, in the order given, folders by name.

    Returns: the spectra, and why a file in a folder was left out.
    Raises: LibraryError for a file that is named itself and cannot be read; InputError for none.
    """
    found: List[Reference] = []
    left_out: List[str] = []
    for path in map(Path, paths):
        if not path.is_dir():
            found += read(path)
            continue
        for file in _files_of(path):
            try:
                found += read(file)
            except LibraryError as error:
                left_out.append(error.message)
    if not found:
        raise InputError(
            f"'{', '.join(map(str, paths))}' holds no spectra", f"name a library; {THESE_ARE_READ}"
        )
    return found, left_out


def _files_of(folder: Path) -> Iterator[Path]:
    """The files below ``folder`` that may be spectra; not USGS's wavelengths."""
    for path in sorted(folder.rglob("*")):
        known = path.suffix.lower() in (*SUFFIXES, ENVI_SUFFIX)
        if known and path.is_file() and "wavelength" not in path.name.lower():
            yield path


def choose(spectra: Sequence[Reference], patterns: Sequence[str]) -> List[Reference]:
    """Choose the ``spectra`` whose name or group holds one of ``patterns``, in any case.

    A pattern may have ``*`` and ``?``; none chooses all.

    Returns: the chosen, in their order.
    Raises: InputError where nothing is chosen.
    """
    rules = [f"*{pattern.strip().lower()}*" for pattern in patterns if pattern.strip()]
    chosen = [one for one in spectra if not rules or any(_fits(one, rule) for rule in rules)]
    if not chosen:
        some = ", ".join(one.name for one in spectra[:5])
        raise InputError(
            f"none of the library's {len(spectra)} spectra has '{', '.join(patterns)}' in its name",
            f"choose others; they begin with: {some}",
        )
    return chosen


def _fits(one: Reference, rule: str) -> bool:
    return any(fnmatch.fnmatchcase(text.lower(), rule) for text in (one.name, one.group) if text)


def _text(path: Path) -> List[Reference]:
    table = read_text(path)
    return [
        _sort(Reference(name, table.wavelength_nm, row, table.notice, table.unit, table.group))
        for name, row in zip(table.names, table.values)
    ]


def _envi(path: Path) -> List[Reference]:
    header = _header(_header_path(path))
    if header.get("file type", "").lower() != "envi spectral library":
        raise Unreadable("its .hdr is not of file type 'ENVI Spectral Library'")
    points, count = int(header["samples"]), int(header["lines"])
    order = ">" if header.get("byte order", "0").strip() == "1" else "<"
    kind = np.dtype(order + _DTYPES[int(header["data type"])])
    data = path.with_suffix(".sli") if path.suffix.lower() == ".hdr" else path
    offset = int(header.get("header offset", "0"))
    if points < 1 or count < 1 or points * count * kind.itemsize > LARGEST_BYTES:
        raise Unreadable("{count} spectra of {points} points", count=count, points=points)
    raw = np.fromfile(data, kind, points * count, offset=offset)
    stored = _without_missing(header, raw.reshape(count, points).astype(np.float64))
    factor, notice = _scale_of(header, stored)
    wavelength, unit = _in_nm(_numbers(header["wavelength"]), header.get("wavelength units", ""))
    if len(wavelength) != points:
        text = "{count} wavelengths for {points} points"
        raise Unreadable(text, count=len(wavelength), points=points)
    if not np.isfinite(wavelength).all():
        raise Unreadable("its wavelengths are not all numbers")
    names = [name.strip() for name in header.get("spectra names", "").split(",")]
    names += [f"{path.stem} {i + 1}" for i in range(len(names), count)]
    return [
        _sort(Reference(name or path.stem, wavelength, row, notice, unit))
        for name, row in zip(names, stored * factor)
    ]


def _scale_of(header: Dict[str, str], stored: np.ndarray) -> Tuple[float, str]:
    """The factor to reflectance: as the header says, else as the numbers look."""
    said = header.get("reflectance scale factor")
    if said is not None:
        return 1 / float(said), ""
    return scale_of(stored) if np.isfinite(stored).any() else (1.0, "")


def _header_path(path: Path) -> Path:
    for candidate in (path.with_suffix(".hdr"), path.with_name(path.name + ".hdr")):
        if candidate.is_file():
            return candidate
    raise Unreadable("there is no .hdr beside it")


def _header(path: Path) -> Dict[str, str]:
    """The ENVI header's fields: ``name = value`` or ``name = {value, over lines}``."""
    fields, name, parts = {}, "", []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if not name:
            key, equals, text = line.partition("=")
            if not equals:
                continue
            name, parts = key.strip().lower(), [text.strip()]
        else:
            parts.append(line.strip())
        if not parts[0].startswith("{") or parts[-1].endswith("}"):
            fields[name], name = " ".join(parts).strip("{} "), ""
    return fields


def _numbers(text: str) -> np.ndarray:
    return np.array([float(part) for part in text.split(",") if part.strip()])


def _in_nm(wavelength: np.ndarray, units: str) -> Tuple[np.ndarray, str]:
    factor = nanometres_per_unit(units, float(wavelength.max()))
    return wavelength * factor, MICROMETRES if factor > 1 else NANOMETRES


def _without_missing(header: Dict[str, str], stored: np.ndarray) -> np.ndarray:
    """``stored`` (spectra, points), NaN where the header or the number itself says: no value."""
    ignored = header.get("data ignore value")
    missing = is_missing(stored)
    if ignored is not None:
        missing |= np.isclose(stored, float(ignored), rtol=1e-6, atol=0)  # as float32 keeps it
    good = _numbers(header.get("bbl", ""))
    if len(good) == stored.shape[1] and good.any():  # a list that calls all bad says nothing
        missing |= good == 0
    return np.where(missing, np.nan, stored)


def _sort(one: Reference) -> Reference:
    kept = np.isfinite(one.wavelength_nm)
    order = np.argsort(one.wavelength_nm[kept], kind="stable")
    nm, values = one.wavelength_nm[kept][order], one.values[kept][order]
    return replace(one, name=one.name.strip(), wavelength_nm=nm, values=values)
