"""Writes spectra of features: GeoPackage, CSV in long form, ENVI spectral library."""

import csv
import io
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Sequence, Tuple

import numpy as np
from osgeo import ogr

from ..contract import PART_SUFFIX
from ..errors import InputError
from ..spectra.feature_statistics import FeatureSpectrum
from ..system import final_names
from ..system.durable_files import sync_file, write_durably
from .features import Feature
from .gdal_setup import closing_errors, gdal
from .georeference import Georeference
from .writer import WritingErrors

Row = Tuple[Feature, FeatureSpectrum]
GPKG, CSV, LIBRARY = ".gpkg", ".csv", ".sli"
LAYER = "spectra"
COLUMNS = ("mean", "deviation", "low", "high")


def target_of(path: str) -> final_names.Target:
    """Name the file that spectra go to, with its neighbours.

    Returns: the Target.
    Raises: InputError for an ending that says no format.
    """
    ending = Path(path).suffix.lower()
    if ending not in _WRITERS:
        raise InputError(
            f"the output '{path}' does not end in a format's name",
            f"end it in {GPKG} (GeoPackage), {CSV} or {LIBRARY} (ENVI spectral library)",
        )
    if not Path(path).absolute().parent.is_dir():
        raise InputError(f"the folder of '{path}' does not exist", "make it, or choose another")
    return final_names.envi(path) if ending == LIBRARY else final_names.page(path)


def write_spectra(
    path: str,
    rows: Sequence[Row],
    wavelength_nm: np.ndarray,
    place: Georeference,
    facts: Mapping[str, str],
    overwrite: bool,
) -> None:
    """Write ``rows`` in the format of the path's ending; ``facts`` say where they are from.

    Raises: StorageError; then what was there is as it was.
    """
    target = Path(path)
    part = target.with_name(f"{target.name}{PART_SUFFIX}")
    write = _WRITERS[target.suffix.lower()]
    try:
        with WritingErrors(target):
            beside = write(part, rows, wavelength_nm, place, facts)
            for made, name in beside.items():
                final_names.give_name(made, target.with_suffix(name), overwrite)
            final_names.give_name(part, target, overwrite)
    finally:
        for left in (part, _header_of(part)):
            left.unlink(missing_ok=True)


def _values(spectrum: FeatureSpectrum) -> Dict[str, np.ndarray]:
    """The columns of a spectrum, (bands,) each."""
    found = {"mean": spectrum.mean, "deviation": spectrum.deviation}
    if spectrum.half_width is not None:
        found["low"] = spectrum.mean - spectrum.half_width
        found["high"] = spectrum.mean + spectrum.half_width
    return found


def _write_csv(part: Path, rows, wavelength_nm, place, facts) -> Dict[Path, str]:
    """A row a feature and band; lines that begin with # say where it is from."""
    text = io.StringIO()
    text.writelines(f"# {key}: {_one_line(value)}\n" for key, value in facts.items())
    columns = list(_values(rows[0][1]))
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["feature", "name", "count", "wavelength_nm", *columns])
    for feature, spectrum in rows:
        values = _values(spectrum)
        for band, nm in enumerate(wavelength_nm):
            cells = ["" if np.isnan(values[c][band]) else f"{values[c][band]:.6g}" for c in columns]
            head = [feature.number, _harmless(feature.name), spectrum.count, f"{nm:g}"]
            table.writerow([*head, *cells])
    write_durably(part, text.getvalue().encode())
    return {}


def _harmless(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _one_line(text: str) -> str:
    return " ".join(str(text).split())


def _write_library(part: Path, rows, wavelength_nm, place, facts) -> Dict[Path, str]:
    """The means as float32; features without a valid pixel are left out."""
    valid = [(feature, spectrum) for feature, spectrum in rows if spectrum.count]
    if not valid:
        raise InputError("no feature has a valid pixel", "choose features on the raster")
    means = np.stack([spectrum.mean for _, spectrum in valid]).astype("<f4")
    write_durably(part, means.tobytes())
    header = _header_of(part)
    write_durably(header, _library_header(valid, wavelength_nm, facts).encode())
    return {header: ".hdr"}


def _header_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.hdr")


def _library_header(rows: Sequence[Row], wavelength_nm, facts) -> str:
    def braced(items) -> str:
        return "{" + ", ".join(str(item).translate(_BRACES) for item in items) + "}"

    said = "; ".join(f"{key}: {_one_line(value)}" for key, value in facts.items())
    fields = {
        **{"description": braced([said]), "samples": len(wavelength_nm), "lines": len(rows)},
        **{"bands": 1, "header offset": 0, "file type": "ENVI Spectral Library"},
        **{"data type": 4, "interleave": "bsq", "byte order": 0},
        "wavelength units": "Nanometers",
        "wavelength": braced(f"{nm:.2f}" for nm in wavelength_nm),
        "spectra names": braced(_one_line(feature.name) for feature, _ in rows),
    }
    return "ENVI\n" + "".join(f"{key} = {value}\n" for key, value in fields.items())


_BRACES = str.maketrans({"{": "(", "}": ")", ",": ";"})


def _write_geopackage(part: Path, rows, wavelength_nm, place, facts) -> Dict[Path, str]:
    """A feature a row, with its geometry in the raster's CRS and a field a column and band."""
    part.unlink(missing_ok=True)
    columns = list(_values(rows[0][1]))
    names = [f"{c}_{nm:.1f}".replace(".", "_") for c in columns for nm in wavelength_nm]
    gdal.PushErrorHandler("CPLQuietErrorHandler")  # of the name, which ends in .part
    try:
        made = gdal.GetDriverByName("GPKG").Create(str(part), 0, 0, 0)
    finally:
        gdal.PopErrorHandler()
    made.StartTransaction()
    layer = made.CreateLayer(LAYER, place.spatial_ref, ogr.wkbUnknown)
    for name, kind in (("feature", ogr.OFTInteger64), ("name", ogr.OFTString)):
        layer.CreateField(ogr.FieldDefn(name, kind))
    layer.CreateField(ogr.FieldDefn("count", ogr.OFTInteger64))
    for name in names:
        layer.CreateField(ogr.FieldDefn(name, ogr.OFTReal))
    for key, value in facts.items():
        layer.SetMetadataItem(key, _one_line(value))
    for feature, spectrum in rows:
        _add_feature(layer, feature, spectrum, names, columns)
    made.CommitTransaction()
    with closing_errors() as trouble:
        del layer, made
    if trouble:
        raise RuntimeError(trouble[0])
    sync_file(part)
    return {}


def _add_feature(layer, feature: Feature, spectrum, names: List[str], columns) -> None:
    row = ogr.Feature(layer.GetLayerDefn())
    row.SetGeometry(feature.geometry)
    row.SetField("feature", feature.number)
    row.SetField("name", feature.name)
    row.SetField("count", spectrum.count)
    values = _values(spectrum)
    for name, value in zip(names, np.concatenate([values[column] for column in columns])):
        if np.isfinite(value):
            row.SetField(name, float(value))
    layer.CreateFeature(row)


_WRITERS: Dict[str, Callable[..., Dict[Path, str]]] = {
    GPKG: _write_geopackage,
    CSV: _write_csv,
    LIBRARY: _write_library,
}
