"""What the options page sets: the first values of a dialog. Scripts and batches see none of it."""

from typing import Any

from qgis.core import QgsSettings

MODEL, DEVICE, THREADS = "model", "device", "threads"
NAMES = (MODEL, DEVICE, THREADS)
_PREFIX = "scdm/default_"


def default_of(name: str) -> str:
    """The chosen default for ``name``, "" for none."""
    return str(QgsSettings().value(_PREFIX + name, "") or "")


def set_default(name: str, value: Any) -> None:
    """Keep ``value`` as the default for ``name``; what is empty is forgotten."""
    if value in (None, "", 0):
        QgsSettings().remove(_PREFIX + name)
    else:
        QgsSettings().setValue(_PREFIX + name, str(value))
