"""What a cancelled run leaves to go on from: the folder NAME.blocks beside its output."""

from pathlib import Path
from typing import Optional, Tuple

from ..model_runtime.contract import JOURNAL_SUFFIX
from ..translation import tr

_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def folder_of(output: Path) -> Path:
    """Where the worker keeps the finished tiles of ``output``."""
    return Path(f"{output}{JOURNAL_SUFFIX}")


def cancelled_text(output: Optional[Path], done: Optional[Tuple[float, float]]) -> str:
    """What was cancelled and what stays; ``done``: finished and all tiles, where that is known."""
    size = 0 if output is None else _bytes_in(folder_of(output))
    if not size:
        return tr("Cancelled: nothing was written.")
    if done is None:
        share = tr("Finished tiles")
    else:
        share = tr("{done:g} of {total:g} tiles").format(done=done[0], total=done[1])
    text = tr(
        "Cancelled. {share} are kept in {folder} ({size}): run again with the same settings to go "
        "on, or delete that folder."
    )
    return text.format(share=share, folder=folder_of(output), size=size_text(size))


def size_text(count: int) -> str:
    """Bytes in the largest unit of which there is one: 147 MB."""
    for size, unit in _UNITS:
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} B"


def _bytes_in(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.glob("*.block"))
    except OSError:
        return 0
