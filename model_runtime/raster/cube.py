"""Reads and writes whole hyperspectral rasters."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ..errors import InputError, StorageError, one_line
from ..spectra.known_calibration import Known, recognise
from ..spectra.resample import bands_with_values
from ..tiling import Window
from . import band_reading, file_facts
from .band_scale import Metadata, scale_of
from .dataset import (
    MASK_KINDS,
    hidden_nodata,
    is_estimate,
    mask_of,
    open_dataset,
    refuse_short_file,
    refusing_damage,
    thinned_size,
)
from .encoding import Spectral, of_dtype
from .fill_values import describe_fill, find_fill_values
from .gdal_setup import gdal
from .georeference import Georeference, Geotransform, georeference_of
from .wavelengths import bad_bands, centres_nm, widths_nm
from .writer import Writer

PREVIEW_SIDE = 256  # pixels; enough to tell a band that holds nothing
NAMED = 12  # bands that a warning lists


@dataclass(frozen=True)
class Cube:
    """A hyperspectral raster: ``values`` float32 (bands, rows, cols), NaN where masked.

    ``values`` are after band scale and offset, or those of a known product, and NaN in bands that
    the file calls bad; ``wavelength_nm`` and ``fwhm_nm`` (bands,), None where the file does not
    state them; ``units`` "reflectance", "radiance", or "" where it states none. ``is_estimate``:
    this software made it.
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
    """Look up the size of the raster at ``path``.

    Returns: (bands, rows, cols).
    Raises: InputError.
    """
    dataset = open_dataset(str(path))
    return dataset.RasterCount, dataset.RasterYSize, dataset.RasterXSize


def read_cube(
    path: str,
    bands: Optional[Sequence[int]] = None,
    window: Optional[Window] = None,
    need_wavelengths: bool = True,
) -> Cube:
    """Read the hyperspectral raster at ``path``.

    All of it, or some ``bands`` (1-based) in ``window``. Wavelengths come from each band's
    metadata, else from the dataset's ENVI domain or metadata.

    Returns: the Cube.
    Raises: InputError when the file cannot be read, lacks a band, or does not state the wavelengths
        that are needed.
    """
    dataset = open_dataset(str(path))
    with refusing_damage(str(path)):
        return _cube_of(dataset, path, bands, window, need_wavelengths)


def _cube_of(dataset, path: str, bands, window: Optional[Window], need_wavelengths: bool) -> Cube:
    every = [dataset.GetRasterBand(i + 1) for i in range(dataset.RasterCount)]
    picked = _band_indexes(bands, len(every), path)
    wavelength_nm = _at(_complete(centres_nm, dataset, every), picked)
    if wavelength_nm is None and need_wavelengths:
        raise InputError(
            f"'{path}' does not say the wavelengths of its bands",
            "give each band 'wavelength' and 'wavelength_units' metadata, or use an ENVI header",
        )
    refuse_short_file(str(path), every[:1] + every[-1:])
    known = _known_scale(dataset)
    read = _reader_of(dataset, known)
    values = band_reading.read_stack(dataset, [i + 1 for i in picked], read, window)
    widths, place = _at(_complete(widths_nm, dataset, every), picked), georeference_of(dataset)
    place = place.of(window) if window else place
    units = _units(dataset, every) if known is None else "reflectance"
    return Cube(values, wavelength_nm, widths, units, place, is_estimate(dataset))


def _band_indexes(bands: Optional[Sequence[int]], count: int, path: str) -> List[int]:
    """0-based bands; raises InputError for one that the raster lacks."""
    wrong = [number for number in bands or () if not 1 <= number <= count]
    if wrong:
        raise InputError(f"'{path}' has no band {wrong[0]}", f"choose from 1 to {count}")
    return list(range(count)) if bands is None else [number - 1 for number in bands]


def _at(values: Optional[np.ndarray], picked: List[int]) -> Optional[np.ndarray]:
    return None if values is None else values[picked]


def read_preview(
    path: str, side: int, tell: Callable[[float], None] = lambda share: None
) -> np.ndarray:
    """Read a written raster thinned to at most ``side`` pixels per side.

    ``tell`` hears the share that is read.

    Returns: (bands, rows, cols) float32, NaN where nodata.
    Raises: StorageError.
    """
    with _reading_back(path):
        dataset = open_dataset(str(path))
        size = thinned_size(dataset.RasterYSize, dataset.RasterXSize, side)
        shape = size["buf_ysize"], size["buf_xsize"]
        every = range(1, dataset.RasterCount + 1)
        read = _reader_of(dataset, _known_scale(dataset))

        def tell_and_read(band, **place) -> np.ndarray:
            tell((band.GetBand() - 1) / dataset.RasterCount)
            return read(band, **place)

        return band_reading.read_stack(dataset, every, tell_and_read, shape=shape)


def usable_bands(path: str) -> np.ndarray:
    """Find the bands of the raster at ``path`` that hold values, thinned to PREVIEW_SIDE.

    Returns: (bands,) numbers, counted from 0.
    Raises: StorageError; InputError where no band does.
    """
    found = bands_with_values(read_preview(path, PREVIEW_SIDE))
    if not len(found):
        raise InputError(f"'{path}' holds no valid value", "check its nodata value and masks")
    return found


def describe_reading(path: str) -> List[str]:
    """Say how a raster is read beyond what its bands say: by its product's scale, without bad bands
    and without nodata that nothing declares.

    Returns: warnings.
    Raises: InputError when the file cannot be read.
    """
    dataset = open_dataset(str(path))
    known = _known_scale(dataset)
    scaled = [f"'{path}' is read as reflectance: {known.why}"] if known else []
    return [*scaled, *_describe_bad(path, dataset), *find_undeclared_nodata(path)]


def _describe_bad(path: str, dataset) -> List[str]:
    bad = _bad_bands_of(dataset)
    if not bad:
        return []
    listed = ", ".join(map(str, bad[:NAMED])) + ", ..." * (len(bad) > NAMED)
    calls = f"calls {len(bad)} of its {dataset.RasterCount} bands bad (bbl: {listed})"
    return [f"'{path}' {calls}: they are left out"]


def find_undeclared_nodata(path: str) -> List[str]:
    """Find fill values that are read as NaN though nothing declares them, in a thinned first band.

    Returns: a warning, or nothing.
    Raises: InputError when the file cannot be read.
    """
    dataset = open_dataset(str(path))
    band = dataset.GetRasterBand(1)
    with refusing_damage(str(path)):
        size = thinned_size(dataset.RasterYSize, dataset.RasterXSize, PREVIEW_SIDE)
        stored = band.ReadAsArray(**size)
        filled = find_fill_values(stored)
        if filled.any():
            shown = mask_of(band).ReadAsArray(**size) != 0
            filled &= shown & ~hidden_nodata(band, stored)
    if not filled.any():
        return []
    said = describe_fill(stored[None], filled[None])
    return [f"'{path}': {said}"]


@contextmanager
def _reading_back(path: str) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, InputError) as error:
        raise StorageError(
            f"'{path}' cannot be read back ({one_line(error)})", "look at the disk, try again"
        ) from error


def _bad_bands_of(dataset) -> List[int]:
    every = range(1, dataset.RasterCount + 1)
    items = [dataset.GetRasterBand(number).GetMetadataItem for number in every]
    return bad_bands(dataset.GetMetadataItem, items)


def _reader_of(dataset, known: Optional[Known]) -> band_reading.Read:
    """A function for ``band_reading.read_stack``: physical values, NaN in all of a bad band."""
    bad = _bad_bands_of(dataset)

    def read(band, **place: int) -> np.ndarray:
        values = _physical(dataset.GetMetadataItem, band, **place)
        if known is not None:
            values = _calibrate(values, known)
        return np.full_like(values, np.nan) if band.GetBand() in bad else values

    return read


def _known_scale(dataset) -> Optional[Known]:
    """How a satellite's product stores reflectance where its bands do not say it themselves."""
    every = [dataset.GetRasterBand(i + 1) for i in range(dataset.RasterCount)]
    is_mute = scale_of(None, dataset.GetMetadataItem) == 1 and all(
        band.DataType in (gdal.GDT_UInt16, gdal.GDT_Int16)
        and band.GetScale() in (None, 1)
        and not band.GetOffset()
        for band in every
    )
    if not is_mute:
        return None
    files = [dataset.GetDescription(), *(dataset.GetFileList() or [])]
    names = tuple(band.GetDescription() for band in every)
    return recognise(file_facts.read(dataset, files, range(1, len(every) + 1), names))


def _calibrate(values: np.ndarray, known: Known) -> np.ndarray:
    """Reflectance of stored ``values``; 0 is nodata where it would be less than no reflectance."""
    if known.offset < 0:
        values[values == 0] = np.nan
    return values * np.float32(known.scale) + np.float32(known.offset)


def _physical(said: Metadata, band, **size: int) -> np.ndarray:
    """A band's values after scale and offset, float32, NaN where masked."""
    if gdal.DataTypeIsComplex(band.DataType):
        raise InputError("the bands hold complex numbers", "choose bands of real numbers")
    scale = scale_of(band.GetScale(), said)
    stored = band.ReadAsArray(**size)
    values = (stored * scale + (band.GetOffset() or 0.0)).astype(np.float32)
    values[hidden_nodata(band, stored) | find_fill_values(stored)] = np.nan
    if band.GetMaskFlags() & MASK_KINDS:
        values[mask_of(band).ReadAsArray(**size) == 0] = np.nan
    values[~np.isfinite(values)] = np.nan
    return values


def _complete(read: Callable, dataset, bands) -> Optional[np.ndarray]:
    """What ``read`` (of wavelengths.py) finds for all bands; None where one has nothing."""
    found = read(dataset.GetMetadataItem, [band.GetMetadataItem for band in bands])
    return None if None in found else np.array(found)


def _units(dataset, bands) -> str:
    if scale_of(None, dataset.GetMetadataItem) != 1:
        return "reflectance"
    said = bands[0].GetUnitType() or dataset.GetMetadataItem("units") or ""
    said = (said or dataset.GetMetadataItem("data_units", "ENVI") or "").lower()
    return next((unit for unit in ("reflectance", "radiance") if unit in said), "")


def write_cube(
    path: str, cube: Cube, dtype: str, tags: Dict[str, str], colours: Sequence[str] = ()
) -> None:
    """Write a whole ``cube``, which needs ``fwhm_nm``, as the raster conventions say.

    Raises: InputError, StorageError as ``Writer``; ValueError without wavelengths or widths.
    """
    if cube.wavelength_nm is None or cube.fwhm_nm is None:
        raise ValueError("a cube is written with wavelengths and widths")
    spectral = Spectral(cube.wavelength_nm, cube.fwhm_nm, cube.units, colours)
    stored = of_dtype(dtype, cube.units)
    _, rows, cols = cube.values.shape
    with Writer(path, (rows, cols), spectral, stored, cube.georeference, tags) as writer:
        writer.write(0, 0, cube.values)
        writer.close()
        writer.commit()
