"""Reads an input raster window by window: values as float32, with a mask of what is valid.

Nothing unreadable ever becomes zeros.
"""

import functools
import math
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ..errors import InputError, StorageError, one_line
from ..package.manifest import InputBand
from ..spectra.known_calibration import recognise
from ..tiling import Window, reflect
from . import band_choice, file_facts, opening, palette
from .band_choice import BandFacts
from .band_metadata import COLOURS
from .band_scale import scale_of
from .dataset import (
    DAMAGED,
    MASK_KINDS,
    hidden_nodata,
    mask_of,
    open_dataset,
    open_with_sidecars,
    refuse_estimate,
    refuse_short_file,
    refusing_damage,
    thinned_size,
)
from .fill_values import describe_fill, find_undeclared
from .gdal_setup import gdal
from .georeference import (
    PIXEL_GRID,
    apply_geotransform,
    georeference_of,
    refuse_without_grid,
)
from .vrt_sources import name_by_files
from .wavelengths import bad_bands, centres_nm

# File blocks that a sample of the whole raster may touch: more take minutes.
SAMPLED_BLOCKS = 1 << 16
IN_ONE_UNIT = "if their values are not in one unit, colours are wrong"
# Values this far beyond a pixel's edge still count as on it (rounding of coordinates).
EDGE_PIXELS = 1e-6


class RasterReader:
    """An input raster whose chosen bands are read window by window.

    ``rows``, ``cols``; ``bands`` (1-based); ``georeference``; ``type_name`` (GDAL's), ``integer``
    and ``bits`` of its values; ``scale`` and ``offset`` of each band, None where the file gives
    none; ``wavelength_nm`` of each band or None. ``bands_taken``: which band is what, and why;
    ``bands_doubt``: what speaks against it, or "". ``values_doubts``: warnings of its values.
    ``facts``: what the file says of them.
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
        with refusing_damage(self.path):
            self._take(bands, wanted)

    def _take(self, bands: Optional[Sequence[int]], wanted: Sequence[InputBand]) -> None:
        self._stored = stored = self._dataset  # kept: GDAL's bands die with their dataset
        refuse_estimate(stored, self.path)
        described = open_with_sidecars(self.path)
        self._named = described.GetFileList() or []
        if palette.has_palette(stored):
            self._dataset, described = palette.expand(stored), palette.expand(described)
        facts = _band_facts(described, self.path)
        choice = _choose_bands(facts, self.path, bands, wanted)
        self.bands: Sequence[int] = list(choice.bands)
        self.bands_taken = choice.describe(facts, wanted)
        self.bands_doubt = choice.doubt if self._dataset is stored else palette.DOUBT
        self._has_fill = False
        self._thin_valid: Dict[int, np.ndarray] = {}
        names = tuple(facts[number - 1].name for number in self.bands)
        files = [self.path, *self._named]
        self.facts = file_facts.read(self._dataset, files, self.bands, names)
        self.rows, self.cols = self._dataset.RasterYSize, self._dataset.RasterXSize
        self._handles = [self._dataset.GetRasterBand(number) for number in self.bands]
        in_file = self._handles if self._dataset is stored else [stored.GetRasterBand(1)]
        spectral = [band.number for band in facts if band_choice.is_spectral(band)]
        self._masks = _mask_bands(self._dataset, self._handles, spectral)
        if self._dataset is not stored:
            self._masks += _mask_bands(stored, in_file)
        self._refuse_complex()
        refuse_short_file(self.path, in_file)
        self.georeference = georeference_of(stored)
        kind = functools.reduce(gdal.DataTypeUnion, [band.DataType for band in self._handles])
        self.type_name = gdal.GetDataTypeName(kind)
        self.integer = "Int" in self.type_name or self.type_name == "Byte"
        self.bits = gdal.GetDataTypeSize(kind)
        self.scale, self.offset = _scaling(stored, self._handles)
        self._zero_is_fill = self._has_negative_offset()
        self.values_doubts: Sequence[str] = _say_unlike(self.bands, self._handles)
        wavelengths = [facts[number - 1].wavelength_nm for number in self.bands]
        known = [nm for nm in wavelengths if nm is not None]
        whole = len(known) == len(wavelengths)
        self.wavelength_nm: Optional[Sequence[float]] = known if whole else None

    def _has_negative_offset(self) -> bool:
        """Whether 0 would be reflectance below 0, as Sentinel-2's and Landsat's nodata would."""
        known = recognise(self.facts) if self.offset is None else None
        offsets = [known.offset] if known is not None else self.offset or [0.0]
        return self.integer and self.bits == 16 and max(offsets) < 0

    def mask_zeros(self) -> None:
        """Read 0 in all bands as nodata from now on."""
        self._zero_is_fill = True
        self._thin_valid.clear()

    def _refuse_complex(self) -> None:
        for number, band in zip(self.bands, self._handles):
            if gdal.DataTypeIsComplex(band.DataType):
                name = gdal.GetDataTypeName(band.DataType)
                raise InputError(
                    f"band {number} of '{self.path}' holds complex numbers ({name})",
                    "choose bands of real numbers",
                )

    def files(self) -> List[str]:
        """List the local files that the raster is made of: sidecars and the sources of a VRT, too.

        Returns: paths.
        """
        led_to = opening.local_files(self.path)
        return sorted({str(name) for name in (*self._named, *led_to) if Path(name).is_file()})

    @property
    def whole(self) -> Window:
        """The window of the whole raster."""
        return Window(0, 0, self.rows, self.cols)

    def thin_validity(self, side: int) -> Tuple[np.ndarray, Tuple[float, float]]:
        """Read which pixels of the whole raster are valid, thinned to about ``side``, once.

        Returns: bool (rows, cols), and of how many rows and columns one is taken.
        Raises: StorageError when the file can no longer be read.
        """
        if side not in self._thin_valid:
            _, self._thin_valid[side] = self.preview(self.whole, self._side_in_reach(side))
        valid = self._thin_valid[side]
        return valid, (self.rows / valid.shape[0], self.cols / valid.shape[1])

    def window(self, extent: Sequence[float]) -> Window:
        """Find the whole pixels that ``extent`` touches.

        ``extent`` is xmin, ymin, xmax, ymax in units of the CRS. A rotated raster gives the window
        that encloses the extent. Without georeference the coordinates are pixels as QGIS counts
        them: y from 0 at the top downwards to -rows.

        Returns: the window.
        Raises: InputError for an extent that is empty or beside the raster.
        """
        xmin, ymin, xmax, ymax = extent
        if not all(map(math.isfinite, extent)) or xmin >= xmax or ymin >= ymax:
            raise InputError(
                f"the extent {_list(extent)} is empty",
                "give XMIN,YMIN,XMAX,YMAX with XMIN < XMAX and YMIN < YMAX",
            )
        inverse = gdal.InvGeoTransform(list(self.georeference.geotransform or PIXEL_GRID))
        if inverse is None:
            raise InputError(
                f"'{self.path}' has a degenerate geotransform", "repair it, or leave --extent out"
            )
        corners = [apply_geotransform(inverse, x, y) for x in (xmin, xmax) for y in (ymin, ymax)]
        cols, rows = zip(*corners)
        col0, col1 = _whole_pixels(cols, self.cols)
        row0, row1 = _whole_pixels(rows, self.rows)
        if col0 >= col1 or row0 >= row1:
            refuse_without_grid(self.georeference)
            raise InputError(
                f"the extent {_list(extent)} lies beside the raster {_list(self.extent())}",
                "give an extent in the raster's coordinate reference system that overlaps it",
            )
        return Window(row0, col0, row1 - row0, col1 - col0)

    def extent(self) -> Tuple[float, float, float, float]:
        """Compute the extent of the raster's corners.

        Returns: xmin, ymin, xmax, ymax.
        """
        transform = self.georeference.geotransform or PIXEL_GRID
        places = [(col, row) for col in (0, self.cols) for row in (0, self.rows)]
        corners = [apply_geotransform(transform, *place) for place in places]
        x, y = zip(*corners)
        return min(x), min(y), max(x), max(y)

    def read(self, window: Window) -> Tuple[np.ndarray, np.ndarray]:
        """Read ``window``, which may stick out of the raster: there the raster is mirrored.

        Returns: raw values (bands, rows, cols) float32, and what is valid, (rows, cols) bool.
        Raises: StorageError when the file can no longer be read.
        """
        rows = reflect(window.row0, window.row0 + window.rows, self.rows)
        cols = reflect(window.col0, window.col0 + window.cols, self.cols)
        row0, col0 = int(rows.min()), int(cols.min())
        inside = (col0, row0, int(cols.max()) - col0 + 1, int(rows.max()) - row0 + 1)
        with self._reading():
            values, valid = self._values(*inside)
        picked_rows, picked_cols = np.ix_(rows - row0, cols - col0)
        return values[:, picked_rows, picked_cols], valid[picked_rows, picked_cols]

    def sample(self, side: int) -> np.ndarray:
        """Read the valid pixels of the whole raster, thinned to at most ``side`` pixels per side.

        It is always the whole raster, so that what is derived depends on no tile and no extent.

        Returns: raw values (bands, pixels) float32.
        Raises: InputError when the file is damaged or holds no valid pixel.
        """
        side = self._side_in_reach(side)
        size = {
            "buf_xsize": min(self.cols, side),
            "buf_ysize": min(self.rows, side),
        }
        with refusing_damage(self.path):
            values, valid = self._values(0, 0, self.cols, self.rows, **size)
        if not valid.any():
            rows, cols = valid.shape
            if (rows, cols) != (self.rows, self.cols):
                raise InputError(
                    f"'{self.path}' holds no valid pixel among the {rows} x {cols} "
                    "(rows x columns) by which its values are judged",
                    "cut it to the part that holds some (gdal_translate -srcwin), or check its "
                    "nodata value, mask and alpha band",
                )
            raise InputError(
                f"'{self.path}' holds no valid pixel", "check its nodata value, mask and alpha band"
            )
        # Nearly always all are: picking them out would take as long as reading.
        return values.reshape(len(values), -1) if valid.all() else values[:, valid]

    def _side_in_reach(self, side: int) -> int:
        """``side``, or less where so many file blocks would be read for it that it took minutes."""
        width, height = self._handles[0].GetBlockSize()
        across, down = -(-self.cols // width), -(-self.rows // height)
        while side > 1 and min(side, across) * min(side, down) > SAMPLED_BLOCKS:
            side //= 2
        return side

    def preview(self, window: Window, side: int) -> Tuple[np.ndarray, np.ndarray]:
        """Read a window inside the raster, thinned to at most ``side`` pixels per side.

        Returns: raw values (bands, rows, cols) float32, and what is valid, (rows, cols) bool.
        Raises: StorageError when the file can no longer be read.
        """
        place = (window.col0, window.row0, window.cols, window.rows)
        with self._reading():
            return self._values(*place, **thinned_size(window.rows, window.cols, side))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            raise StorageError(
                f"'{self.path}' can no longer be read ({one_line(error)})", DAMAGED
            ) from error

    def _values(self, *place: int, **size: int) -> Tuple[np.ndarray, np.ndarray]:
        arrays = [band.ReadAsArray(*place, **size) for band in self._handles]
        # A pixel counts only where every band does: as QGIS draws it.
        valid = np.ones(arrays[0].shape, bool)
        for mask in self._masks:
            valid &= mask.ReadAsArray(*place, **size) != 0
        for band, values in zip(self._handles, arrays):
            valid &= ~hidden_nodata(band, values)
        with np.errstate(over="ignore"):
            values = np.stack(arrays).astype(np.float32)
        valid &= np.isfinite(values).all(axis=0)
        filled = find_undeclared(arrays, valid, self._zero_is_fill)
        self._note_fill(values, filled)
        return values, valid & ~filled.any(axis=0)

    def _note_fill(self, values: np.ndarray, filled: np.ndarray) -> None:
        """Warn once, of the first values that are read: the sample of the whole."""
        if self._has_fill or not filled.any():
            return
        self._has_fill = True
        self.values_doubts = [*self.values_doubts, describe_fill(values, filled)]


def _whole_pixels(places: Sequence[float], length: int) -> Tuple[int, int]:
    first = math.floor(min(places) + EDGE_PIXELS)
    last = math.ceil(max(places) - EDGE_PIXELS)
    return max(first, 0), min(last, length)


def _list(numbers: Sequence[float]) -> str:
    return ",".join(f"{number:.10g}" for number in numbers)


def _choose_bands(
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
    band_choice.check(facts, choice, wanted)
    return choice


def _check_numbers(path: str, bands: Sequence[int], have: int, count: int) -> None:
    if len(bands) != count:
        raise InputError(f"{len(bands)} bands are named", f"name the model's {count} bands")
    wrong = [number for number in bands if not 1 <= number <= have]
    if wrong:
        raise InputError(f"'{path}' has no band {wrong[0]}", f"choose from 1 to {have}")


def _band_facts(dataset, path: str) -> List[BandFacts]:
    bands = [dataset.GetRasterBand(i + 1) for i in range(dataset.RasterCount)]
    said = dataset.GetMetadataItem, [band.GetMetadataItem for band in bands]
    centres, bad = centres_nm(*said), bad_bands(*said)
    by_file = name_by_files(path, len(bands))
    words = {code: word for word, code in COLOURS.items()}
    words.update(
        {
            getattr(gdal, f"GCI_{word[0].upper()}{word[1:]}Band"): word
            for word in band_choice.NO_COLOURS
        }
    )
    return [
        BandFacts(
            number,
            band.GetDescription() or name,
            words.get(band.GetColorInterpretation(), ""),
            centre,
            number in bad,
        )
        for number, (band, name, centre) in enumerate(zip(bands, by_file, centres), start=1)
    ]


def _mask_bands(dataset, handles, spectral: Sequence[int] = ()) -> list:
    """The mask bands that say something, each once: nodata, mask and alpha.

    Bands that are ``spectral`` (1-based) are no alpha, though GDAL says so of a fourth byte.
    """
    masked = [band for band in handles if band.GetMaskFlags() & MASK_KINDS]
    alphas = [
        number
        for number in range(1, dataset.RasterCount + 1)
        if dataset.GetRasterBand(number).GetColorInterpretation() == gdal.GCI_AlphaBand
    ]
    if set(alphas) & set(spectral):
        masked = [band for band in masked if not band.GetMaskFlags() & gdal.GMF_ALPHA]
    masks = [mask_of(band) for band in masked]
    if len(masks) == len(handles) and all(
        band.GetMaskFlags() & gdal.GMF_PER_DATASET for band in handles
    ):
        masks = masks[:1]
    # GDAL lets a nodata value hide the alpha band; both count here.
    return masks + [dataset.GetRasterBand(i) for i in alphas if i not in spectral]


def _say_unlike(numbers: Sequence[int], handles) -> List[str]:
    """Warnings where bands are stored in different ways, or one stands for several colours."""
    said = []
    if len(set(numbers)) < len(numbers):
        said.append("one band is used for several colours: the estimate knows no colour then")
    types = [gdal.GetDataTypeName(band.DataType) for band in handles]
    if len(set(types)) > 1:
        listed = ", ".join(types)
        said.append(f"the bands have different types ({listed}): {IN_ONE_UNIT}")
    scaled = [(band.GetScale() or 1.0, band.GetOffset() or 0.0) != (1.0, 0.0) for band in handles]
    if any(scaled) and not all(scaled):
        said.append(f"not all of the bands have a scale or offset: {IN_ONE_UNIT}")
    return said


def _scaling(dataset, handles) -> Tuple[Optional[List[float]], Optional[List[float]]]:
    """Scale and offset of each band, or (None, None) where no band has its own."""
    scale = [scale_of(band.GetScale(), dataset.GetMetadataItem) for band in handles]
    offset = [band.GetOffset() or 0.0 for band in handles]
    if all(value == 1 for value in scale) and not any(offset):
        return None, None
    return scale, offset
