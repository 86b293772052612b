"""The ``calibrate`` command: an empirical line by targets of known reflectance, as a JSON file."""

import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ..errors import InputError
from ..package import embedded, manifest
from ..package.manifest import InputBand
from ..spectra import empirical_line, matching, spectral_library
from ..spectra.empirical_line import Calibration, Target
from ..spectra.spectral_library import Reference
from ..system import final_names
from ..system.durable_files import storage_errors, sync_folder, write_durably

ANY_BAND, SPECTRUM = "reflectance", "spectrum"  # fields of the targets
BRIGHTEST, PERCENT = 1.5, 100.0  # of fractions, and of percent
SUFFIX = ".json"


def add_arguments(parser) -> None:
    """The command's arguments."""
    from .upsample import numbers

    add = parser.add_argument
    add("picture", metavar="PICTURE", help="raster on which the targets lie")
    add(
        "targets",
        metavar="TARGETS",
        help="polygons (GeoPackage, shapefile, GeoJSON) with the fields red, green and blue, or "
        "reflectance (of all bands), or spectrum (a name in --library)",
    )
    add("output", metavar="OUTPUT.json", help="file to write, for upsample --calibration")
    add("--bands", metavar="R,G,B", type=numbers(int, "3,2,1"), help="1-based (as the file says)")
    add(
        "--curve",
        choices=empirical_line.CURVES,
        default=empirical_line.LINEAR,
        help="srgb: of a picture that a camera has processed, whose values follow it (linear)",
    )
    add("--library", metavar="PATH", help="spectra of the targets, as match-spectra reads them")
    add("--layer", metavar="NAME", help="of TARGETS, where it holds several")
    add("--name-field", metavar="FIELD", help="that names the targets (their number)")
    add("--model", metavar="DIR", help="model package whose bands are calibrated (embedded)")
    add("--overwrite", action="store_true", help="replace a file that exists")


def run(args, events) -> None:
    """Read the targets, fit, write; raises InputError, PackageError, StorageError."""
    from ..pipeline.read_targets import read_targets, white_of
    from ..raster import band_choice
    from ..raster.features import files_of_layer, open_layer, place_on
    from ..raster.reader import RasterReader
    from ..raster.writer import check_folder

    since = time.monotonic()
    _check_name(args.output)
    check_folder(args.output)
    wanted = manifest.read(embedded.package_folder(args.model)).input_bands
    bands = None if args.bands is None else band_choice.in_model_order(args.bands, wanted)
    reader = RasterReader(args.picture, bands, wanted)
    read = [*reader.files(), *files_of_layer(args.targets), *([args.library] * bool(args.library))]
    final_names.check([final_names.page(args.output)], read, args.overwrite)
    layer = open_layer(args.targets, args.layer, args.name_field)
    known, said = known_reflectance(layer.features(), layer.names, wanted, args.library)
    placed = place_on(layer, reader.georeference, (reader.rows, reader.cols), False)
    seen = list(read_targets(reader, placed, args.curve, events.progress))
    targets, left_out = usable(layer.names, seen, known)
    for message in (*placed.warnings, *said, *left_out):
        events.warning(message)
    lines = empirical_line.fit(targets, [(band.name, band.wavelength_nm) for band in wanted])
    form = args.curve, white_of(reader, args.curve), reader.integer, reader.bits
    made = Calibration(*form, tuple(lines), tuple(targets))
    for message in empirical_line.doubts(made):
        events.warning(message)
    _write(args.output, empirical_line.as_text(made), args.overwrite)
    events.done(args.output, time.monotonic() - since, **facts_of(made))


def _check_name(output: str) -> None:
    if Path(output).suffix.lower() != SUFFIX:
        raise InputError(f"the output '{output}' must be a JSON file", "use a name ending in .json")


def known_reflectance(
    features, names: Sequence[str], bands: Sequence[InputBand], library: Optional[str]
) -> Tuple[List[np.ndarray], List[str]]:
    """Each target's reflectance (bands,) by its fields, and how they were read.

    Raises InputError for targets without, or with numbers that no reflectance has.
    """
    spectra = _spectra(library)
    found = [_of_fields(_fields(one), name, bands, spectra) for one, name in zip(features, names)]
    largest = max((float(values.max()) for values in found), default=0.0)
    if largest > PERCENT or any(float(values.min()) < 0 for values in found):
        raise InputError(
            f"the targets' reflectance reaches {largest:g}",
            "give fractions from 0 to 1, or percent from 0 to 100",
        )
    if largest <= BRIGHTEST:
        return found, []
    return [values / PERCENT for values in found], [
        f"the targets' reflectance (up to {largest:g}) is read as percent"
    ]


def _spectra(library: Optional[str]) -> Dict[str, Reference]:
    if not library:
        return {}
    found, _ = spectral_library.read_all([Path(library)])
    return {one.name.lower(): one for one in found}


def _fields(feature) -> Dict[str, Any]:
    """The feature's fields that are set, names in small letters."""
    names = [feature.GetFieldDefnRef(i).GetName() for i in range(feature.GetFieldCount())]
    numbered = enumerate(names)
    return {n.lower(): feature.GetField(i) for i, n in numbered if feature.IsFieldSetAndNotNull(i)}


def _of_fields(
    fields: Dict[str, Any],
    name: str,
    bands: Sequence[InputBand],
    spectra: Dict[str, Reference],
) -> np.ndarray:
    own = [band.name.lower() for band in bands]
    if all(band in fields for band in own):
        return np.array([_number(fields[band], name, band) for band in own])
    if fields.get(SPECTRUM):
        return _of_spectrum(str(fields[SPECTRUM]), name, bands, spectra)
    if ANY_BAND in fields:
        return np.full(len(own), _number(fields[ANY_BAND], name, ANY_BAND))
    raise InputError(
        f"target '{name}' has no reflectance",
        f"give it the fields {', '.join(own)}, or {ANY_BAND} for all bands, or {SPECTRUM} with the "
        "name of a spectrum in --library",
    )


def _number(value: Any, name: str, field: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        raise InputError(
            f"target '{name}' has {field} = {value!r}", "give its reflectance as a number"
        )
    return number


def _of_spectrum(
    wanted: str, name: str, bands: Sequence[InputBand], spectra: Dict[str, Reference]
) -> np.ndarray:
    one = spectra.get(wanted.strip().lower())
    if one is None:
        some = ", ".join(list(spectra)[:5]) or "none: give --library"
        raise InputError(f"target '{name}' names the spectrum '{wanted}'", f"there are {some}")
    nm = np.array([band.wavelength_nm for band in bands])
    found = matching.at_bands([one], nm, np.array([band.fwhm_nm for band in bands]))[0]
    if not np.isfinite(found).all():
        raise InputError(
            f"the spectrum '{wanted}' of target '{name}' does not cover the picture's bands",
            f"give one from {nm.min():g} to {nm.max():g} nm",
        )
    return found.astype(np.float64)


def usable(
    names: Sequence[str], seen: Sequence, known: Sequence[np.ndarray]
) -> Tuple[List[Target], List[str]]:
    """The targets that a line can be fitted to, and why the others are left out."""
    targets, left_out = [], list(_left_out(names, seen))
    for name, one, reflectance in zip(names, seen, known):
        if one is not None and one.saturated <= _saturated_share():
            targets.append(Target(name, one.pixels, one.light, tuple(reflectance.tolist())))
    return targets, left_out


def _left_out(names: Sequence[str], seen: Sequence) -> Iterator[str]:
    for name, one in zip(names, seen):
        if one is None:
            yield f"target '{name}' is left out: it holds no valid pixel of the raster"
        elif one.saturated > _saturated_share():
            yield (
                f"target '{name}' is left out: {100 * one.saturated:.0f} % of its pixels are "
                "saturated"
            )


def _saturated_share() -> float:
    from ..pipeline.read_targets import SATURATED_SHARE

    return SATURATED_SHARE


def _write(output: str, text: str, overwrite: bool) -> None:
    from ..raster.writer import part_path

    part, target = part_path(output), Path(output)
    try:
        with storage_errors(target):
            write_durably(part, text.encode("utf-8"))
            final_names.give_name(part, target, overwrite)
            sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def facts_of(made: Calibration) -> Dict[str, Any]:
    """What the ``done`` event says: the lines, and each target's residuals."""
    off = empirical_line.residuals(made).tolist()
    return {
        "rmse": made.rmse,
        "lines": [{"band": x.name, "gain": x.gain, "offset": x.offset} for x in made.lines],
        "targets": [
            {"name": target.name, "pixels": target.pixels, "residual": row}
            for target, row in zip(made.targets, off)
        ],
    }
