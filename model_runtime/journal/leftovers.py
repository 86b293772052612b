"""Describes what an unfinished run leaves: how much, where, and how its settings differ."""

from contextlib import suppress
from pathlib import Path
from typing import Dict, List, Tuple

from .unit_store import UnitStore

MAX_NAMED = 4
_INPUT, _OPTION, _TAG = "input ", "--", "SCDM_"


def describe_kept(folder: Path, run: str, tiles: int, tiles_of_a_unit: int) -> Tuple[str, str]:
    """Describe what is kept of a cancelled run, for the two parts of an error.

    ``tiles`` of the whole run; ``tiles_of_a_unit`` at most in one file of the journal.

    Returns: what is kept, and what to do about it.
    """
    names = UnitStore(folder, run).names() if folder.is_dir() else set()
    if not names:
        return "Cancelled. Nothing was written", ""
    done = min(tiles, len(names) * tiles_of_a_unit)
    return (
        f"Cancelled. {done} of {tiles} tiles are kept in {folder.name} ({size(folder)})",
        "run again with the same settings to go on, or delete that folder",
    )


def size(folder: Path) -> str:
    """Add up the sizes of the files in ``folder``.

    Returns: words such as ``147 MB``.
    """
    total = 0
    for path in folder.iterdir():
        with suppress(OSError):  # gone meanwhile
            total += path.stat().st_size
    return size_in_words(total)


def size_in_words(count: float) -> str:
    """Write a number of bytes in words.

    Returns: for example ``800 kB``, ``147 MB`` or ``1.2 GB``.
    """
    for unit, bytes_of_unit in (("GB", 1e9), ("MB", 1e6)):
        if count >= bytes_of_unit:
            value = count / bytes_of_unit
            return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"
    return f"{max(1, round(count / 1e3))} kB"


def differences(found: Dict[str, str], facts: Dict[str, str]) -> str:
    """List the settings in which two runs differ, the user's own first.

    Returns: words such as ``extent, quality``.
    """
    changed = [name for name in {*found, *facts} if found.get(name) != facts.get(name)]
    options = sorted(name for name in changed if name.startswith(_OPTION))
    inputs = [name for name in changed if name.startswith(_INPUT)]
    # Tags and tiles follow from options and input: they are named where these do not differ.
    others = [] if options or inputs else sorted(changed)
    names: List[str] = [_plain(name) for name in [*options, *others]]
    names += ["the input file"] if inputs else []
    shown = names[:MAX_NAMED]
    return ", ".join([*shown, "…"] if len(names) > MAX_NAMED else shown)


def _plain(name: str) -> str:
    for start in (_OPTION, _TAG):
        if name.startswith(start):
            return name[len(start) :].replace("_", " ").replace("-", " ").lower()
    return name
