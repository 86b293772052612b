"""The ``evaluate`` command: compares an estimate with a reference of the same place."""

import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import __version__
from ..errors import InputError
from ..raster import encoding
from ..spectra import metrics
from ..spectra.evaluation import as_json, as_text, compare
from ..system import final_names, hardware
from ..tiling import Window
from . import stdout

# float32, twice: bands are stacked, the reference is resampled.
BYTES_PER_VALUE = 8
CUT = "split the rasters (gdal_translate -srcwin) and evaluate the parts"

LARGEST_CONSTANT = 1e12  # its square is still a number
MAP_BAND = "spectral angle"
STEPS = 3  # reading one, reading the other, comparing


def add_arguments(parser) -> None:
    """The command's arguments."""
    parser.add_argument("estimate", metavar="ESTIMATE", help="hyperspectral raster to judge")
    parser.add_argument("reference", metavar="REFERENCE", help="true raster of the same place")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--report", metavar="PATH.html", help="also write an HTML page")
    parser.add_argument("--error-map", metavar="PATH.tif", help="also write each pixel's angle")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    parser.add_argument("--peak", type=float, default=1.0, help="signal peak of PSNR (1)")
    parser.add_argument(
        "--mrae-epsilon", type=float, default=1e-3, help="least reference MRAE divides by (0.001)"
    )
    parser.add_argument("--ssim-range", type=float, default=1.0, help="L of SSIM (1)")
    parser.add_argument(
        "--ergas-ratio", type=float, default=1.0, help="pixel size fine / coarse of ERGAS (1)"
    )


def run(args, events) -> None:
    """Evaluate, print, and write what is asked for.

    Raises: InputError, StorageError.
    """
    from ..raster.cube import describe_reading, read_cube
    from ..raster.dataset import refuse_spread
    from ..report import evaluation_report

    since = time.monotonic()
    constants = _constants(args)
    for path in (args.estimate, args.reference):
        refuse_spread(path)
    _check_outputs(args)
    is_warped = _require_memory(args.estimate, args.reference)
    estimate = read_cube(args.estimate)
    events.progress(1, STEPS)
    reference = read_cube(args.reference)
    said = [*describe_reading(args.estimate), *describe_reading(args.reference)]
    if is_warped:
        reference, warped = _warp(reference, estimate)
        said += warped
    events.progress(2, STEPS)
    found = compare(estimate, reference, constants)
    evaluation = replace(found, warnings=[*said, *found.warnings])
    events.progress(3, STEPS)
    for message in evaluation.warnings:
        events.warning(message)
    if args.report:
        rasters = args.estimate, args.reference
        evaluation_report.write(Path(args.report), evaluation, *rasters, args.overwrite)
    if args.error_map:
        _write_map(args, evaluation.scores.angles, estimate.georeference)
    names = {"estimate": str(args.estimate), "reference": str(args.reference)}
    stdout.print_result(args, events, {**names, **as_json(evaluation)}, as_text(evaluation), since)


def _check_outputs(args) -> None:
    """Raise InputError where a file cannot be written."""
    from ..raster.dataset import files_read
    from ..raster.writer import check_name
    from ..report import html_page

    targets = []
    if args.report:
        html_page.check_name(Path(args.report))
        targets.append(final_names.page(args.report))
    if args.error_map:
        check_name(args.error_map)
        targets.append(final_names.geotiff(args.error_map))
    if targets:
        read = [*files_read(args.estimate), *files_read(args.reference)]
        final_names.check(targets, read, args.overwrite)


def _require_memory(estimate: str, reference: str) -> bool:
    """Refuse what would not fit; whether the reference has to be warped."""
    from ..raster.cube import cube_shape, read_cube
    from ..raster.warp import has_other_grid

    (own, its), corner = (cube_shape(path) for path in (estimate, reference)), Window(0, 0, 1, 1)
    places = [read_cube(path, window=corner).georeference for path in (estimate, reference)]
    is_warped = has_other_grid(places[0], own[1:], places[1], its[1:])
    warped = its[0] * math.prod(own[1:]) if is_warped else 0
    values = math.prod(own) + math.prod(its) + warped
    hardware.require_memory(BYTES_PER_VALUE * values, "evaluating these rasters", CUT)
    return is_warped


def _warp(reference, estimate):
    """The reference on the estimate's pixels, and what to say about it."""
    from ..raster.warp import warp

    rows, cols = reference.values.shape[1:]
    warped, how = warp(reference, estimate.georeference, estimate.values.shape[1:])
    if not np.isfinite(warped.values).any():
        raise InputError(
            "the reference lies elsewhere: none of its valid pixels is on the estimate",
            "choose a reference of the same place",
        )
    return warped, [
        f"the reference lies on another grid ({rows} x {cols} pixels): it was warped to the "
        f"estimate's, {how}"
    ]


def _write_map(args, angles: np.ndarray, place) -> None:
    from ..raster.writer import Writer

    stored, named = encoding.of_dtype("float32", ""), encoding.Named((MAP_BAND,), "degrees")
    tags = {"SOFTWARE": f"SCDM {__version__}", "REFERENCE": Path(args.reference).name}
    shape = angles.shape[0], angles.shape[1]
    with Writer(args.error_map, shape, named, stored, place, tags) as writer:
        writer.write(0, 0, angles[None])
        writer.close()
        writer.commit(args.overwrite)


def _constants(args) -> metrics.Constants:
    values = {
        name: getattr(args, name) for name in ("peak", "mrae_epsilon", "ssim_range", "ergas_ratio")
    }
    for name, value in values.items():
        if not 1 / LARGEST_CONSTANT <= value <= LARGEST_CONSTANT:
            raise InputError(
                f"--{name.replace('_', '-')} is {value:g}",
                f"give a number above 0, from {1 / LARGEST_CONSTANT:g} to {LARGEST_CONSTANT:g}",
            )
    return metrics.Constants(**values)
