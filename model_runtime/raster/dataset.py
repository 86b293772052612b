"""Rasters in and out through GDAL: the only file of the runtime that imports osgeo.

Values are read as float32 with a mask of what is valid; nothing unreadable ever becomes zeros.
A raster is written beside its final name (``.part``) and renamed when it is whole.
"""

import math
import os
import tempfile
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np
from osgeo import gdal

from ..contract import CONTENT_TAG, PART_SUFFIX
from ..errors import InputError, ScdmError, StorageError
from ..journal.block_store import sync_file, sync_folder
from ..package.manifest import InputBand
from ..tiling import BLOCK_SIDE, Window, reflected
from . import band_choice, band_reading, file_facts, opening, overviews
from .band_choice import BandFacts
from .encoding import Encoding, Spectral, envi_lists, of_dtype
from .wavelengths import centres_nm, widths_nm

gdal.UseExceptions()
# Bounded, where GDAL's default grows with the machine; a writer adds room for its own blocks.
CACHE_BYTES = 16 << 20
gdal.SetCacheMax(CACHE_BYTES)

Geotransform = Tuple[float, float, float, float, float, float]
# What QGIS takes for a raster without georeference: pixels, y upwards from 0 at the top.
PIXEL_GRID: Geotransform = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
GEOTIFF = (".tif", ".tiff")
GIVE_RASTER = "give a raster file that GDAL reads, such as a GeoTIFF"
DAMAGED = "the file is damaged or cut short: copy or export it again"
COLOURS = {"red": gdal.GCI_RedBand, "green": gdal.GCI_GreenBand, "blue": gdal.GCI_BlueBand}
MASK_KINDS = gdal.GMF_PER_DATASET | gdal.GMF_ALPHA | gdal.GMF_NODATA
# Values this far beyond a pixel's edge still count as on it (rounding of coordinates).
EDGE_PIXELS = 1e-6
CHECKED_BLOCKS = 20_000
MEMORY_TRIAL = 64 << 20  # bytes without which no run gets far
COG_OPTIONS = ("COMPRESS=DEFLATE", "PREDICTOR=YES", "BIGTIFF=IF_SAFER", "SPARSE_OK=TRUE")
COPY_DRIVERS = {"envi": ("ENVI", ()), "cog": ("COG", COG_OPTIONS)}  # what `convert` makes
METRES_PER_DEGREE = 111_320.0  # of latitude, and of longitude at the equator


def gdal_version() -> str:
    """GDAL's version, as "3.6.2"."""
    return gdal.VersionInfo("RELEASE_NAME")


@dataclass(frozen=True)
class Georeference:
    """Where a raster lies. ``spatial_ref`` is GDAL's own object, so that nothing is lost."""

    geotransform: Optional[Geotransform] = None
    spatial_ref: Optional[object] = None
    gcps: tuple = ()
    gcp_spatial_ref: Optional[object] = None
    area_or_point: str = "Area"

    @property
    def crs_wkt(self) -> str:
        """The coordinate reference system as WKT 2, "" without one."""
        reference = self.spatial_ref or self.gcp_spatial_ref
        return reference.ExportToWkt(["FORMAT=WKT2_2019"]) if reference else ""

    def of(self, window: Window) -> "Georeference":
        """The georeference of a part of the raster."""
        transform = self.geotransform
        if transform is not None:
            x, y = _apply(transform, window.col0, window.row0)
            transform = (x, *transform[1:3], y, *transform[4:6])
        gcps = tuple(_moved(gcp, window) for gcp in self.gcps)
        return Georeference(
            transform, self.spatial_ref, gcps, self.gcp_spatial_ref, self.area_or_point
        )

    def ground(self, rows: int, cols: int) -> Optional[Tuple[float, float]]:
        """(metres across, degrees that grid north is turned clockwise from the picture's up).

        Through the middle of a raster of ``rows`` x ``cols``; None where the place is unknown.
        """
        transform, reference = self.geotransform, self.spatial_ref
        if transform is None or reference is None:
            return None
        _, y = _apply(transform, cols / 2, rows / 2)
        if reference.IsGeographic():
            unit_y = METRES_PER_DEGREE * math.degrees(reference.GetAngularUnits())
            unit_x = unit_y * math.cos(y * reference.GetAngularUnits())
        else:
            unit_x = unit_y = reference.GetLinearUnits()
        across = math.hypot(transform[1] * unit_x, transform[4] * unit_y) * cols
        # Where the picture's up goes on the ground, clockwise from north.
        up = math.degrees(math.atan2(-transform[2] * unit_x, -transform[5] * unit_y))
        return across, -up


def _moved(gcp, window: Window):
    pixel, line = gcp.GCPPixel - window.col0, gcp.GCPLine - window.row0
    # Without its name: a GeoTIFF has no place for it, and it may be in any encoding.
    return gdal.GCP(gcp.GCPX, gcp.GCPY, gcp.GCPZ, pixel, line)


def _apply(transform: Geotransform, col: float, row: float) -> Tuple[float, float]:
    x0, a, b, y0, c, d = transform
    return x0 + col * a + row * b, y0 + col * c + row * d


def _georeference(dataset) -> Georeference:
    """Raises RuntimeError where GDAL leaves out keys that are damaged, as some versions do.

    It says the same where memory is too short for its table of reference systems: MemoryError.
    """
    with _listening() as said:
        point = dataset.GetMetadataItem("AREA_OR_POINT") or "Area"
        found = Georeference(
            dataset.GetGeoTransform(can_return_null=True),
            dataset.GetSpatialRef(),
            tuple(dataset.GetGCPs()),
            dataset.GetGCPSpatialRef(),
            point,
        )
    for message in said:
        if "corrupt" in message:
            np.empty(MEMORY_TRIAL, np.uint8)
            raise RuntimeError(message)
    return found


@contextmanager
def _listening() -> Iterator[List[str]]:
    """What GDAL says meanwhile."""
    said: List[str] = []
    gdal.PushErrorHandler(lambda kind, number, message: said.append(message))
    try:
        yield said
    finally:
        gdal.PopErrorHandler()


def open_dataset(path: str):
    """GDAL's dataset of ``path``; raises InputError naming what is wrong with it."""
    # Thinned readings take pixels as they are, not the averages of overviews.
    options = ["OVERVIEW_LEVEL=NONE"]
    try:
        dataset = opening.open_local_or_named(path, options)
    except RuntimeError as error:
        if _is_local(path) and not Path(path).exists():
            raise InputError(f"'{path}' does not exist", "check the path") from error
        raise InputError(f"'{path}' cannot be read ({_one_line(error)})", GIVE_RASTER) from error
    if not dataset.RasterCount:
        raise InputError(f"'{path}' holds no raster band of its own", _subdataset_remedy(dataset))
    return dataset


@contextmanager
def _refusing_damage(path: str) -> Iterator[None]:
    """Turns what GDAL says against an input on first sight into an InputError."""
    try:
        yield
    except RuntimeError as error:
        raise InputError(f"'{path}' cannot be read ({_one_line(error)})", DAMAGED) from error


def _is_local(path: str) -> bool:
    return not str(path).startswith("/vsi") and ":" not in str(path)[2:]


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def _subdataset_remedy(dataset) -> str:
    names = [name for name, _ in dataset.GetSubDatasets()]
    return f"name one of its parts, such as {names[0]}" if names else GIVE_RASTER


class Picture:
    """An input raster whose chosen bands are read window by window.

    ``rows``, ``cols``; ``bands`` (1-based); ``georeference``; ``type_name`` (GDAL's), ``integer``
    and ``bits`` of its values; ``scale`` and ``offset`` of each band, None where the file gives
    none; ``wavelength_nm`` of each band or None. ``bands_taken``: which band is what, and why;
    ``bands_doubt``: what speaks against it, or "". ``facts``: what the file says of its values.
    """

    def __init__(
        self,
        path: str,
        bands: Optional[Sequence[int]],
        wanted: Sequence[InputBand] = band_choice.CAMERA,
    ):
        """``bands`` in the order of ``wanted``, the model's input bands; None: as the file says."""
        self.path = str(path)
        self._dataset = open_dataset(self.path)
        with _refusing_damage(self.path):
            self._take(bands, wanted)

    def _take(self, bands: Optional[Sequence[int]], wanted: Sequence[InputBand]) -> None:
        _refuse_palette(self._dataset, self.path)
        _refuse_estimate(self._dataset, self.path)
        facts = _band_facts(_plainly_open(self.path))
        choice = _chosen_bands(facts, self.path, bands, wanted)
        self.bands, self.bands_taken = list(choice.bands), choice.describe(facts, wanted)
        self.bands_doubt = choice.doubt
        names = tuple(facts[number - 1].name for number in self.bands)
        self.facts = file_facts.read(self._dataset, self.path, self.bands, names)
        self.rows, self.cols = self._dataset.RasterYSize, self._dataset.RasterXSize
        self._handles = [self._dataset.GetRasterBand(number) for number in self.bands]
        self._masks = _mask_bands(self._dataset, self._handles)
        self._refuse_complex()
        _refuse_short_file(self.path, self._handles)
        self.georeference = _georeference(self._dataset)
        self.type_name = gdal.GetDataTypeName(self._handles[0].DataType)
        self.integer = "Int" in self.type_name or self.type_name == "Byte"
        self.bits = gdal.GetDataTypeSize(self._handles[0].DataType)
        self.scale, self.offset = _scaling(self._handles)
        wavelengths = [facts[number - 1].wavelength_nm for number in self.bands]
        self.wavelength_nm = None if None in wavelengths else wavelengths

    def _refuse_complex(self) -> None:
        for number, band in zip(self.bands, self._handles):
            if gdal.DataTypeIsComplex(band.DataType):
                name = gdal.GetDataTypeName(band.DataType)
                raise InputError(
                    f"band {number} of '{self.path}' holds complex numbers ({name})",
                    "choose bands of real numbers",
                )

    def files(self) -> List[str]:
        """The local files that the raster is made of, sidecars and a VRT's sources too."""
        with _refusing_damage(self.path):
            named = _plainly_open(self.path).GetFileList() or []
        led_to = opening.local_files(self.path)
        return sorted({str(name) for name in (*named, *led_to) if Path(name).is_file()})

    @property
    def whole(self) -> Window:
        """The window of the whole raster."""
        return Window(0, 0, self.rows, self.cols)

    def window(self, extent: Sequence[float]) -> Window:
        """The whole pixels that ``extent`` (xmin, ymin, xmax, ymax in the CRS' units) touches.

        A rotated raster gives the window that encloses the extent. Without georeference the
        coordinates are pixels as QGIS counts them: y from 0 at the top downwards to -rows.
        Raises InputError for an extent that is empty or beside the raster.
        """
        xmin, ymin, xmax, ymax = extent
        if not all(map(math.isfinite, extent)) or xmin >= xmax or ymin >= ymax:
            raise InputError(
                f"the extent {_listed(extent)} is empty",
                "give XMIN,YMIN,XMAX,YMAX with XMIN < XMAX and YMIN < YMAX",
            )
        inverse = gdal.InvGeoTransform(list(self.georeference.geotransform or PIXEL_GRID))
        if inverse is None:
            raise InputError(
                f"'{self.path}' has a geotransform of no area", "mend it, or no extent"
            )
        corners = [_apply(inverse, x, y) for x in (xmin, xmax) for y in (ymin, ymax)]
        cols, rows = zip(*corners)
        col0, col1 = _whole_pixels(cols, self.cols)
        row0, row1 = _whole_pixels(rows, self.rows)
        if col0 >= col1 or row0 >= row1:
            raise InputError(
                f"the extent {_listed(extent)} lies beside the raster {_listed(self.extent())}",
                "give an extent in the raster's coordinate reference system that overlaps it",
            )
        return Window(row0, col0, row1 - row0, col1 - col0)

    def extent(self) -> Tuple[float, float, float, float]:
        """(xmin, ymin, xmax, ymax) of the raster's corners."""
        transform = self.georeference.geotransform or PIXEL_GRID
        corners = [_apply(transform, c, r) for c in (0, self.cols) for r in (0, self.rows)]
        x, y = zip(*corners)
        return min(x), min(y), max(x), max(y)

    def read(self, window: Window) -> Tuple[np.ndarray, np.ndarray]:
        """Raw values (bands, rows, cols) float32 and what is valid (rows, cols) of ``window``.

        The window may stick out of the raster: there the raster is mirrored. Raises StorageError
        when the file cannot be read any more.
        """
        rows = reflected(window.row0, window.row0 + window.rows, self.rows)
        cols = reflected(window.col0, window.col0 + window.cols, self.cols)
        row0, col0 = int(rows.min()), int(cols.min())
        inside = (col0, row0, int(cols.max()) - col0 + 1, int(rows.max()) - row0 + 1)
        with self._reading():
            values, valid = self._values(*inside)
        pick = np.ix_(rows - row0, cols - col0)
        return values[(slice(None), *pick)], valid[pick]

    def sample(self, side: int) -> np.ndarray:
        """Raw values (bands, pixels) of the valid pixels of the raster thinned to ``side``.

        Always of the whole raster, so that what is derived depends on no tile and no extent.
        Raises InputError when the file is damaged or holds no valid pixel.
        """
        size = {
            "buf_xsize": min(self.cols, side),
            "buf_ysize": min(self.rows, side),
        }
        with _refusing_damage(self.path):
            values, valid = self._values(0, 0, self.cols, self.rows, **size)
        if not valid.any():
            raise InputError(
                f"'{self.path}' holds no valid pixel", "check its nodata value, mask and alpha band"
            )
        return values[:, valid]

    def valid(self, window: Window) -> np.ndarray:
        """What is valid (rows, cols) of a ``window`` inside the raster; raises StorageError."""
        place = (window.col0, window.row0, window.cols, window.rows)
        with self._reading():
            return self._values(*place)[1]

    def preview(self, window: Window, side: int) -> Tuple[np.ndarray, np.ndarray]:
        """As ``read`` for a window inside the raster, thinned to at most ``side`` pixels a side."""
        place = (window.col0, window.row0, window.cols, window.rows)
        with self._reading():
            return self._values(*place, **_thinned(window.rows, window.cols, side))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            raise StorageError(
                f"'{self.path}' can no longer be read ({_one_line(error)})", DAMAGED
            ) from error

    def _values(self, *place: int, **size: int) -> Tuple[np.ndarray, np.ndarray]:
        arrays = [band.ReadAsArray(*place, **size) for band in self._handles]
        # A pixel counts only where every band does: as QGIS draws it.
        valid = np.ones(arrays[0].shape, bool)
        for mask in self._masks:
            valid &= mask.ReadAsArray(*place, **size) != 0
        with np.errstate(over="ignore"):
            values = np.stack(arrays).astype(np.float32)
        return values, valid & np.isfinite(values).all(axis=0)


def _thinned(rows: int, cols: int, side: int) -> Dict[str, int]:
    """Reading's buffer size for ``rows`` x ``cols`` at most ``side`` a side, in proportion."""
    step = max(1.0, max(rows, cols) / side)
    return {"buf_xsize": math.ceil(cols / step), "buf_ysize": math.ceil(rows / step)}


def _whole_pixels(places: Sequence[float], length: int) -> Tuple[int, int]:
    first = math.floor(min(places) + EDGE_PIXELS)
    last = math.ceil(max(places) - EDGE_PIXELS)
    return max(first, 0), min(last, length)


def _listed(numbers: Sequence[float]) -> str:
    return ",".join(f"{number:.10g}" for number in numbers)


def _refuse_palette(dataset, path: str) -> None:
    band = dataset.GetRasterBand(1)
    if dataset.RasterCount < 3 and band.GetColorTable() is not None:
        raise InputError(
            f"'{path}' holds palette numbers, not colours",
            "expand it first: gdal_translate -expand rgb IN OUT (QGIS: PCT to RGB)",
        )


def _chosen_bands(
    facts: Sequence[BandFacts],
    path: str,
    bands: Optional[Sequence[int]],
    wanted: Sequence[InputBand],
) -> band_choice.Choice:
    if bands is None:
        choice = band_choice.choose(path, facts, wanted)
    else:
        _check_numbers(path, bands, len(facts), len(wanted))
        choice = band_choice.Choice(tuple(bands), band_choice.CHOSEN)
    band_choice.check(facts, choice.bands, wanted)
    return choice


def _check_numbers(path: str, bands: Sequence[int], have: int, count: int) -> None:
    if len(bands) != count:
        raise InputError(f"{len(bands)} bands are named", f"name the model's {count} bands")
    wrong = [number for number in bands if not 1 <= number <= have]
    if wrong:
        raise InputError(f"'{path}' has no band {wrong[0]}", f"choose from 1 to {have}")


def _band_facts(dataset) -> List[BandFacts]:
    bands = [dataset.GetRasterBand(i + 1) for i in range(dataset.RasterCount)]
    centres = centres_nm(dataset.GetMetadataItem, [band.GetMetadataItem for band in bands])
    words = {code: word for word, code in COLOURS.items()}
    words[gdal.GCI_AlphaBand] = "alpha"
    return [
        BandFacts(
            number,
            band.GetDescription(),
            words.get(band.GetColorInterpretation(), ""),
            centre,
        )
        for number, (band, centre) in enumerate(zip(bands, centres), start=1)
    ]


def is_estimate(dataset) -> bool:
    """Whether a raster is an estimate that this software made, its spread or its reliability."""
    return dataset.GetMetadataItem(CONTENT_TAG) is not None


def _refuse_estimate(dataset, path: str) -> None:
    if is_estimate(dataset):
        content = dataset.GetMetadataItem(CONTENT_TAG)
        raise InputError(
            f"'{path}' is an estimate that this software made ({content}), not a picture",
            "choose the picture that it was made from",
        )


def _mask_bands(dataset, handles) -> list:
    """The mask bands that say something, each once: nodata, mask and alpha."""
    masks = [_mask_of(band) for band in handles if band.GetMaskFlags() & MASK_KINDS]
    if masks and all(band.GetMaskFlags() & gdal.GMF_PER_DATASET for band in handles):
        masks = masks[:1]
    for number in range(1, dataset.RasterCount + 1):
        # GDAL lets a nodata value hide the alpha band; both count here.
        band = dataset.GetRasterBand(number)
        if band.GetColorInterpretation() == gdal.GCI_AlphaBand:
            masks.append(band)
    return masks


def _mask_of(band):
    """A band's mask; raises InputError for a mask beside the file that fits another raster."""
    mask = band.GetMaskBand()
    if (mask.XSize, mask.YSize) != (band.XSize, band.YSize):
        raise InputError(
            f"the mask of {mask.XSize} x {mask.YSize} pixels does not fit the raster of "
            f"{band.XSize} x {band.YSize}",
            "remove the .msk file beside the raster, or make it again",
        )
    return mask


def _refuse_short_file(path: str, handles) -> None:
    """Raise InputError for a TIFF whose directory points beyond the end of the file."""
    if not Path(path).is_file():
        return
    size = Path(path).stat().st_size
    for band in handles:
        for x, y in _blocks_to_check(band):
            start = band.GetMetadataItem(f"BLOCK_OFFSET_{x}_{y}", "TIFF")
            length = band.GetMetadataItem(f"BLOCK_SIZE_{x}_{y}", "TIFF")
            if start and length and int(start) + int(length) > size:
                raise InputError(f"'{path}' ends before its pixels do ({size} bytes)", DAMAGED)


def _blocks_to_check(band) -> Iterator[Tuple[int, int]]:
    """All file blocks, or the last row of them where they are very many."""
    width, height = band.GetBlockSize()
    across, down = -(-band.XSize // width), -(-band.YSize // height)
    first = 0 if across * down <= CHECKED_BLOCKS else down - 1
    return ((x, y) for y in range(first, down) for x in range(across))


def _scaling(handles) -> Tuple[Optional[List[float]], Optional[List[float]]]:
    """Scale and offset of each band, or (None, None) where no band has its own."""
    scale = [1.0 if band.GetScale() is None else band.GetScale() for band in handles]
    offset = [band.GetOffset() or 0.0 for band in handles]
    if all(value == 1 for value in scale) and not any(offset):
        return None, None
    return scale, offset


@dataclass(frozen=True)
class Cube:
    """A hyperspectral raster: ``values`` float32 (bands, rows, cols), NaN where masked.

    ``values`` are after band scale and offset; ``wavelength_nm`` and ``fwhm_nm`` (bands,) or None
    where the file does not say; ``units`` "reflectance", "radiance" or "" likewise.
    ``is_estimate``: this software made it.
    """

    values: np.ndarray
    wavelength_nm: Optional[np.ndarray]
    fwhm_nm: Optional[np.ndarray]
    units: str
    georeference: Georeference = field(default_factory=Georeference)
    is_estimate: bool = False

    @property
    def geotransform(self) -> Optional[Geotransform]:
        """The raster's geotransform, None without one."""
        return self.georeference.geotransform

    @property
    def crs_wkt(self) -> str:
        """The raster's coordinate reference system as WKT 2, "" without one."""
        return self.georeference.crs_wkt


def cube_shape(path: str) -> Tuple[int, int, int]:
    """(bands, rows, cols) of the raster at ``path``; raises InputError."""
    dataset = open_dataset(str(path))
    return dataset.RasterCount, dataset.RasterYSize, dataset.RasterXSize


def read_cube(
    path: str,
    bands: Optional[Sequence[int]] = None,
    window: Optional[Window] = None,
    need_wavelengths: bool = True,
) -> Cube:
    """The hyperspectral raster at ``path``: all of it, or some ``bands`` (1-based) in ``window``.

    Wavelengths come from each band's metadata, else from the dataset's ENVI domain or metadata.
    Raises InputError when the file cannot be read, lacks a band, or does not say the wavelengths
    that are needed.
    """
    dataset = open_dataset(str(path))
    with _refusing_damage(str(path)):
        return _cube_of(dataset, path, bands, window, need_wavelengths)


def _cube_of(dataset, path: str, bands, window: Optional[Window], need_wavelengths: bool) -> Cube:
    every = [dataset.GetRasterBand(i + 1) for i in range(dataset.RasterCount)]
    picked = _picked(bands, len(every), path)
    wavelength_nm = _at(_complete(centres_nm, dataset, every), picked)
    if wavelength_nm is None and need_wavelengths:
        raise InputError(
            f"'{path}' does not say the wavelengths of its bands",
            "give each band 'wavelength' and 'wavelength_units' metadata, or use an ENVI header",
        )
    _refuse_short_file(str(path), every[:1] + every[-1:])
    values = band_reading.stacked(dataset, [i + 1 for i in picked], _physical, window)
    widths, place = _at(_complete(widths_nm, dataset, every), picked), _georeference(dataset)
    place = place.of(window) if window else place
    return Cube(values, wavelength_nm, widths, _units(dataset, every), place, is_estimate(dataset))


def _picked(bands: Optional[Sequence[int]], count: int, path: str) -> List[int]:
    """0-based bands; raises InputError for one that the raster lacks."""
    wrong = [number for number in bands or () if not 1 <= number <= count]
    if wrong:
        raise InputError(f"'{path}' has no band {wrong[0]}", f"choose from 1 to {count}")
    return list(range(count)) if bands is None else [number - 1 for number in bands]


def _at(values: Optional[np.ndarray], picked: List[int]) -> Optional[np.ndarray]:
    return None if values is None else values[picked]


def read_preview(path: str, side: int) -> np.ndarray:
    """A written raster's values (bands, rows, cols) thinned to ``side``, NaN where nodata.

    Raises StorageError.
    """
    with _reading_back(path):
        dataset = open_dataset(str(path))
        size = _thinned(dataset.RasterYSize, dataset.RasterXSize, side)
        shape = size["buf_ysize"], size["buf_xsize"]
        every = range(1, dataset.RasterCount + 1)
        return band_reading.stacked(dataset, every, _physical, shape=shape)


@contextmanager
def _reading_back(path: str) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, InputError) as error:
        raise StorageError(
            f"'{path}' cannot be read back ({_one_line(error)})", "look at the disk, try again"
        ) from error


def _physical(band, **size: int) -> np.ndarray:
    """A band's values after scale and offset, float32, NaN where masked."""
    if gdal.DataTypeIsComplex(band.DataType):
        raise InputError("the bands hold complex numbers", "choose bands of real numbers")
    scale = 1.0 if band.GetScale() is None else band.GetScale()
    values = (band.ReadAsArray(**size) * scale + (band.GetOffset() or 0.0)).astype(np.float32)
    if band.GetMaskFlags() & MASK_KINDS:
        values[_mask_of(band).ReadAsArray(**size) == 0] = np.nan
    values[~np.isfinite(values)] = np.nan
    return values


def _complete(read: Callable, dataset, bands) -> Optional[np.ndarray]:
    """What ``read`` (of wavelengths.py) finds for all bands; None where one has nothing."""
    found = read(dataset.GetMetadataItem, [band.GetMetadataItem for band in bands])
    return None if None in found else np.array(found)


def _units(dataset, bands) -> str:
    said = bands[0].GetUnitType() or dataset.GetMetadataItem("units") or ""
    said = (said or dataset.GetMetadataItem("data_units", "ENVI") or "").lower()
    return next((unit for unit in ("reflectance", "radiance") if unit in said), "")


@dataclass(frozen=True)
class Form:
    """How a raster lies in its file; ``block_side`` is a multiple of 16."""

    block_side: int = BLOCK_SIDE
    overviews: bool = False
    cog: bool = False


DEFAULT_FORM = Form()


class Writer:
    """A GeoTIFF written window by window to ``PATH.part``; ``commit`` gives it its name.

    Use it in a ``with`` statement: what is not committed is removed. Raises InputError for a path
    that cannot be meant, StorageError when writing fails.
    """

    def __init__(
        self,
        path: str,
        shape: Tuple[int, int],
        spectral: Spectral,
        stored: Encoding,
        georeference: Georeference,
        tags: Dict[str, str],
        form: Form = DEFAULT_FORM,
    ):
        self.path = Path(path)
        self.part = part_path(path)
        self._encoding, self._bands, self._room = stored, len(spectral.wavelength_nm), 0
        self._form, self._filled = form, _Filled(shape, form.block_side)
        with _Writing(self.path):
            self.remove_parts()  # of a run that was killed
            self._dataset = self._create(shape, form.block_side)
        try:
            with _Writing(self.path):
                _describe(self._dataset, stored, spectral, georeference, tags)
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

        Where there are overviews: of whole file blocks.
        """
        self.put(row0, col0, self._encoding.encode(values))

    def put(self, row0: int, col0: int, stored: np.ndarray) -> None:
        """As ``write``, for values that are encoded already."""
        self._filled.note(row0, col0, self._encoding.has_values(stored[[0, -1]]))
        with _Writing(self.path):
            self._put_at(0, row0, col0, stored)
            for level in range(1, self._thinned_at_once + 1):
                stored = overviews.halved(stored, self._encoding)
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

    def close(self) -> None:
        """Bring everything to the disk and see that it is there."""
        with _Writing(self.path):
            for level in range(self._thinned_at_once + 1, self._levels + 1):
                self._thin(level)
            self._dataset.FlushCache()
            trouble = self._release()
            if trouble:
                raise RuntimeError(trouble)
            _refuse_holes(self.part, self._filled)
            if self._form.cog:
                self._make_cog()
            sync_file(self.part)

    def _thin(self, level: int) -> None:
        """Fill an overview from the level before it: band by band, a row of blocks at a time."""
        step = 2 * overviews.USUAL_BLOCK
        for i in range(self._bands):
            source, target = self._at(level - 1, i), self._at(level, i)
            for row0 in range(0, source.YSize, step):
                rows = min(step, source.YSize - row0)
                stored = source.ReadAsArray(0, row0, source.XSize, rows)
                target.WriteArray(overviews.halved(stored[None], self._encoding)[0], 0, row0 // 2)
                target.FlushCache()

    def _make_cog(self) -> None:
        options = [
            *COG_OPTIONS,
            f"BLOCKSIZE={self._form.block_side}",
            f"OVERVIEWS={'FORCE_USE_EXISTING' if self._form.overviews else 'NONE'}",
        ]
        made = Path(f"{self.part}.cog")
        source = gdal.OpenEx(str(self.part), gdal.OF_RASTER)
        gdal.GetDriverByName("COG").CreateCopy(str(made), source, options=options)
        _carry_domains(source, made)
        del source
        made.replace(self.part)
        Path(f"{made}.aux.xml").replace(f"{self.part}.aux.xml")

    def _release(self) -> str:
        """Let go of the dataset; what GDAL said against it (a full disk), or ""."""
        # An exception inside a destructor goes nowhere but to stderr: ask for the last error.
        gdal.DontUseExceptions()
        gdal.PushErrorHandler("CPLQuietErrorHandler")
        try:
            gdal.ErrorReset()
            self._dataset = None
            return gdal.GetLastErrorMsg() if gdal.GetLastErrorType() >= gdal.CE_Failure else ""
        finally:
            gdal.SetCacheMax(gdal.GetCacheMax() - self._room)
            self._room = 0
            gdal.PopErrorHandler()
            gdal.UseExceptions()

    def commit(self) -> None:
        """Give the closed raster its final name, replacing what was there."""
        with _Writing(self.path):
            for stale in (f"{self.path}.aux.xml", f"{self.path}.ovr", f"{self.path}.msk"):
                Path(stale).unlink(missing_ok=True)
            self.part.replace(self.path)
            side = Path(f"{self.part}.aux.xml")
            if side.exists():
                side.replace(f"{self.path}.aux.xml")
            sync_folder(self.path.parent)

    def discard(self) -> None:
        """Remove what is not committed."""
        self._release()
        self.remove_parts()

    def remove_parts(self) -> None:
        """Remove what lies beside the final name."""
        for end in ("", ".aux.xml", ".cog", ".cog.aux.xml", ".cog.ovr.tmp", ".cog.msk.ovr.tmp"):
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


def _describe(
    dataset, stored: Encoding, spectral: Spectral, place: Georeference, tags: Dict[str, str]
) -> None:
    dataset.SetMetadata({**tags, "AREA_OR_POINT": place.area_or_point})
    if place.gcps:
        dataset.SetGCPs(list(place.gcps), place.gcp_spatial_ref)
    else:
        if place.spatial_ref is not None:
            dataset.SetSpatialRef(place.spatial_ref)
        if place.geotransform is not None:
            dataset.SetGeoTransform(list(place.geotransform))
    dataset.SetMetadata(envi_lists(spectral), "ENVI")
    for i, (centre, width) in enumerate(zip(spectral.wavelength_nm, spectral.fwhm_nm)):
        _describe_band(dataset.GetRasterBand(i + 1), stored, centre, width, spectral.unit)
    for i, colour in enumerate(spectral.colours):
        if colour in COLOURS:
            dataset.GetRasterBand(i + 1).SetColorInterpretation(COLOURS[colour])


def _describe_band(band, stored: Encoding, centre: float, width: float, unit: str) -> None:
    band.SetDescription(f"{centre:.1f} nm")
    band.SetNoDataValue(stored.nodata)
    band.SetUnitType(unit)
    if stored.scale != 1:
        band.SetScale(stored.scale)
        band.SetOffset(0)
    # The default domain is the one that GDAL before 3.8 copies into any format.
    said = {"wavelength": f"{centre:.2f}", "wavelength_units": "Nanometers"}
    band.SetMetadata({**said, "fwhm": f"{width:.2f}"})
    band.SetMetadataItem("CENTRAL_WAVELENGTH_UM", f"{centre / 1000:.6g}", "IMAGERY")
    band.SetMetadataItem("FWHM_UM", f"{width / 1000:.6g}", "IMAGERY")


def vrt_text(
    shape: Tuple[int, int],
    spectral: Spectral,
    stored: Encoding,
    georeference: Georeference,
    tags: Dict[str, str],
) -> str:
    """The XML of a VRT that says of itself and its bands what a Writer says, and has no source."""
    kind = gdal.GetDataTypeByName(stored.type_name)
    rows, cols = shape
    bands = len(spectral.wavelength_nm)
    dataset = gdal.GetDriverByName("VRT").Create("", cols, rows, bands, kind)
    _describe(dataset, stored, spectral, georeference, tags)
    return dataset.GetMetadata("xml:VRT")[0]


class _Filled:
    """Which file blocks hold a value in the first and in the last band."""

    def __init__(self, shape: Tuple[int, int], side: int):
        self._side = side
        self.blocks = np.zeros((2, -(-shape[0] // side), -(-shape[1] // side)), bool)

    def note(self, row0: int, col0: int, values: np.ndarray) -> None:
        """``values`` (bands, rows, cols): whether there is one, from (row0, col0) on."""
        side = self._side
        for i, band in enumerate((values[0], values[-1])):
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


def _carry_domains(source, copy: Path) -> None:
    """Put the domains that GDAL's COG driver drops into the sidecar of ``copy``."""
    made = gdal.OpenEx(str(copy), gdal.OF_RASTER | gdal.OF_READONLY)
    _say_domains(source, made)
    made.FlushCache()


def _say_domains(source, made) -> None:
    made.SetMetadata(source.GetMetadata("ENVI"), "ENVI")
    for number in range(1, source.RasterCount + 1):
        imagery = source.GetRasterBand(number).GetMetadata("IMAGERY")
        made.GetRasterBand(number).SetMetadata(imagery, "IMAGERY")


class _Writing:
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
            f"'{self._path}' cannot be written ({_one_line(error)})",
            "see that the folder is writable and the disk has room",
        ) from error.with_traceback(None)


def part_path(path: str) -> Path:
    """Where a raster is written before it gets its name."""
    return Path(f"{path}{PART_SUFFIX}")


def check_output(path: str, inputs: Sequence[str], suffixes: Sequence[str] = GEOTIFF) -> None:
    """Raise InputError when ``path`` is no GeoTIFF name, has no folder, or is one of ``inputs``."""
    target = Path(path)
    if target.suffix.lower() not in suffixes:
        raise InputError(f"the output '{path}' is no GeoTIFF name", f"end it in {suffixes[0]}")
    if not target.parent.is_dir():
        raise InputError(
            f"the folder '{target.parent}' does not exist", "make it, or choose another"
        )
    if target.is_dir():
        raise InputError(f"'{path}' is a folder", "name a file")
    for other in inputs:
        if _same_file(target, Path(other)):
            raise InputError(f"'{path}' is also the input or another output", "name another file")


def _same_file(a: Path, b: Path) -> bool:
    if a.exists() and b.exists():
        return a.samefile(b)
    return a.resolve() == b.resolve()


def write_cube(
    path: str, cube: Cube, dtype: str, tags: Dict[str, str], colours: Sequence[str] = ()
) -> None:
    """Write a whole ``cube`` (``fwhm_nm`` needed) as the conventions say; raises as ``Writer``."""
    spectral = Spectral(cube.wavelength_nm, cube.fwhm_nm, cube.units, colours)
    stored = of_dtype(dtype, cube.units)
    shape = cube.values.shape[1:]
    with Writer(path, shape, spectral, stored, cube.georeference, tags) as writer:
        writer.write(0, 0, cube.values)
        writer.close()
        writer.commit()


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
    with _refusing_damage(source):
        named = _plainly_open(source).GetFileList() or [source]
    for made in (target, target.with_suffix(".hdr")):
        if made.is_dir():
            raise InputError(f"'{made}' is a folder", "name a file")
        if any(_same_file(made, Path(name)) for name in named):
            raise InputError(f"'{made}' belongs to the input", "name another file")


def copy_as(source: str, output: str, form: str, tell: Callable[[float], None]) -> None:
    """Copy ``source`` with all that it says of its bands; ``tell`` hears the share that is done.

    GDAL's own copies lose the ENVI domain, and before 3.8 IMAGERY too. Call ``check_copy`` first.
    Raises InputError for an unreadable source, StorageError.
    """
    name, options = COPY_DRIVERS[form]
    dataset, target = _plainly_open(source), Path(output)
    with _Writing(target), _neighbour(target) as made:
        heard = {"callback": lambda share, *_: tell(share) or 1}
        driver = gdal.GetDriverByName(name)
        copy = driver.CreateCopy(str(made), dataset, options=list(options), **heard)
        if copy is None:  # GDAL forgets to raise when a callback follows the error
            raise RuntimeError(gdal.GetLastErrorMsg() or "cut off")
        if name == "ENVI":
            _say_domains(dataset, copy)
        del copy
        _settle_sidecars(dataset, made, form)
        _move_all(made, target)


def _plainly_open(path: str):
    """As ``open_dataset``, whose view without overviews knows no band names and no sidecars."""
    return opening.open_local_or_named(path)


@contextmanager
def _neighbour(target: Path) -> Iterator[Path]:
    """A path of the same name in a folder of its own beside ``target``; the folder goes."""
    begin, end = f".{target.name}.", ".part"
    with tempfile.TemporaryDirectory(prefix=begin, suffix=end, dir=target.parent) as folder:
        yield Path(folder) / target.name


def _settle_sidecars(source, made: Path, form: str) -> None:
    if form == "cog":
        _carry_domains(source, made)
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


def png_bytes(picture: np.ndarray) -> bytes:
    """The PNG file of ``picture`` uint8 (channels, rows, cols): grey, RGB or RGBA."""
    channels, rows, cols = picture.shape
    memory = gdal.GetDriverByName("MEM").Create("", cols, rows, channels, gdal.GDT_Byte)
    for i, channel in enumerate(picture):
        memory.GetRasterBand(i + 1).WriteArray(np.ascontiguousarray(channel))
    if channels == 4:
        memory.GetRasterBand(4).SetColorInterpretation(gdal.GCI_AlphaBand)
    name = f"/vsimem/{uuid.uuid4().hex}.png"
    try:
        gdal.GetDriverByName("PNG").CreateCopy(name, memory, options=["ZLEVEL=9"])
        stream = gdal.VSIFOpenL(name, "rb")
        try:
            return bytes(gdal.VSIFReadL(1, gdal.VSIStatL(name).size, stream))
        finally:
            gdal.VSIFCloseL(stream)
    finally:
        gdal.Unlink(name)
