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
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


def run(args, events) -> None:
    """Copy CUBE to OUTPUT.

    Raises: InputError, StorageError.
    """
    from ..raster.copy import check_copy, copy_as

    since = time.monotonic()
    names = args.cube, args.output, args.format
    check_copy(*names, args.overwrite)
    copy_as(*names, lambda share: events.progress(round(100 * share), 100), args.overwrite)
    events.done(args.output, time.monotonic() - since)
