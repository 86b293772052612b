"""Writes features with numbers beside what they had: a GeoPackage."""

from pathlib import Path
from typing import Any, Collection, List, Mapping, Sequence

import numpy as np

from ..errors import InputError
from ..system import final_names
from ..system.durable_files import sync_file, sync_folder
from .features import Layer
from .gdal_setup import closing_errors, gdal, ogr, vector_errors
from .writer import WritingErrors, part_path

SUFFIX = ".gpkg"
MOST_COLUMNS = 1900  # SQLite takes 2000
OWN_NUMBER, GEOMETRY = "fid", "geom"  # the GeoPackage's own columns


def check_columns(columns: Sequence[str]) -> None:
    """Check that a GeoPackage holds as many ``columns``.

    Raises: InputError where it does not.
    """
    if len(columns) > MOST_COLUMNS:
        raise InputError(
            f"{len(columns)} columns are more than a GeoPackage holds ({MOST_COLUMNS})",
            "take the CSV or the spectral library alone, or a raster of fewer bands",
        )


def write_features(
    path: str, layer: Layer, columns: Mapping[str, np.ndarray], overwrite: bool
) -> None:
    """Write the features of ``layer`` as they are, and ``columns`` (features,): NaN is NULL.

    A field that has the name of a column is left out. The file is there whole or not at all.

    Raises: StorageError.
    """
    target, part = Path(path), part_path(path)
    try:
        with WritingErrors(target):
            part.unlink(missing_ok=True)
            _write(part, target.stem, layer, columns)
            sync_file(part)
            final_names.give_name(part, target, overwrite)
            sync_folder(target.parent)
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            Path(f"{part}{end}").unlink(missing_ok=True)


def _write(part: Path, name: str, layer: Layer, columns: Mapping[str, np.ndarray]) -> None:
    gdal.PushErrorHandler("CPLQuietErrorHandler")  # it warns of the ending .part
    try:
        made = gdal.GetDriverByName("GPKG").Create(str(part), 0, 0, 0, gdal.GDT_Unknown)
        with vector_errors():
            _fill(made, name, layer, columns)
    finally:
        gdal.PopErrorHandler()
    with closing_errors() as trouble:
        del made
    if trouble:
        raise RuntimeError(trouble[0])


def _fill(made, name: str, layer: Layer, columns: Mapping[str, np.ndarray]) -> None:
    source = layer.gdal_layer
    taken = {column.lower() for column in (*columns, OWN_NUMBER)}
    kept = [field for field in _fields(source) if field.GetName().lower() not in taken]
    place = _free_name(GEOMETRY, taken.union(field.GetName().lower() for field in kept))
    options = [f"GEOMETRY_NAME={place}"]
    target = made.CreateLayer(name, source.GetSpatialRef(), source.GetGeomType(), options)
    for field in kept:
        target.CreateField(field)
    for column, values in columns.items():
        kind = ogr.OFTInteger64 if values.dtype.kind == "i" else ogr.OFTReal
        target.CreateField(ogr.FieldDefn(column, kind))
    target.StartTransaction()
    for number, feature in enumerate(layer.features()):
        copy = ogr.Feature(target.GetLayerDefn())
        copy.SetFrom(feature)
        for column, values in columns.items():
            if np.isfinite(values[number]):
                copy.SetField(column, values[number].item())
        target.CreateFeature(copy)
    target.CommitTransaction()


def _fields(source) -> List[Any]:
    """The definitions of a layer's fields."""
    definition = source.GetLayerDefn()
    return [definition.GetFieldDefn(i) for i in range(definition.GetFieldCount())]


def _free_name(wanted: str, taken: Collection[str]) -> str:
    """``wanted``, with as many underscores as make it none of ``taken``."""
    while wanted in taken:
        wanted += "_"
    return wanted
