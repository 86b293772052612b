"""Writes a raster window by window, beside its final name (``.part``) until it is complete.

It is a GeoTIFF; where it is to be another format, it is copied at the end.
"""

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Sequence, Tuple

import numpy as np

from ..contract import PART_SUFFIX
from ..errors import InputError, ScdmError, StorageError, one_line
from ..system import final_names
from ..system.durable_files import sync_file, sync_folder
from ..tiling import BLOCK_SIDE
from . import overviews
from .band_metadata import carry_domains, describe_raster
from .encoding import Bands, Encoding
from .format_copy import COG_OPTIONS, make_copy, refuse_cut_off
from .gdal_setup import callback_of, closing_errors, gdal
from .georeference import Georeference

COPY_SHARE = 0.5  # of what is done after the last tile
# Most file systems take 255; what lies beside it under way has longer names.
LONGEST_NAME_BYTES = 230
GEOTIFF = (".tif", ".tiff")
# The file under way, its sidecars and its copies in other formats.
PART_ENDS = (
    *("", ".aux.xml", ".hdr", ".envi", ".envi.aux.xml"),
    *(".cog", ".cog.aux.xml", ".cog.ovr.tmp", ".cog.msk.ovr.tmp"),
)


@dataclass(frozen=True)
class FileLayout:
    """How a raster lies in its file; ``block_side`` is a multiple of 16.

    ``envi``: the file becomes ENVI data, which have neither blocks nor overviews.
    """

    block_side: int = BLOCK_SIDE
    overviews: bool = False
    cog: bool = False
    envi: bool = False


DEFAULT_FORM = FileLayout()


class Writer:
    """A GeoTIFF written window by window to ``PATH.part``; ``commit`` gives it its name.

    Use it in a ``with`` statement: what is not committed is removed.

    Raises: InputError for a path that cannot be meant, StorageError when writing fails.
    """

    def __init__(
        self,
        path: str,
        shape: Tuple[int, int],
        bands: Bands,
        stored: Encoding,
        georeference: Georeference,
        tags: Dict[str, str],
        form: FileLayout = DEFAULT_FORM,
    ):
        self.path = Path(path)
        self.part = part_path(path)
        self._encoding, self._bands, self._room = stored, bands.count, 0
        self._form, self._filled = form, _Filled(shape, form.block_side)
        with WritingErrors(self.path):
            self.remove_parts()  # of a run that was killed
            self._dataset = self._create(shape, form.block_side)
        try:
            with WritingErrors(self.path):
                describe_raster(self._dataset, stored, bands, georeference, tags)
                self._add_overviews(max(shape))
        except ScdmError:
            self.discard()
            raise

    def _create(self, shape: Tuple[int, int], block_side: int):
        rows, cols = shape
        driver = gdal.GetDriverByName("GTiff")
        options = [
            "TILED=YES",
            f"BLOCKXSIZE={block_side}",
            f"BLOCKYSIZE={block_side}",
            *_packing(driver),
            # Neighbouring pixels differ little: differences pack to about half.
            f"PREDICTOR={3 if self._encoding.type_name == 'Float32' else 2}",
            # QGIS draws three bands of many: it should not have to unpack them all.
            "INTERLEAVE=BAND",
            # Beyond 2 GB of values, so that no packing and no overview meets TIFF's end at 4 GiB.
            "BIGTIFF=IF_SAFER",
            # A block of nodata alone takes no room, and no time to read.
            "SPARSE_OK=TRUE",
        ]
        kind = gdal.GetDataTypeByName(self._encoding.type_name)
        # For strips that fill a row of blocks bit by bit.
        room = 2 * block_side**2 * self._bands * gdal.GetDataTypeSize(kind) // 8
        gdal.SetCacheMax(gdal.GetCacheMax() + room)
        self._room = room
        return driver.Create(str(self.part), cols, rows, self._bands, kind, options)

    def write(self, row0: int, col0: int, values: np.ndarray) -> None:
        """Write ``values`` (bands, rows, cols) at (row0, col0) of this raster; NaN is nodata.

        Where there are overviews, write whole file blocks.

        Raises: StorageError.
        """
        self.put(row0, col0, self._encoding.encode(values))

    def put(self, row0: int, col0: int, stored: np.ndarray) -> None:
        """Write ``stored`` (bands, rows, cols) as ``write`` does, values that are encoded already.

        Raises: StorageError.
        """
        ends = stored[:: max(1, len(stored) - 1)]  # the first band and the last, not copied
        self._filled.note(row0, col0, self._encoding.has_values(ends))
        with WritingErrors(self.path):
            self._put_at(0, row0, col0, stored)
            for level in range(1, self._thinned_at_once + 1):
                stored = overviews.halve(stored, self._encoding)
                self._put_at(level, row0 >> level, col0 >> level, stored)

    def _put_at(self, level: int, row0: int, col0: int, stored: np.ndarray) -> None:
        for i in range(self._bands):
            band = self._at(level, i)
            band.WriteArray(stored[i], col0, row0)
            # Now, not when blocks that are read press it out: so files are always alike.
            band.FlushCache()

    def _at(self, level: int, band: int):
        """GDAL's band ``band``, from 0, of the raster (level 0) or of an overview."""
        whole = self._dataset.GetRasterBand(band + 1)
        return whole.GetOverview(level - 1) if level else whole

    def _add_overviews(self, longest: int) -> None:
        """Empty ones. The first, of which file blocks make whole blocks, fill as those come."""
        factors = overviews.levels(longest) if self._form.overviews else []
        sides = [overviews.block_of(factor, self._form.block_side) for factor in factors]
        self._levels, self._thinned_at_once = len(factors), [*sides, 0].index(0)
        for factor, side in zip(factors, sides):
            with _option("GDAL_TIFF_OVR_BLOCKSIZE", side or overviews.USUAL_BLOCK):
                self._dataset.BuildOverviews("NONE", [factor])

    def close(self, tell: Callable[[str, float], None] = lambda doing, share: None) -> None:
        """Bring everything to the disk and check that it is there.

        ``tell`` hears what is being done.

        Raises: StorageError; RuntimeError of GDAL becomes one.
        """
        with WritingErrors(self.path):
            before_copy = 1 - COPY_SHARE if self._form.cog or self._form.envi else 1.0
            for level in range(self._thinned_at_once + 1, self._levels + 1):
                self._thin(level, lambda share: tell("overviews", share * before_copy))
            tell("writing to the disk", before_copy)
            self._dataset.FlushCache()
            trouble = self._release()
            if trouble:
                raise RuntimeError(trouble)
            _refuse_holes(self.part, self._filled)
            if self._form.cog:
                self._make_cog(
                    lambda share: tell("cloud-optimised copy", 1 - COPY_SHARE * (1 - share))
                )
            if self._form.envi:
                self._make_envi(lambda share: tell("ENVI copy", 1 - COPY_SHARE * (1 - share)))
            sync_file(self.part)

    def _thin(self, level: int, tell: Callable[[float], None]) -> None:
        """Fill an overview from the level before it: band by band, a row of blocks at a time."""
        step, first = 2 * overviews.USUAL_BLOCK, self._thinned_at_once + 1
        # Each level has a quarter of the pixels of the one before: the first takes most of it.
        start = 1 - 0.25 ** (level - first)
        for i in range(self._bands):
            tell(start + 0.75 * 0.25 ** (level - first) * i / self._bands)
            source, target = self._at(level - 1, i), self._at(level, i)
            for row0 in range(0, source.YSize, step):
                rows = min(step, source.YSize - row0)
                stored = source.ReadAsArray(0, row0, source.XSize, rows)
                target.WriteArray(overviews.halve(stored[None], self._encoding)[0], 0, row0 // 2)
                target.FlushCache()

    def _make_cog(self, tell: Callable[[float], None]) -> None:
        options = [
            *COG_OPTIONS,
            f"BLOCKSIZE={self._form.block_side}",
            f"OVERVIEWS={'FORCE_USE_EXISTING' if self._form.overviews else 'NONE'}",
        ]
        made = Path(f"{self.part}.cog")
        source = gdal.OpenEx(str(self.part), gdal.OF_RASTER)
        heard = callback_of(tell)
        copy = gdal.GetDriverByName("COG").CreateCopy(
            str(made), source, options=options, callback=heard
        )
        if copy is None:  # GDAL forgets to raise when a callback follows the error
            raise RuntimeError(gdal.GetLastErrorMsg() or "cut off")
        del copy
        carry_domains(source, made)
        del source
        made.replace(self.part)
        side = Path(f"{made}.aux.xml")
        if side.exists():  # a raster without wavelengths needs none
            side.replace(f"{self.part}.aux.xml")

    def _make_envi(self, tell: Callable[[float], None]) -> None:
        """Put ENVI data with their header in the place of the GeoTIFF."""
        made = Path(f"{self.part}.envi")
        source = gdal.OpenEx(str(self.part), gdal.OF_RASTER)
        make_copy(source, made, "envi", tell, self.path.name)
        refuse_cut_off(source, made, "envi")
        del source
        sync_file(made.with_suffix(".hdr"))
        made.replace(self.part)
        side = Path(f"{made}.aux.xml")
        if side.exists():
            sync_file(side)
            side.replace(f"{self.part}.aux.xml")

    def _release(self) -> str:
        """Let go of the dataset; what GDAL said against it (a full disk), or ""."""
        with closing_errors() as trouble:
            self._dataset = None
        gdal.SetCacheMax(gdal.GetCacheMax() - self._room)
        self._room = 0
        return " ".join(trouble)

    def commit(self, overwrite: bool = True) -> None:
        """Give the closed raster its final name, replacing what was there if ``overwrite``.

        Raises: StorageError.
        """
        with WritingErrors(self.path):
            self._name_header(overwrite)
            for stale in final_names.geotiff(str(self.path)).beside if overwrite else ():
                stale.unlink(missing_ok=True)
            final_names.give_name(self.part, self.path, overwrite)
            side = Path(f"{self.part}.aux.xml")
            if side.exists():
                final_names.give_name(side, Path(f"{self.path}.aux.xml"), overwrite)
            sync_folder(self.path.parent)

    def _name_header(self, overwrite: bool) -> None:
        """ENVI's header before its data: without it they could not be read."""
        header = Path(f"{self.part}.hdr")
        if header.exists():
            final_names.give_name(header, self.path.with_suffix(".hdr"), overwrite)

    def discard(self) -> None:
        """Remove what is not committed."""
        self._release()
        self.remove_parts()

    def remove_parts(self) -> None:
        """Remove the unfinished files beside the final name."""
        for end in PART_ENDS:
            Path(f"{self.part}{end}").unlink(missing_ok=True)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_) -> None:
        self.discard()


@contextmanager
def _option(name: str, value: int) -> Iterator[None]:
    """A setting of GDAL in this thread for a while."""
    before = gdal.GetThreadLocalConfigOption(name)
    gdal.SetThreadLocalConfigOption(name, str(value))
    try:
        yield
    finally:
        gdal.SetThreadLocalConfigOption(name, before)


def _packing(driver) -> List[str]:
    """ZSTD packs as small as DEFLATE in a quarter of the time; a GDAL may be built without it."""
    if "<Value>ZSTD</Value>" in driver.GetMetadataItem("DMD_CREATIONOPTIONLIST"):
        return ["COMPRESS=ZSTD", "ZSTD_LEVEL=1"]
    return ["COMPRESS=DEFLATE", "ZLEVEL=1"]


class _Filled:
    """Which file blocks hold a value in the first and in the last band."""

    def __init__(self, shape: Tuple[int, int], side: int):
        self._side = side
        self.blocks = np.zeros((2, -(-shape[0] // side), -(-shape[1] // side)), bool)

    def note(self, row0: int, col0: int, values: np.ndarray) -> None:
        """``values`` (bands, rows, cols): whether there is one, from (row0, col0) on."""
        side, (last_row, last_col) = self._side, np.array(values.shape[1:]) - 1
        for i, band in enumerate((values[0], values[-1])):
            if band.all():  # nearly always, and seen in a tenth of the time
                here = slice(row0 // side, (row0 + last_row) // side + 1)
                across = slice(col0 // side, (col0 + last_col) // side + 1)
                self.blocks[i, here, across] = True
                continue
            rows, cols = np.nonzero(band)
            self.blocks[i, (rows + row0) // side, (cols + col0) // side] = True


def _refuse_holes(path: Path, filled: _Filled) -> None:
    """Raise RuntimeError when a block with values is missing or beyond the file's end."""
    dataset, size = gdal.OpenEx(str(path), gdal.OF_RASTER), path.stat().st_size
    for number, blocks in zip((1, dataset.RasterCount), filled.blocks):
        band = dataset.GetRasterBand(number)
        for y, x in np.argwhere(blocks):
            start = band.GetMetadataItem(f"BLOCK_OFFSET_{x}_{y}", "TIFF")
            length = band.GetMetadataItem(f"BLOCK_SIZE_{x}_{y}", "TIFF")
            if not start or int(start) + int(length) > size:
                raise RuntimeError(f"block {x},{y} of band {number} was not written")


class WritingErrors:
    """Turns what GDAL and the system say while writing ``path`` into a StorageError."""

    def __init__(self, path: Path):
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _, error, trace) -> None:
        if not isinstance(error, (RuntimeError, OSError)):
            return
        # GDAL's frames hold the dataset, which has to be closed where its complaints are heard.
        del trace
        raise StorageError(
            f"'{self._path}' cannot be written ({one_line(error)})",
            "see that the folder is writable and the disk has room",
        ) from error.with_traceback(None)


def part_path(path: str) -> Path:
    """Name the file in which a raster is written before it gets its final name.

    Returns: the path with ``.part``.
    """
    return Path(f"{path}{PART_SUFFIX}")


def check_name(path: str, suffixes: Sequence[str] = GEOTIFF) -> None:
    """Check that ``path`` is the name of a GeoTIFF in a folder that exists.

    Raises: InputError.
    """
    target = Path(path)
    if target.suffix.lower() not in suffixes:
        raise InputError(
            f"the output '{path}' must be a GeoTIFF", f"use a name that ends in {suffixes[0]}"
        )
    check_folder(path)


def check_folder(path: str) -> None:
    """Check that ``path`` can be the name of a file in a folder that exists.

    Raises: InputError.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise InputError(
            f"the folder '{target.parent}' does not exist", "make it, or choose another"
        )
    if target.is_dir():
        raise InputError(f"'{path}' is a folder", "name a file")
    if len(os.fsencode(target.name)) > LONGEST_NAME_BYTES:
        raise InputError(
            f"the output's name of {len(target.name)} characters is too long", "use a shorter one"
        )
