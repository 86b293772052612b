"""The ``calibrate`` command: an empirical line by targets of known reflectance, as a JSON file."""

import time
from pathlib import Path
from typing import Any, Dict

from ..errors import InputError
from ..package import embedded, manifest
from ..spectra import empirical_line
from ..spectra.empirical_line import Calibration
from ..system import final_names
from ..system.durable_files import storage_errors, sync_folder, write_durably

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
    """Read the targets, fit, write.

    Raises: InputError, PackageError, StorageError.
    """
    from ..pipeline.read_targets import read_targets, white_of
    from ..pipeline.target_reflectance import known_reflectance
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
    targets = empirical_line.usable(layer.names, seen, known)
    left_out = empirical_line.say_left_out(layer.names, seen)
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
    """Collect what the ``done`` event says: the lines, and each target's residuals in reflectance.

    Returns: plain data for JSON.
    """
    off = empirical_line.residuals(made).tolist()
    return {
        "rmse": made.rmse,
        "lines": [{"band": x.name, "gain": x.gain, "offset": x.offset} for x in made.lines],
        "targets": [
            {"name": target.name, "pixels": target.pixels, "residual": row}
            for target, row in zip(made.targets, off)
        ],
    }
