"""Reference spectra as the panel draws them: read as the worker reads them, in the user's words."""

from dataclasses import replace
from pathlib import Path
from typing import List

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ..model_runtime.spectra import spectral_library
from ..model_runtime.spectra.spectral_library import Reference
from ..translation import tr

# What the runtime says of a guess, for the translators.
NOTICES = (
    QT_TRANSLATE_NOOP("scdm", "read as percent"),
    QT_TRANSLATE_NOOP("scdm", "read as reflectance × 10,000"),
)


class LibraryError(Exception):
    """A library that cannot be read; the text says why and what to do."""


def read(path: Path) -> List[Reference]:
    """The spectra in ``path``, their notices in the user's language; raises LibraryError."""
    try:
        found = spectral_library.read(path)
    except spectral_library.LibraryError as error:
        reason = tr(error.text).format(**error.values) if error.values else tr(error.text)
        raise LibraryError(
            tr(
                "'{name}' cannot be read as spectra: {error}. These are read: ENVI libraries (.sli "
                "with its .hdr beside it), tables (CSV, tabs, blanks) with the wavelengths in the "
                "first column or row, files of ECOSTRESS and USGS."
            ).format(name=error.name, error=reason)
        ) from error
    return [replace(one, notice=tr(one.notice) if one.notice else "") for one in found]
