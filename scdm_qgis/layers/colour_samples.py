"""Small windows of an estimate and of the picture that it was made from, as that is displayed."""

from dataclasses import dataclass
from typing import Iterator, List, Optional, Tuple

import numpy as np
from osgeo import gdal
from qgis.core import QgsMapLayerStyle, QgsRasterLayer, QgsRectangle

from .raster_file import open_raster, wavelengths_nm

SIDE = 40  # pixels of a window
ACROSS = 5  # windows along each side of the raster
VISIBLE_NM = (380.0, 720.0)


@dataclass(frozen=True)
class Displayed:
    """A raster file and how its layer shows it: what another thread may take of a layer."""

    source: str
    style: QgsMapLayerStyle


def display_of(layer: QgsRasterLayer) -> Displayed:
    """What is needed to see ``layer`` again; call it in QGIS's main thread."""
    style = QgsMapLayerStyle()
    style.readFromLayer(layer)
    return Displayed(layer.source(), style)


@dataclass(frozen=True)
class Samples:
    """``values`` (bands, pixels) in physical units, of the bands that the eye sees; NaN is nodata.

    ``wavelength_nm`` and ``numbers`` (bands,): each band's centre and its number in the file.
    ``shown`` (3, pixels): the other picture's displayed colours, 0 to 1; None without one.
    """

    wavelength_nm: List[float]
    numbers: List[int]
    values: np.ndarray
    shown: Optional[np.ndarray] = None


def sample(name: str, picture: Optional[Displayed] = None) -> Optional[Samples]:
    """Samples of the raster ``name``; None where it has no visible band or cannot be read."""
    dataset = open_raster(name)
    visible = _visible(wavelengths_nm(name))
    if dataset is None or not visible:
        return None
    numbers = [number for number, _ in visible]
    windows = list(_windows(dataset.RasterXSize, dataset.RasterYSize))
    values = np.concatenate([_physical(dataset, numbers, window) for window in windows], axis=1)
    shown = (
        None if picture is None else _displayed_colours(picture, dataset.GetGeoTransform(), windows)
    )
    return Samples([nm for _, nm in visible], numbers, values, shown)


def _visible(wavelength_nm) -> List[Tuple[int, float]]:
    low, high = VISIBLE_NM
    every = enumerate(wavelength_nm, 1)
    return [(number, nm) for number, nm in every if nm is not None and low <= nm <= high]


def _windows(cols: int, rows: int) -> Iterator[Tuple[int, int, int, int]]:
    """(column, row, columns, rows) of windows spread over the raster; none overlaps another."""
    for row, height in _spans(rows):
        for column, width in _spans(cols):
            yield column, row, width, height


def _spans(length: int) -> List[Tuple[int, int]]:
    count = max(1, min(ACROSS, length // SIDE))
    size = min(SIDE, length)
    return [(round((length - size) * (i + 0.5) / count), size) for i in range(count)]


def _physical(dataset, numbers, window) -> np.ndarray:
    """Values (bands, pixels) of one window after band scale and offset, NaN where masked."""
    bands = [dataset.GetRasterBand(number) for number in numbers]
    return np.stack([_band(band, window) for band in bands])


def _band(band, window) -> np.ndarray:
    stored = band.ReadAsArray(*window).astype(np.float64).ravel()
    masked = band.GetMaskBand().ReadAsArray(*window).ravel() == 0
    scale, offset = band.GetScale(), band.GetOffset()
    values = stored * (1.0 if scale is None else scale) + (offset or 0.0)
    return np.where(masked, np.nan, values)


def _displayed_colours(picture: Displayed, geotransform, windows) -> Optional[np.ndarray]:
    """The displayed colours (3, pixels) of all windows; None where the picture lies askew."""
    if geotransform[2] or geotransform[4] or geotransform[1] <= 0 or geotransform[5] >= 0:
        return None
    layer = _reopen(picture)
    if layer is None:
        return None
    return np.concatenate([_colours(layer, geotransform, window) for window in windows], axis=1)


def _reopen(picture: Displayed) -> Optional[QgsRasterLayer]:
    options = QgsRasterLayer.LayerOptions()
    options.loadDefaultStyle = False
    layer = QgsRasterLayer(picture.source, "", "gdal", options)
    if not layer.isValid():
        return None
    picture.style.writeToLayer(layer)
    return layer if layer.renderer() is not None else None


def _colours(layer: QgsRasterLayer, geotransform, window) -> np.ndarray:
    column, row, cols, rows = window
    left, top = gdal.ApplyGeoTransform(geotransform, column, row)
    right, bottom = gdal.ApplyGeoTransform(geotransform, column + cols, row + rows)
    extent = QgsRectangle(left, bottom, right, top)
    block = layer.pipe().last().block(1, extent, cols, rows)
    argb = np.frombuffer(bytes(block.data()), np.uint32)
    if argb.size != rows * cols:
        return np.full((3, rows * cols), np.nan)
    channels = np.stack([argb >> shift & 255 for shift in (16, 8, 0)]) / 255.0
    return np.where(argb >> 24 == 255, channels, np.nan)
