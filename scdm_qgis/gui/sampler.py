"""Reads the spectrum under a point of the map from a layer, and its spread where there is one."""

from typing import Optional, Tuple

from qgis.core import QgsCoordinateTransform, QgsCsException, QgsProject, QgsRasterLayer

from ..layers.pixel_reader import PixelReader
from ..layers.spread_layer import is_spread, spread_of


class Sampler:
    """One layer and its partner; raises ValueError when the layer has no wavelengths."""

    def __init__(self, layer: QgsRasterLayer, project: QgsProject):
        self._layer, self._project = layer, project
        self._cube = PixelReader(layer.source())
        partner = spread_of(layer, project.mapLayers().values())
        self._spread = None if partner is None else PixelReader(partner.source())
        self.has_spread = partner is not None
        self.is_spread = is_spread(layer)
        self.layer_id = layer.id()

    def at(self, point, crs) -> Optional[Tuple]:
        """(nm, values, spread or None) under ``point`` in ``crs``; None outside the raster."""
        try:
            place = self._transform(crs).transform(point)
        except QgsCsException:
            return None
        pixel = self._cube.pixel(place.x(), place.y())
        if pixel is None:
            return None
        spread = None if self._spread is None else self._spread.spectrum(*pixel)
        return self._cube.wavelength_nm, self._cube.spectrum(*pixel), spread

    def _transform(self, crs) -> QgsCoordinateTransform:
        """From ``crs`` to the layer's; nothing changes where either is unknown."""
        return QgsCoordinateTransform(crs, self._layer.crs(), self._project)
