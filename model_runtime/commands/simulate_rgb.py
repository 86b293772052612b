"""The ``simulate-rgb`` command: what a model's input bands would see of a hyperspectral raster."""

import time
from typing import List, Sequence, Tuple

import numpy as np

from .. import __version__
from ..errors import InputError
from ..package import embedded, manifest
from ..package.manifest import InputBand
from ..raster import encoding
from ..spectra import band_response
from ..spectra.resample import see
from ..system import final_names
from ..tiling import Window, strips

# Below this share of an input band's response inside the sensor's range the picture is not what
# the model was trained on.
WHOLE_SHARE = 0.95


def add_arguments(parser) -> None:
    """The command's arguments."""
    parser.add_argument("cube", metavar="CUBE", help="hyperspectral raster with wavelengths")
    parser.add_argument("output", metavar="OUTPUT", help="GeoTIFF to write")
    parser.add_argument("--model", metavar="DIR", help="model package (the embedded one)")
    parser.add_argument("--overwrite", action="store_true", help="replace a file that exists")


def run(args, events) -> None:
    """Simulate and write, strip by strip.

    Raises: InputError, PackageError, StorageError.
    """
    from ..raster.cube import cube_shape, describe_reading, read_cube
    from ..raster.dataset import files_read, refuse_spread
    from ..raster.writer import check_name

    since = time.monotonic()
    model = manifest.read(embedded.package_folder(args.model))
    check_name(args.output)
    refuse_spread(args.cube)
    target = final_names.geotiff(args.output)
    final_names.check([target], files_read(args.cube), args.overwrite)
    bands, warnings = _usable_bands(args.cube, model.input_bands)
    for message in (*describe_reading(args.cube), *warnings):
        events.warning(message)
    _, rows, cols = cube_shape(args.cube)
    with _writer(args.output, args.cube, (rows, cols), model) as writer:
        for window in strips(len(bands), rows, cols):
            cube = read_cube(args.cube, bands, window)
            seen = simulate(cube.values, np.asarray(cube.wavelength_nm), model.input_bands)
            writer.write(window.row0, window.col0, seen)
            events.progress(window.row0 + window.rows, rows)
        writer.close()
        writer.commit(args.overwrite)
    events.done(args.output, time.monotonic() - since, warnings=warnings)


def _usable_bands(path: str, bands: Sequence[InputBand]) -> Tuple[List[int], List[str]]:
    """The raster's bands (1-based) that hold values, and warnings about what they do not see."""
    from ..raster.cube import read_cube, usable_bands

    corner, usable = read_cube(path, window=Window(0, 0, 1, 1)), usable_bands(path)
    return [int(i) + 1 for i in usable], check_coverage(
        np.asarray(corner.wavelength_nm)[usable], bands
    )


def _writer(output: str, source: str, shape: Tuple[int, int], model: manifest.Manifest):
    from ..raster.cube import read_cube
    from ..raster.writer import Writer

    corner = read_cube(source, window=Window(0, 0, 1, 1))
    centres, widths = _centres_and_widths(model.input_bands)
    colours = [band.name.lower() for band in model.input_bands]
    described = encoding.Spectral(centres, widths, corner.units, colours)
    tags = {"SOFTWARE": f"SCDM {__version__}", "SIMULATED_FOR": f"{model.name} {model.version}"}
    # Float32, so that what is read again is what was simulated.
    stored = encoding.of_dtype("float32", corner.units)
    return Writer(output, shape, described, stored, corner.georeference, tags)


def _centres_and_widths(bands: Sequence[InputBand]) -> Tuple[np.ndarray, np.ndarray]:
    return np.array([b.wavelength_nm for b in bands]), np.array([b.fwhm_nm for b in bands])


def simulate(
    values: np.ndarray, wavelength_nm: np.ndarray, bands: Sequence[InputBand]
) -> np.ndarray:
    """See ``values`` (sensor bands, rows, cols) at ``wavelength_nm`` (sensor bands,) by ``bands``.

    Returns: float32 (bands, rows, cols); a pixel that lacks one band is NaN in all.
    """
    rgb = see(values, wavelength_nm, *_centres_and_widths(bands))
    return np.where(np.isfinite(rgb).all(axis=0), rgb, np.float32(np.nan))


def check_coverage(seen_nm: np.ndarray, bands: Sequence[InputBand]) -> List[str]:
    """Compare ``bands`` with what a sensor with bands at ``seen_nm`` (sensor bands,) sees of them.

    Returns: a warning for each band that it sees in part.
    Raises: InputError for a band that it does not see.
    """
    seen = band_response.sees_band(seen_nm, *_centres_and_widths(bands))
    for band, is_seen in zip(bands, seen):
        if not is_seen:
            raise InputError(
                f"the raster's bands ({_span(seen_nm)}) do not see the model's "
                f"{_describe_band(band)}",
                "choose a raster that covers the model's input bands, or another model",
            )
    shares = zip(bands, band_response.response_share(seen_nm, *_centres_and_widths(bands)))
    return [
        f"the raster's bands ({_span(seen_nm)}) see only {100 * share:.0f} % of the response of "
        f"{_describe_band(band)}: its simulated values differ from a camera's"
        for band, share in shares
        if share < WHOLE_SHARE
    ]


def _span(seen_nm: np.ndarray) -> str:
    return f"{np.min(seen_nm):g} to {np.max(seen_nm):g} nm"


def _describe_band(band: InputBand) -> str:
    return f"{band.name} band ({band.wavelength_nm:g} nm, {band.fwhm_nm:g} nm wide)"
