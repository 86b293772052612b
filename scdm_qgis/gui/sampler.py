"""Reads the spectrum under a point of the map from a layer, and its spread where there is one."""

from typing import NamedTuple, Optional

import numpy as np
from qgis.core import QgsCoordinateTransform, QgsCsException, QgsProject, QgsRasterLayer

from ..layers.pixel_reader import PixelReader
from ..layers.spread_layer import is_spread, spread_of


class Reading(NamedTuple):
    """``values`` and, where known, ``spread`` (bands,) at ``wavelength_nm`` (bands,)."""

    wavelength_nm: np.ndarray
    values: np.ndarray
    spread: Optional[np.ndarray]


class Sampler:
    """One layer and its partner; raises ValueError when the layer has no wavelengths."""

    def __init__(self, layer: QgsRasterLayer, project: QgsProject):
        self._layer, self._project = layer, project
        self._cube = PixelReader(layer.source())
        partner = spread_of(layer, project.mapLayers().values())
        self._spread = None if partner is None else PixelReader(partner.source())
        self.has_spread = partner is not None
        self.is_spread = is_spread(layer)
        self.layer_id, self.layer_name = layer.id(), layer.name()

    def at(self, point, crs, side: int) -> Optional[Reading]:
        """The mean of ``side`` × ``side`` pixels about ``point`` in ``crs``.

        None outside the raster, and where all is nodata. The spread is the pixels' mean as well:
        errors of neighbours are alike, so it does not fall with their number.
        """
        try:
            place = self._transform(crs).transform(point)
        except QgsCsException:
            return None
        pixel = self._cube.pixel(place.x(), place.y())
        if pixel is None:
            return None
        values = self._cube.spectrum(*pixel, side)
        if not np.isfinite(values).any():
            return None
        spread = None if self._spread is None else self._spread.spectrum(*pixel, side)
        return Reading(self._cube.wavelength_nm, values, spread)

    def _transform(self, crs) -> QgsCoordinateTransform:
        """From ``crs`` to the layer's; nothing changes where either is unknown."""
        return QgsCoordinateTransform(crs, self._layer.crs(), self._project)
