"""Which files a command may write, and how a finished file gets its name.

Nothing that is read is written, no two outputs share a file, and what exists is replaced only when
that was asked for, by a raster's neighbours too. It is asked before any work, and again when a
finished file gets its name: what appeared meanwhile is not replaced either.
"""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator, List, Sequence, Tuple

from ..contract import ENVI_ENDS, PART_SUFFIX
from ..errors import InputError, StorageError

OVERWRITE = "give --overwrite to replace it, or another name"
ANOTHER = "name another file"


@dataclass(frozen=True)
class Target:
    """A file to be made; ``beside``: its neighbours, which are made, replaced or removed with it.

    ``folder``: where parts of it lie, as a mosaic's sheets.
    """

    path: Path
    beside: Tuple[Path, ...] = ()
    folder: Path = Path()

    @property
    def names(self) -> Tuple[Path, ...]:
        """All files that are touched."""
        return (self.path, *self.beside)


def geotiff(path: str) -> Target:
    """Name a GeoTIFF with its sidecars: stale ones that describe another raster go with it.

    Returns: the Target.
    """
    return Target(Path(path), tuple(Path(f"{path}{end}") for end in (".aux.xml", ".ovr", ".msk")))


def mosaic(path: str, sheets: Path) -> Target:
    """Name a VRT over the folder ``sheets``.

    Returns: the Target.
    """
    return Target(Path(path), (), sheets)


def envi(path: str) -> Target:
    """Name ENVI data with its header, whose name other data with another ending would share.

    Returns: the Target.
    """
    return Target(Path(path), (Path(path).with_suffix(".hdr"), Path(f"{path}.aux.xml")))


def is_envi(path: str) -> bool:
    """Decide by its name whether an output is ENVI data.

    Returns: whether it is.
    """
    return Path(path).suffix.lower() in ENVI_ENDS


def raster(path: str) -> Target:
    """Name a raster of one file with its sidecars, ENVI data or a GeoTIFF by its name.

    Returns: the Target.
    """
    return envi(path) if is_envi(path) else geotiff(path)


def page(path: str) -> Target:
    """Name a file without neighbours.

    Returns: the Target.
    """
    return Target(Path(path))


def check(targets: Sequence[Target], read: Iterable[str], overwrite: bool) -> None:
    """Check that the command may write ``targets`` while it reads ``read``.

    Raises: InputError where it may not.
    """
    refuse_inputs(targets, read)
    refuse_shared(targets)
    if not overwrite:
        refuse_existing(targets)


def refuse_inputs(targets: Sequence[Target], read: Iterable[str]) -> None:
    """Check that no target, nor a neighbour of one, is a file that is read.

    Raises: InputError where one is.
    """
    sources = [Path(name) for name in read]
    for target in targets:
        for name in target.names:
            if any(is_same_file(name, source) for source in sources):
                raise InputError(f"'{name}' is also the input, or a file that it reads", ANOTHER)
        for source in sources if target.folder != Path() else ():
            if target.folder.resolve() in source.resolve().parents:
                raise InputError(
                    f"'{source}', which the input reads, lies in '{target.folder}'", ANOTHER
                )


def refuse_shared(targets: Sequence[Target]) -> None:
    """Check that no two targets touch the same file.

    Raises: InputError where two do.
    """
    taken: List[Path] = []
    for target in targets:
        for name in target.names:
            if any(is_same_file(name, other) for other in taken):
                raise InputError(f"'{name}' is also another output", ANOTHER)
        taken += target.names


def refuse_existing(targets: Sequence[Target]) -> None:
    """Check that no target, nor a neighbour of one, exists.

    Raises: InputError where one does.
    """
    for target in targets:
        _drop_second_name(target.path)
    for name in _existing(targets):
        raise InputError(f"'{name}' exists", OVERWRITE)


def refuse_appeared(targets: Sequence[Target]) -> None:
    """Check as ``refuse_existing`` does, when the work is done.

    Raises: StorageError, which keeps what is done.
    """
    for name in _existing(targets):
        raise StorageError(f"'{name}' was made by something else meanwhile", OVERWRITE)


def _drop_second_name(path: Path) -> None:
    """Remove the first name of a file that got its own just before a kill."""
    part = Path(f"{path}{PART_SUFFIX}")
    if part.is_file() and path.is_file() and part.samefile(path):
        part.unlink(missing_ok=True)


def _existing(targets: Sequence[Target]) -> Iterator[Path]:
    return (name for target in targets for name in target.names if os.path.lexists(name))


def is_same_file(a: Path, b: Path) -> bool:
    """Tell whether two names belong to one file, whether it exists or not.

    Returns: True where they do.
    """
    try:
        if a.exists() and b.exists():
            return a.samefile(b)
        return a.resolve() == b.resolve()
    except (OSError, ValueError):
        return False


def give_name(part: Path, name: Path, overwrite: bool) -> None:
    """Give the finished file ``part`` its final ``name``.

    Raises: OSError; StorageError where a file has that name and ``overwrite`` is false, however
        late it came.
    """
    try:
        _give_name(Path(part), Path(name), overwrite)
    except FileExistsError:
        raise StorageError(f"'{name}' was made by something else meanwhile", OVERWRITE) from None


def _give_name(part: Path, name: Path, overwrite: bool) -> None:
    if overwrite:
        part.replace(name)
        return
    if os.name == "nt":
        part.rename(name)  # does not replace there
        return
    try:
        os.link(part, name)  # a second name, which no system gives where there is a file
    except FileExistsError:
        raise
    except OSError:  # a file system without links: an instant lies between looking and renaming
        if os.path.lexists(name):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(name)) from None
        part.replace(name)
        return
    part.unlink()
