"""The ``simulate-sensor`` command: what another sensor would see of a hyperspectral raster."""

import time
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Tuple

import numpy as np

from .. import __version__
from ..contract import TAG_PREFIX
from ..errors import InputError
from ..raster import encoding
from ..spectra import sensor_response, spectral_library
from ..spectra.resample import apply_where_finite
from ..spectra.sensor_catalogue import SensorBand, catalogue
from ..spectra.sensor_response import Response
from ..system import final_names
from ..tiling import Window, strips

# Below this share of a band's response inside the raster's range it is not what the sensor sees.
WHOLE_SHARE = 0.95
NAMED = 12  # bands that a warning lists


def add_arguments(parser) -> None:
    """The command's arguments."""
    add = parser.add_argument
    add("cube", metavar="CUBE", help="raster with wavelengths, such as upsample's")
    add("output", metavar="OUTPUT", help="GeoTIFF to write")
    sensors = "; ".join(f"{name}: {one.title}" for name, one in catalogue().items())
    add("--sensor", choices=tuple(catalogue()), help=f"by name ({sensors})")
    add(
        "--responses",
        metavar="FILE",
        help="the responses of another: a table with the wavelengths in the first column and a "
        "column for each band",
    )
    add("--overwrite", action="store_true", help="replace a file that exists")


def run(args, events) -> None:
    """Simulate and write, strip by strip.

    Raises: InputError, StorageError.
    """
    from ..raster.cube import cube_shape, describe_reading, read_cube
    from ..raster.dataset import files_read, refuse_spread
    from ..raster.writer import check_name

    since = time.monotonic()
    if bool(args.sensor) == bool(args.responses):
        raise InputError("one of --sensor and --responses must be given", "give one of them")
    check_name(args.output)
    read = [*files_read(args.cube), *([args.responses] if args.responses else [])]
    refuse_spread(args.cube)
    final_names.check([final_names.geotiff(args.output)], read, args.overwrite)
    bands, response = _response(args)
    response, warnings = _keep_covered(response, _wavelengths(args.cube, bands))
    for message in (*describe_reading(args.cube), *warnings):
        events.warning(message)
    _, rows, cols = cube_shape(args.cube)
    with _writer(args, (rows, cols), response.bands) as writer:
        for window in strips(2 * len(bands), rows, cols):
            values = read_cube(args.cube, bands, window).values
            seen = apply_where_finite(response.weights, values)
            writer.write(window.row0, window.col0, seen)
            events.progress(window.row0 + window.rows, rows)
        writer.close()
        writer.commit(args.overwrite)
    names = [band.name for band in response.bands]
    events.done(args.output, time.monotonic() - since, bands=names, warnings=warnings)


def _response(args) -> Tuple[List[int], Response]:
    """The raster's bands (from 1) that hold values, and how the sensor sees them."""
    from ..raster.cube import usable_bands

    usable = [int(i) + 1 for i in usable_bands(args.cube)]
    nm = _wavelengths(args.cube, usable)
    if args.sensor:
        return usable, sensor_response.of_gaussians(catalogue()[args.sensor].bands, nm)
    table = spectral_library.read(Path(args.responses))
    for one in table:
        if not np.nanmax(one.values, initial=0) > 0 or len(one.wavelength_nm) < 2:
            raise InputError(
                f"the response '{one.name}' in '{args.responses}' has no value above 0",
                "give a column of numbers above 0 for each band",
            )
    return usable, sensor_response.of_table(table, nm)


def _wavelengths(cube: str, bands: Sequence[int]) -> np.ndarray:
    from ..raster.cube import read_cube

    return np.asarray(read_cube(cube, bands, Window(0, 0, 1, 1)).wavelength_nm)


def _keep_covered(response: Response, nm: np.ndarray) -> Tuple[Response, List[str]]:
    """The bands that the raster covers, and warnings; raises InputError where it covers none."""
    seen, unseen = sensor_response.split_by_coverage(response)
    span = f"{nm.min():g} to {nm.max():g} nm"
    if not seen:
        raise InputError(
            f"the raster's bands ({span}) cover none of the sensor's "
            f"({_list([response.bands[i] for i in range(len(response.bands))])})",
            "choose a raster or a sensor of another range",
        )
    kept = response.pick(seen)
    return kept, list(_warnings(kept, [response.bands[i] for i in unseen], span))


def _warnings(kept: Response, left_out: Sequence[SensorBand], span: str) -> Iterator[str]:
    if left_out:
        yield f"left out, as the raster ({span}) does not cover them: {_list(left_out)}"
    partly = [(b, s) for b, s in zip(kept.bands, kept.share) if s < WHOLE_SHARE]
    if partly:
        said = ", ".join(f"{band.name} {100 * share:.0f} %" for band, share in partly[:NAMED])
        yield f"the raster ({span}) covers only a part of some responses: {said}"


def _list(bands: Sequence[SensorBand]) -> str:
    said = ", ".join(f"{band.name} ({band.wavelength_nm:g} nm)" for band in bands[:NAMED])
    return said + (f" and {len(bands) - NAMED} more" if len(bands) > NAMED else "")


def _writer(args, shape: Tuple[int, int], bands: Sequence[SensorBand]):
    from ..raster.cube import read_cube
    from ..raster.wavelengths import natural_colours
    from ..raster.writer import Writer

    corner = read_cube(args.cube, window=Window(0, 0, 1, 1))
    centres = np.array([band.wavelength_nm for band in bands])
    widths = np.array([band.fwhm_nm for band in bands])
    names = [band.name for band in bands]
    colours = natural_colours(centres.tolist())
    described = encoding.Spectral(centres, widths, corner.units, colours, names)
    stored = encoding.of_dtype("float32", corner.units)
    return Writer(args.output, shape, described, stored, corner.georeference, _tags(args))


def _tags(args) -> Dict[str, str]:
    said = {"SOFTWARE": f"SCDM {__version__}"}
    if not args.sensor:
        return {**said, f"{TAG_PREFIX}SENSOR": Path(args.responses).name}
    sensor = catalogue()[args.sensor]
    named = {f"{TAG_PREFIX}SENSOR": sensor.title, f"{TAG_PREFIX}SENSOR_SOURCE": sensor.source}
    return {**said, **named}
