"""The ``evaluate`` command: compares an estimate with a reference of the same pixels."""

import math
import time
from pathlib import Path

from ..errors import InputError
from ..spectra import metrics
from ..spectra.evaluation import as_json, as_text, compare
from ..system import final_names, hardware
from . import stdout

# float32, twice: bands are stacked, the reference is resampled.
BYTES_PER_VALUE = 8
CUT = "cut the rasters to parts (gdal_translate -srcwin) and take those"

LARGEST_CONSTANT = 1e12  # its square is still a number
STEPS = 3  # reading one, reading the other, comparing


def add_arguments(parser) -> None:
    """The command's arguments."""
    parser.add_argument("estimate", metavar="ESTIMATE", help="hyperspectral raster to judge")
    parser.add_argument("reference", metavar="REFERENCE", help="true raster of the same pixels")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--report", metavar="PATH.html", help="also write an HTML page")
    parser.add_argument("--overwrite", action="store_true", help="replace a report that exists")
    parser.add_argument("--peak", type=float, default=1.0, help="signal peak of PSNR (1)")
    parser.add_argument(
        "--mrae-epsilon", type=float, default=1e-3, help="least reference MRAE divides by (0.001)"
    )
    parser.add_argument("--ssim-range", type=float, default=1.0, help="L of SSIM (1)")
    parser.add_argument(
        "--ergas-ratio", type=float, default=1.0, help="pixel size fine / coarse of ERGAS (1)"
    )


def run(args, events) -> None:
    """Evaluate, print, and write the report when asked; raises InputError, StorageError."""
    from ..raster.cube import cube_shape, read_cube
    from ..raster.dataset import files_read
    from ..report import evaluation_report, html_page

    since = time.monotonic()
    constants = _constants(args)
    if args.report:
        html_page.check_name(Path(args.report))
        read = [*files_read(args.estimate), *files_read(args.reference)]
        final_names.check([final_names.page(args.report)], read, args.overwrite)
    values = sum(math.prod(cube_shape(path)) for path in (args.estimate, args.reference))
    hardware.require_memory(BYTES_PER_VALUE * values, "evaluating these rasters", CUT)
    estimate = read_cube(args.estimate)
    events.progress(1, STEPS)
    reference = read_cube(args.reference)
    events.progress(2, STEPS)
    evaluation = compare(estimate, reference, constants)
    events.progress(3, STEPS)
    for message in evaluation.warnings:
        events.warning(message)
    if args.report:
        rasters = args.estimate, args.reference
        evaluation_report.write(Path(args.report), evaluation, *rasters, args.overwrite)
    names = {"estimate": str(args.estimate), "reference": str(args.reference)}
    stdout.print_result(args, events, {**names, **as_json(evaluation)}, as_text(evaluation), since)


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
