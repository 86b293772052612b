"""The ``convert`` command: a hyperspectral raster as ENVI or COG that still says its wavelengths.

``gdal_translate`` leaves them out of an ENVI header unless GDAL 3.8 or newer is asked to keep them.
"""

import time

FORMS = ("envi", "cog")


def add_arguments(parser) -> None:
    """The command's arguments."""
    parser.add_argument("cube", metavar="CUBE", help="hyperspectral raster, such as upsample's")
    parser.add_argument("output", metavar="OUTPUT", help="data file to write (.img, .dat or .tif)")
    parser.add_argument("--format", choices=FORMS, required=True, help="envi or cog")


def run(args, events) -> None:
    """Copy; raises InputError, StorageError."""
    from ..raster.copy import check_copy, copy_as

    since = time.monotonic()
    check_copy(args.cube, args.output, args.format)
    copy_as(
        args.cube, args.output, args.format, lambda share: events.progress(round(100 * share), 100)
    )
    events.done(args.output, time.monotonic() - since)
