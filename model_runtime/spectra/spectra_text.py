"""Spectra of features as text: a table in long form, and an ENVI spectral library."""

import csv
import io
import math
from typing import Iterable, Sequence, Tuple

import numpy as np

CANNOT_BE_IN_NAMES = str.maketrans({"{": "(", "}": ")", ",": ";", "\n": " ", "\r": " "})


def table(about: Sequence[str], columns: Sequence[str], rows: Iterable[Sequence]) -> bytes:
    """Write CSV: a line ``# ...`` for each of ``about``, the names of ``columns``, the ``rows``.

    A number that is none stays empty.

    Returns: UTF-8.
    """
    stream = io.StringIO()
    for line in about:
        stream.write(f"# {' '.join(line.split())}\n")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return stream.getvalue().encode("utf-8", "replace")


def _cell(value) -> str:
    if isinstance(value, float):
        return f"{value:.7g}" if math.isfinite(value) else ""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text  # no formula of a spreadsheet


def library(
    names: Sequence[str], wavelength_nm: np.ndarray, spectra: np.ndarray, about: str
) -> Tuple[bytes, bytes]:
    """Write an ENVI spectral library of ``spectra`` (spectra, bands) at ``wavelength_nm`` (bands,).

    Spectral Python and EnMAP-Box read it.

    Returns: the data file and its header.
    """
    values = np.asarray(spectra, "<f4")
    spoken = [name.translate(CANNOT_BE_IN_NAMES).strip() or str(i) for i, name in enumerate(names)]
    header = {
        "description": f"{{ {about.translate(CANNOT_BE_IN_NAMES)} }}",
        "samples": values.shape[1],
        "lines": values.shape[0],
        "bands": 1,
        "header offset": 0,
        "file type": "ENVI Spectral Library",
        "data type": 4,
        "interleave": "bsq",
        "byte order": 0,
        "wavelength units": "Nanometers",
        "spectra names": _in_braces(spoken),
        "wavelength": _in_braces(f"{nm:.10g}" for nm in wavelength_nm),
    }
    lines = ["ENVI", *(f"{key} = {value}" for key, value in header.items())]
    return values.tobytes(), ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _in_braces(words: Iterable[str]) -> str:
    return "{ " + ", ".join(words) + " }"
