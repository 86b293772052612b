"""Writes spectra to files: CSV, ENVI spectral library, GeoPackage; whole or not at all."""

from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from ..gui.spectra import Spectrum, about, as_csv, on_one_grid
from ..model_runtime.spectra import spectra_text
from ..translation import tr


def write_csv(path: Path, spectra: Sequence[Spectrum]) -> str:
    """Write a column for each spectrum, below a line on each one's origin; raises OSError.

    The panel's library reads it again.
    """
    lines = [f"# {line}\n" for line in about(spectra)]
    _put({path: ("".join(lines) + as_csv(spectra)).encode("utf-8")})
    return ""


def write_library(path: Path, spectra: Sequence[Spectrum]) -> str:
    """Write an ENVI spectral library and its .hdr at the first spectrum's bands; raises OSError.

    Returns: which spectra were interpolated to these bands.
    """
    nm, values, moved = on_one_grid(spectra)
    names = [one.name for one in spectra]
    data, header = spectra_text.library(names, nm, values, "; ".join(about(spectra)))
    _put({path.with_suffix(".hdr"): header, path: data})
    text = tr("Interpolated to the bands of {}: {}.")
    return text.format(names[0], ", ".join(moved)) if moved else ""


def write_points(path: Path, spectra: Sequence[Spectrum]) -> str:
    """Write a GeoPackage of the picked ``spectra``: a point each, a column a wavelength.

    Raises: OSError, ValueError where no spectrum has a place.
    """
    picked = [one for one in spectra if one.origin is not None]
    if not picked:
        raise ValueError(tr("a GeoPackage holds picked pixels: pick some first"))
    layer, part = _layer(picked), path.with_name(f"{path.stem}.part.gpkg")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", path.stem
    context = QgsProject.instance().transformContext()
    try:
        told = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(part), context, options)
        if told[1]:
            raise OSError(told[1])
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return ""


WRITERS = {".csv": write_csv, ".sli": write_library, ".gpkg": write_points}


def _put(contents) -> None:
    """Write ``contents`` (path: bytes): no name is given before all are whole."""
    parts = {path: path.with_name(path.name + ".part") for path in contents}
    try:
        for path, part in parts.items():
            part.write_bytes(contents[path])
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _layer(picked: Sequence[Spectrum]) -> QgsVectorLayer:
    """The points in memory, in the reference system of the first."""
    every = sorted({float(nm) for one in picked for nm in one.wavelength_nm})
    kinds = ["mean", "spread"] if any(one.spread is not None for one in picked) else ["mean"]
    columns = [(kind, nm, _column(kind, nm)) for kind in kinds for nm in every]
    fields = ["name:string", "point:integer", "layer:string", "pixels:integer"]
    fields += [f"{name}:double" for _, _, name in columns]
    crs = QgsCoordinateReferenceSystem(picked[0].origin.crs)
    layer = QgsVectorLayer("Point?" + "&".join(f"field={one}" for one in fields), "", "memory")
    layer.setCrs(crs)
    layer.dataProvider().addFeatures([_feature(one, layer, columns) for one in picked])
    return layer


def _column(kind: str, nm: float) -> str:
    return f"{kind}_{nm:.6g}".replace(".", "_")


def _feature(one: Spectrum, layer: QgsVectorLayer, columns: List[Tuple]) -> QgsFeature:
    origin, feature = one.origin, QgsFeature(layer.fields())
    source = QgsCoordinateReferenceSystem(origin.crs)
    there = QgsCoordinateTransform(source, layer.crs(), QgsProject.instance())
    feature.setGeometry(QgsGeometry.fromPointXY(there.transform(QgsPointXY(*origin.place))))
    known = {"mean": one.values, "spread": one.spread}
    at = {
        kind: dict(zip(map(float, one.wavelength_nm), values))
        for kind, values in known.items()
        if values is not None
    }
    numbers = (_number(at.get(kind, {}).get(nm)) for kind, nm, _ in columns)
    feature.setAttributes([one.name, origin.number, origin.layer_name, origin.side**2, *numbers])
    return feature


def _number(value):
    return float(value) if value is not None and np.isfinite(value) else None
