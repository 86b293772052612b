"""Copies a raster into another format with all that it says of its bands."""

import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Callable, Iterator, List

from ..contract import PART_SUFFIX
from ..errors import InputError, StorageError, one_line
from ..system import final_names
from ..system.cancellation import tidy
from ..system.durable_files import sync_file, sync_folder, write_durably
from ..system.file_lock import take_lock
from .band_metadata import carry_domains, copy_domains
from .dataset import DAMAGED, files_read, open_dataset, open_with_sidecars
from .gdal_setup import callback_of, closing_errors, gdal
from .writer import COG_OPTIONS, WritingErrors, check_name

COPY_DRIVERS = {"envi": ("ENVI", ()), "cog": ("COG", COG_OPTIONS)}  # what `convert` makes
# Data whose header would have the same name as that of NAME.img.
ENVI_ENDS = ("", ".img", ".dat", ".bsq", ".bil", ".bip", ".raw", ".bin", ".sli")
CUT_OFF = "cut off"  # said where GDAL says nothing, as 3.10 does of a source that it cannot read
READING_SIGNS = ("IReadBlock", "TIFFRead", "Read error", "ReadEncoded", CUT_OFF)
LOCK_NAME, ENDING_NAME = "lock", "ending"


def check_copy(source: str, output: str, form: str, overwrite: bool) -> None:
    """Check that ``output`` can be a copy of ``source`` in ``form``, one of COPY_DRIVERS.

    Raises: InputError where it cannot.
    """
    open_dataset(source)
    if form == "cog":
        check_name(output)
        target = final_names.geotiff(output)
    else:
        _check_envi_name(Path(output))
        target = final_names.envi(output)
    folder = _folder_beside(Path(output))
    unfinished = _ending(folder) == _command(source, form)
    if folder.is_dir() and not unfinished:
        _sweep(folder)
    final_names.check([target], files_read(source), overwrite or unfinished)


def _check_envi_name(target: Path) -> None:
    if target.suffix.lower() in ("", ".hdr", ".tif", ".tiff", ".xml"):
        raise InputError(
            f"the output '{target}' must be a name of ENVI data", "use a name that ends in .img"
        )
    if not target.parent.is_dir():
        raise InputError(
            f"the folder '{target.parent}' does not exist", "make it, or choose another"
        )
    header = target.with_suffix(".hdr")
    for made in (target, header):
        if made.is_dir():
            raise InputError(f"'{made}' is a folder", "name a file")
    others = (target.with_suffix(end) for end in ENVI_ENDS if end != target.suffix.lower())
    if header.exists() and not target.exists() and any(other.is_file() for other in others):
        raise InputError(f"'{header}' is the header of another raster", final_names.ANOTHER)


def copy_as(
    source: str, output: str, form: str, tell: Callable[[float], None], overwrite: bool = True
) -> None:
    """Copy ``source`` with all that it says of its bands; ``tell`` hears the share that is done.

    GDAL's own copies lose the ENVI domain, and before 3.8 IMAGERY too. Call ``check_copy`` first.
    If it fails, what was there is left as it was.

    Raises: InputError for an unreadable source, StorageError.
    """
    dataset, target = open_with_sidecars(source), Path(output)
    overwrite = overwrite or _ending(_folder_beside(target)) == _command(source, form)
    with _place_beside(target) as made, WritingErrors(target):
        try:
            _copy(dataset, made, form, tell)
        except RuntimeError as error:
            if _is_damaged(dataset, error):
                raise InputError(
                    f"'{source}' cannot be read ({one_line(error)})", DAMAGED
                ) from error.with_traceback(None)
            raise
        _refuse_cut_off(dataset, made, form)
        # From now on the same command may replace what this one has given its name.
        write_durably(made.parent / ENDING_NAME, _command(source, form))
        sync_folder(made.parent)
        _move_all(made, target, overwrite)


def _command(source: str, form: str) -> bytes:
    return os.fsencode(f"{form} of {Path(source).absolute()}")


def _ending(folder: Path) -> bytes:
    """What the run was that was cut off there while its files got their names; b"" for none."""
    try:
        return (folder / ENDING_NAME).read_bytes()
    except OSError:
        return b""


def _folder_beside(target: Path) -> Path:
    return target.parent / f".{target.name}{PART_SUFFIX}"


def _copy(dataset, made: Path, form: str, tell: Callable[[float], None]) -> None:
    name, options = COPY_DRIVERS[form]
    driver, said = gdal.GetDriverByName(name), []
    gdal.PushErrorHandler(lambda kind, number, message: said.append(message))
    try:
        copy = driver.CreateCopy(
            str(made), dataset, options=list(options), callback=callback_of(tell)
        )
    except RuntimeError as error:
        said.append(str(error))
        copy = None
    finally:
        gdal.PopErrorHandler()
    if copy is None:  # GDAL forgets to raise when a callback follows the error
        raise RuntimeError("; ".join(dict.fromkeys(said)) or CUT_OFF)
    if name == "ENVI":
        copy_domains(dataset, copy)
    with closing_errors() as trouble:
        del copy
    if trouble:
        raise RuntimeError(trouble[0])
    _settle_sidecars(dataset, made, form)


def _is_damaged(dataset, error: RuntimeError) -> bool:
    """Whether the source, and not the disk, is why a copy failed.

    GDAL has no types of errors: one that speaks of reading may be of its own half-written file.
    """
    if not any(sign in str(error) for sign in READING_SIGNS):
        return False
    try:
        for number in range(1, dataset.RasterCount + 1):
            dataset.GetRasterBand(number).Checksum()
    except RuntimeError:
        return True
    return False


@contextmanager
def _place_beside(target: Path) -> Iterator[Path]:
    """A path of the same name in a hidden folder beside ``target``; the folder goes.

    It has one name and a lock, so that what a killed run left there is found and removed.
    """
    folder = _folder_beside(target)
    with WritingErrors(target):
        folder.mkdir(exist_ok=True)
        lock = take_lock(folder / LOCK_NAME)
    if lock is None:
        raise StorageError(f"another run is making '{target}'", "wait for it, or name another file")
    remove = tidy_folder(folder)
    try:
        with WritingErrors(target):
            _empty(folder)
        yield folder / target.name
    finally:
        remove()
        os.close(lock)


def tidy_folder(folder: Path) -> Callable[[], None]:
    """Register the removal of ``folder`` before a forced exit.

    Returns: a function that removes it now.
    """

    def remove() -> None:
        with suppress(OSError):
            _empty(folder)  # the mark of the end last: until then the same run may still end
        shutil.rmtree(folder, ignore_errors=True)

    done = tidy(remove)

    def now() -> None:
        remove()
        done()

    return now


def _sweep(folder: Path) -> None:
    """Remove what a killed run left, if that is not still running."""
    with suppress(OSError):
        lock = take_lock(folder / LOCK_NAME)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _empty(folder: Path) -> None:
    """Without the mark of an end: until the new one, what has its name may be replaced."""
    for path in folder.iterdir():
        if path.name not in (LOCK_NAME, ENDING_NAME):
            path.unlink()


def _settle_sidecars(source, made: Path, form: str) -> None:
    if form == "cog":
        carry_domains(source, made)
        return
    header = made.with_suffix(".hdr")
    # GDAL writes the path as description; this one is about to change.
    described = header.read_bytes().replace(os.fsencode(made), os.fsencode(made.name))
    header.write_bytes(described)


def _refuse_cut_off(source, made: Path, form: str) -> None:
    """Raise RuntimeError where the disk does not hold all that GDAL said it wrote."""
    whole = _envi_is_whole if form == "envi" else _tiff_is_whole
    if not whole(source, made):
        raise RuntimeError("the disk does not hold all of it")
    for path in _files_beside(made):
        sync_file(path)


def _envi_is_whole(source, made: Path) -> bool:
    bands = [source.GetRasterBand(i + 1) for i in range(source.RasterCount)]
    pixel = sum(gdal.GetDataTypeSize(band.DataType) // 8 for band in bands)
    size = source.RasterXSize * source.RasterYSize * pixel
    return made.stat().st_size >= size and _header_is_whole(source, made.with_suffix(".hdr"))


def _header_is_whole(source, header: Path) -> bool:
    """Whether the header ends after its last entry: ENVI's own, then the nodata value."""
    text = header.read_text(encoding="utf-8", errors="replace")
    wanted = ["band names", *(key.replace("_", " ") for key in source.GetMetadata("ENVI"))]
    nodata = source.GetRasterBand(1).GetNoDataValue()
    if nodata is not None:
        wanted.append("data ignore value")
    ends = text.endswith("\n") and text.count("{") == text.count("}")
    return ends and all(f"\n{key} = " in text for key in wanted)


def _tiff_is_whole(_, made: Path) -> bool:
    copy, size = gdal.OpenEx(str(made), gdal.OF_RASTER), made.stat().st_size
    return not any(_ends_late(copy.GetRasterBand(i + 1), size) for i in range(copy.RasterCount))


def _ends_late(band, size: int) -> bool:
    width, height = band.GetBlockSize()
    for y in range(-(-band.YSize // height)):
        for x in range(-(-band.XSize // width)):
            start = band.GetMetadataItem(f"BLOCK_OFFSET_{x}_{y}", "TIFF")
            length = band.GetMetadataItem(f"BLOCK_SIZE_{x}_{y}", "TIFF")
            if start and length and int(start) + int(length) > size:
                return True
    return False


def _files_beside(made: Path) -> List[Path]:
    own = LOCK_NAME, ENDING_NAME
    return [path for path in made.parent.iterdir() if path.name not in own]


def _move_all(made: Path, target: Path, overwrite: bool) -> None:
    """Move ``made`` and its sidecars beside ``target``, the raster itself last."""
    if overwrite:
        Path(f"{target}.aux.xml").unlink(missing_ok=True)
    for path in sorted(_files_beside(made), key=lambda path: path == made):
        final_names.give_name(path, target.parent / path.name, overwrite)
    sync_folder(target.parent)
