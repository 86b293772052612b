"""Reference spectra from an ENVI spectral library (.sli with .hdr) or a text file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List

import numpy as np

from ..model_runtime.raster.wavelengths import nanometres_per_unit
from ..translation import tr
from .spectral_text import SUFFIXES, read_text

_DTYPES = {1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8", 12: "u2", 13: "u4", 14: "i8", 15: "u8"}
LARGEST_BYTES = 200_000_000


class LibraryError(Exception):
    """A library that cannot be read; the text says why and what to do."""


@dataclass(frozen=True)
class Reference:
    """One spectrum: ``wavelength_nm`` and ``values`` (points,), NaN where it has none.

    ``notice``: how its numbers were read, where that is a guess.
    """

    name: str
    wavelength_nm: np.ndarray
    values: np.ndarray
    notice: str = ""


def read(path: Path) -> List[Reference]:
    """The spectra in ``path``, a text file or an ENVI library; raises LibraryError."""
    path = Path(path)
    try:
        return _text(path) if path.suffix.lower() in SUFFIXES else _envi(path)
    except (OSError, ValueError, KeyError, UnicodeDecodeError) as error:
        raise LibraryError(
            tr(
                "'{name}' cannot be read as spectra: {error}. These are read: ENVI libraries (.sli "
                "with its .hdr beside it), tables (CSV, tabs, blanks) with the wavelengths in the "
                "first column or row, files of ECOSTRESS and USGS."
            ).format(name=path.name, error=error)
        ) from error


def _text(path: Path) -> List[Reference]:
    table = read_text(path)
    return [
        _sort(name, table.wavelength_nm, row, table.notice)
        for name, row in zip(table.names, table.values)
    ]


def _envi(path: Path) -> List[Reference]:
    header = _header(_header_path(path))
    if header.get("file type", "").lower() != "envi spectral library":
        raise ValueError(tr("its .hdr is not of file type 'ENVI Spectral Library'"))
    points, count = int(header["samples"]), int(header["lines"])
    kind = np.dtype(_DTYPES[int(header["data type"])])
    order = ">" if header.get("byte order", "0").strip() == "1" else "<"
    data = path.with_suffix(".sli") if path.suffix.lower() == ".hdr" else path
    offset = int(header.get("header offset", "0"))
    if points < 1 or count < 1 or points * count * kind.itemsize > LARGEST_BYTES:
        raise ValueError(
            tr("{count} spectra of {points} points").format(count=count, points=points)
        )
    raw = np.fromfile(data, kind.newbyteorder(order), points * count, offset=offset)
    values = raw.reshape(count, points) / float(header.get("reflectance scale factor", "1"))
    wavelength = _in_nm(_numbers(header["wavelength"]), header.get("wavelength units", ""))
    if len(wavelength) != points:
        text = tr("{count} wavelengths for {points} points")
        raise ValueError(text.format(count=len(wavelength), points=points))
    if not np.isfinite(wavelength).all():
        raise ValueError(tr("its wavelengths are not all numbers"))
    names = [name.strip() for name in header.get("spectra names", "").split(",")]
    names += [f"{path.stem} {i + 1}" for i in range(len(names), count)]
    return [_sort(name or path.stem, wavelength, row) for name, row in zip(names, values)]


def _header_path(path: Path) -> Path:
    for candidate in (path.with_suffix(".hdr"), path.with_name(path.name + ".hdr")):
        if candidate.is_file():
            return candidate
    raise ValueError(tr("there is no .hdr beside it"))


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


def _in_nm(wavelength: np.ndarray, units: str) -> np.ndarray:
    return wavelength * nanometres_per_unit(units, float(wavelength.max()))


def _sort(name: str, wavelength: np.ndarray, values: np.ndarray, notice: str = "") -> Reference:
    kept = np.isfinite(wavelength)
    order = np.argsort(wavelength[kept], kind="stable")
    cleaned = np.where(np.abs(values) < 1e30, values, np.nan)  # -1.23e34 marks deleted channels
    return Reference(name.strip(), wavelength[kept][order], cleaned[kept][order], notice)
