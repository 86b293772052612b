"""Points, lines and polygons of a vector file, laid over a raster: which pixels are whose."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, List, Optional, Tuple

import numpy as np

from ..errors import InputError, one_line
from ..tiling import Window
from . import named_sources
from .gdal_setup import gdal, ogr, osr, require_proj, vector_errors
from .georeference import PIXEL_GRID, Georeference, Geotransform, refuse_without_grid

DRIVERS = ("GPKG", "ESRI Shapefile", "GeoJSON", "FlatGeobuf")
GIVE_FEATURES = "give a GeoPackage, shapefile, GeoJSON or FlatGeobuf file"
ZIP, IN_ZIP = ".zip", "/vsizip/"
VECTORS = (".shp", ".gpkg", ".geojson", ".json", ".fgb")  # within a zip
SIDECARS = (".shx", ".dbf", ".prj", ".cpg", ".qix", "-wal", "-shm")


@dataclass(frozen=True)
class Layer:
    """An open layer of a vector file and the names of its features, in the file's order.

    ``dataset`` keeps it open: GDAL's layers die with their dataset.
    """

    dataset: Any
    gdal_layer: Any
    names: List[str]

    def features(self) -> Iterator[Any]:
        """Read the features anew.

        Returns: GDAL's features, from the first.
        """
        self.gdal_layer.ResetReading()
        return iter(self.gdal_layer)


def open_layer(
    path: str,
    layer: Optional[str] = None,
    name_field: Optional[str] = None,
    option: str = "--layer",
) -> Layer:
    """Open the vector file at ``path``: its ``layer``, else its only one.

    It may lie in a zip: ``zones.zip`` that holds one, or ``/vsizip/zones.zip/zones.shp``.
    ``name_field`` names the features, else their number does. ``option`` names the layer on the
    command line.

    Returns: the Layer.
    Raises: InputError for what is not a vector file, lacks the layer or field, or has no features.
    """
    require_proj()
    if not any(part.exists() for part in _on_disk(path)):
        raise InputError(f"'{path}' does not exist", "check the path")
    place = _place_in_zip(path) if str(path).lower().endswith(ZIP) else str(path)
    try:
        allowed = [name for name in DRIVERS if gdal.GetDriverByName(name) is not None]
        dataset = gdal.OpenEx(place, gdal.OF_VECTOR, allowed_drivers=allowed)
    except RuntimeError as error:
        raise InputError(f"'{path}' cannot be read ({one_line(error)})", GIVE_FEATURES) from None
    with _refusing_damage(path):
        found = _layer(dataset, path, layer, option)
        names = _names(found, path, name_field)
    if not names:
        raise InputError(f"'{path}' holds no features", "choose a layer with points or polygons")
    return Layer(dataset, found, names)


def files_of_layer(path: str) -> List[str]:
    """List the files that a vector file is made of.

    Returns: paths.
    """
    if str(path).startswith(IN_ZIP):
        return [str(part) for part in _on_disk(path)]
    replacing = [Path(path).with_suffix(end) for end in SIDECARS if end.startswith(".")]
    sides = [*(Path(f"{path}{end}") for end in SIDECARS), *replacing]
    return [str(path), *(str(side) for side in sides if side.is_file())]


def _on_disk(path: str) -> List[Path]:
    """The file that ``path`` is, or the zip that it lies in; none where that cannot be."""
    if not str(path).startswith("/vsi"):
        return [Path(path)]
    archive = named_sources.archive_of(str(path)) if str(path).startswith(IN_ZIP) else None
    local = archive is not None and named_sources.trouble_with(str(path), network=False) is None
    return [archive] if archive is not None and local else []


def _place_in_zip(path: str) -> str:
    """Where the only vector file in a zip is; raises InputError for none and for several."""
    inside = f"{IN_ZIP}{path}"
    found = [name for name in gdal.ReadDirRecursive(inside) or () if name.lower().endswith(VECTORS)]
    if len(found) == 1:
        return f"{inside}/{found[0]}"
    if not found:
        raise InputError(f"'{path}' holds no vector file", GIVE_FEATURES)
    raise InputError(
        f"'{path}' holds {len(found)} vector files",
        "name one: " + ", ".join(f"{inside}/{name}" for name in sorted(found)[:5]),
    )


@contextmanager
def _refusing_damage(path: str) -> Iterator[None]:
    try:
        with vector_errors():
            yield
    except RuntimeError as error:
        raise InputError(
            f"'{path}' cannot be read ({one_line(error)})", "repair or export it again"
        ) from None


def _layer(dataset, path: str, wanted: Optional[str], option: str):
    names = [dataset.GetLayer(i).GetName() for i in range(dataset.GetLayerCount())]
    if wanted is None and len(names) == 1:
        return dataset.GetLayer(0)
    if wanted is None or wanted not in names:
        said = f"has no layer '{wanted}'" if wanted else f"holds {len(names)} layers"
        raise InputError(
            f"'{path}' {said}", f"name one with {option}: {', '.join(names) or 'none'}"
        )
    return dataset.GetLayer(names.index(wanted))


def _names(layer, path: str, field: Optional[str]) -> List[str]:
    if not field:
        return [str(feature.GetFID()) for feature in layer]
    definition = layer.GetLayerDefn()
    fields = [definition.GetFieldDefn(i).GetName() for i in range(definition.GetFieldCount())]
    if field not in fields:
        raise InputError(f"'{path}' has no field '{field}'", f"choose from {', '.join(fields)}")
    return [feature.GetFieldAsString(fields.index(field)) for feature in layer]


@dataclass(frozen=True)
class Placed:
    """Features on a raster's grid of (rows, cols) ``shape``: GDAL's geometries in its CRS.

    A geometry is None where a feature has none; ``warnings`` say what was taken for granted.
    """

    geometries: List[Any]
    place: Georeference
    shape: Tuple[int, int]
    all_touched: bool
    warnings: List[str]

    def window(self, number: int) -> Optional[Window]:
        """Find the part of the raster that holds a feature, and a pixel more.

        Returns: the window; None for a feature beside the raster or without a geometry.
        """
        geometry = self.geometries[number]
        if geometry is None or geometry.IsEmpty():
            return None
        xmin, xmax, ymin, ymax = geometry.GetEnvelope()
        corners = [(x, y) for x in (xmin, xmax) for y in (ymin, ymax)]
        inverse = gdal.InvGeoTransform(self._transform)
        places = np.array([gdal.ApplyGeoTransform(inverse, *corner) for corner in corners])
        (col0, row0), (col1, row1) = np.floor(places.min(0)), np.floor(places.max(0)) + 1
        rows, cols = self.shape
        row0, row1 = max(0, row0 - 1), min(rows, row1 + 1)  # a pixel more for what is touched
        col0, col1 = max(0, col0 - 1), min(cols, col1 + 1)
        if not (row0 < row1 and col0 < col1):
            return None
        return Window(int(row0), int(col0), int(row1 - row0), int(col1 - col0))

    @property
    def _transform(self):
        return self.place.geotransform or PIXEL_GRID

    def mask(self, number: int, window: Window) -> np.ndarray:
        """Find the pixels of ``window`` that belong to a feature.

        A polygon has the pixels whose centre it holds, or with ``all_touched`` all that it
        touches; a point has the pixel in which it lies.

        Returns: (rows, cols) bool.
        """
        transform = Georeference(self._transform).of(window).geotransform or PIXEL_GRID
        source = in_memory()
        layer = source.CreateLayer("", None)
        with vector_errors():
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetGeometry(self.geometries[number])
            layer.CreateFeature(feature)
        return burn(layer, transform, (window.rows, window.cols), self.all_touched)


def place_on(
    layer: Layer, place: Georeference, shape: Tuple[int, int], all_touched: bool
) -> Placed:
    """Lay the features of ``layer`` over a raster at ``place`` with (rows, cols) ``shape``.

    Returns: the features Placed.
    Raises: InputError where the raster has no grid on the ground, a feature no place on it, or no
        way leads from the one reference system to the other.
    """
    refuse_without_grid(place)
    change, warnings = _transformation(layer.gdal_layer.GetSpatialRef(), place.spatial_ref)
    geometries = [
        _move(feature, name, change) for feature, name in zip(layer.features(), layer.names)
    ]
    return Placed(geometries, place, shape, all_touched, warnings)


def _transformation(of_layer, of_raster) -> Tuple[Optional[Any], List[str]]:
    if of_layer is None or of_raster is None:
        if of_layer is None and of_raster is None:
            return None, []
        which = "features have" if of_layer is None else "raster has"
        return None, [f"the {which} no reference system: taken to be the other's"]
    try:
        with vector_errors():
            return _change(of_layer, of_raster), []
    except RuntimeError as error:
        raise InputError(
            "there is no way from the features' reference system "
            f"({of_layer.GetName()}) to the raster's ({of_raster.GetName()})",
            "give both the same one, or the raster the one that it is in (gdal_edit.py -a_srs)",
        ) from error


def _change(of_layer, of_raster) -> Optional[Any]:
    ends = [reference.Clone() for reference in (of_layer, of_raster)]
    for end in ends:
        end.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return None if ends[0].IsSame(ends[1]) else osr.CoordinateTransformation(*ends)


def _move(feature, name: str, change: Optional[Any]):
    geometry = feature.GetGeometryRef()
    if geometry is None:
        return None
    geometry = geometry.Clone()
    try:
        with vector_errors():
            if geometry.HasCurveGeometry(True):
                geometry = geometry.GetLinearGeometry()  # GDAL burns no arcs
            if change is not None:
                geometry.Transform(change)
    except RuntimeError as error:
        raise InputError(
            f"feature '{name}' has no place in the raster's reference system ({one_line(error)})",
            "check the reference system of the features, or leave that feature out",
        ) from None
    return geometry


def burn(
    layer, transform: Geotransform, shape: Tuple[int, int], all_touched: bool = False
) -> np.ndarray:
    """Find the pixels of a grid that belong to any feature of GDAL's ``layer``, in its system.

    ``transform`` and (rows, cols) ``shape`` are the grid's.

    Returns: (rows, cols) bool.
    """
    grid = gdal.GetDriverByName("MEM").Create("", shape[1], shape[0])
    grid.SetGeoTransform(list(transform))
    options = ["ALL_TOUCHED=TRUE"] if all_touched else []
    with _quiet():  # that neither has a reference system is known
        gdal.RasterizeLayer(grid, [1], layer, burn_values=[1], options=options)
    return grid.ReadAsArray() == 1


def in_memory():
    """Make a dataset of features in memory; from GDAL 3.11 on the raster's driver makes it too.

    Returns: GDAL's dataset.
    """
    driver = gdal.GetDriverByName("Memory") or gdal.GetDriverByName("MEM")
    return driver.Create("", 0, 0, 0, gdal.GDT_Unknown)


@contextmanager
def _quiet() -> Iterator[None]:
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()
