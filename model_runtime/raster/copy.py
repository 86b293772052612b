"""Copies a raster into another format with all that it says of its bands."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

from ..errors import InputError
from ..journal.block_store import sync_folder
from .band_metadata import carry_domains, copy_domains
from .dataset import open_dataset, open_with_sidecars, refusing_damage
from .gdal_setup import gdal
from .writer import COG_OPTIONS, WritingErrors, check_output, same_file

COPY_DRIVERS = {"envi": ("ENVI", ()), "cog": ("COG", COG_OPTIONS)}  # what `convert` makes


def check_copy(source: str, output: str, form: str) -> None:
    """Raise InputError unless ``output`` can be a copy of ``source`` in a form of COPY_DRIVERS."""
    target = Path(output)
    if form == "cog":
        check_output(output, [source])
        return
    if target.suffix.lower() in ("", ".hdr", ".tif", ".tiff", ".xml"):
        raise InputError(f"the output '{output}' is no name of ENVI data", "end it in .img or .dat")
    if not target.parent.is_dir():
        raise InputError(
            f"the folder '{target.parent}' does not exist", "make it, or choose another"
        )
    open_dataset(source)
    with refusing_damage(source):
        named = open_with_sidecars(source).GetFileList() or [source]
    for made in (target, target.with_suffix(".hdr")):
        if made.is_dir():
            raise InputError(f"'{made}' is a folder", "name a file")
        if any(same_file(made, Path(name)) for name in named):
            raise InputError(f"'{made}' belongs to the input", "name another file")


def copy_as(source: str, output: str, form: str, tell: Callable[[float], None]) -> None:
    """Copy ``source`` with all that it says of its bands; ``tell`` hears the share that is done.

    GDAL's own copies lose the ENVI domain, and before 3.8 IMAGERY too. Call ``check_copy`` first.
    Raises InputError for an unreadable source, StorageError.
    """
    name, options = COPY_DRIVERS[form]
    dataset, target = open_with_sidecars(source), Path(output)
    with WritingErrors(target), _neighbour(target) as made:
        heard = {"callback": lambda share, *_: tell(share) or 1}
        driver = gdal.GetDriverByName(name)
        copy = driver.CreateCopy(str(made), dataset, options=list(options), **heard)
        if copy is None:  # GDAL forgets to raise when a callback follows the error
            raise RuntimeError(gdal.GetLastErrorMsg() or "cut off")
        if name == "ENVI":
            copy_domains(dataset, copy)
        del copy
        _settle_sidecars(dataset, made, form)
        _move_all(made, target)


@contextmanager
def _neighbour(target: Path) -> Iterator[Path]:
    """A path of the same name in a folder of its own beside ``target``; the folder goes."""
    begin, end = f".{target.name}.", ".part"
    with tempfile.TemporaryDirectory(prefix=begin, suffix=end, dir=target.parent) as folder:
        yield Path(folder) / target.name


def _settle_sidecars(source, made: Path, form: str) -> None:
    if form == "cog":
        carry_domains(source, made)
        return
    header = made.with_suffix(".hdr")
    # GDAL writes the path as description; this one is about to change.
    described = header.read_bytes().replace(os.fsencode(made), os.fsencode(made.name))
    header.write_bytes(described)


def _move_all(made: Path, target: Path) -> None:
    """Move ``made`` and its sidecars beside ``target``, the raster itself last."""
    Path(f"{target}.aux.xml").unlink(missing_ok=True)
    for path in sorted(made.parent.iterdir(), key=lambda path: path == made):
        path.replace(target.parent / path.name)
    sync_folder(target.parent)
