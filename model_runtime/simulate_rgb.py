"""The ``simulate-rgb`` command: what a model's input bands would see of a hyperspectral raster."""

import math
import time
from typing import List, Sequence, Tuple

import numpy as np

from . import __version__, manifest, packages, spectral
from .errors import InputError
from .manifest import InputBand
from .resample import resample

# Below this share of an input band's response inside the sensor's range the picture is not what
# the model was trained on.
WHOLE_SHARE = 0.95


def add_arguments(parser) -> None:
    """The command's arguments."""
    parser.add_argument("cube", metavar="CUBE", help="hyperspectral raster with wavelengths")
    parser.add_argument("output", metavar="OUTPUT", help="GeoTIFF to write")
    parser.add_argument("--model", metavar="DIR", help="model package (the embedded one)")


def run(args, events) -> None:
    """Simulate and write; raises InputError, PackageError, StorageError."""
    from . import raster

    since = time.monotonic()
    model = manifest.read(packages.folder_of(args.model))
    raster.check_output(args.output, [args.cube])
    cube = raster.read_cube(args.cube)
    values, warnings = simulate(cube.values, cube.wavelength_nm, model.input_bands)
    for message in warnings:
        events.warning(message)
    centres, widths = _centres_and_widths(model.input_bands)
    rgb = raster.Cube(values, centres, widths, cube.units, cube.georeference)
    tags = {"SOFTWARE": f"SCDM {__version__}", "SIMULATED_FOR": f"{model.name} {model.version}"}
    # Float32, so that what is read again is what was simulated.
    raster.write_cube(args.output, rgb, "float32", tags, _colours(model.input_bands))
    events.done(args.output, time.monotonic() - since, warnings=warnings)


def _centres_and_widths(bands: Sequence[InputBand]) -> Tuple[np.ndarray, np.ndarray]:
    return np.array([b.wavelength_nm for b in bands]), np.array([b.fwhm_nm for b in bands])


def _colours(bands: Sequence[InputBand]) -> List[str]:
    return [band.name.lower() for band in bands]


def simulate(
    values: np.ndarray, wavelength_nm: np.ndarray, bands: Sequence[InputBand]
) -> Tuple[np.ndarray, List[str]]:
    """``values`` (sensor bands, rows, cols) seen by ``bands``: float32 (bands, rows, cols).

    Also returns warnings about bands that the sensor sees in part. A pixel that lacks one band is
    NaN in all. Raises InputError for a band that the sensor does not see.
    """
    centres, widths = _centres_and_widths(bands)
    seen_nm = np.asarray(wavelength_nm)[np.isfinite(values).any(axis=(1, 2))]
    warnings = _check_coverage(seen_nm, bands)
    rgb = resample(values, wavelength_nm, centres, widths)
    return np.where(np.isfinite(rgb).all(axis=0), rgb, np.nan).astype(np.float32), warnings


def _check_coverage(seen_nm: np.ndarray, bands: Sequence[InputBand]) -> List[str]:
    if not len(seen_nm):
        raise InputError("the raster holds no valid value", "check its nodata value and masks")
    seen = spectral.covered(seen_nm, *_centres_and_widths(bands))
    for band, is_seen in zip(bands, seen):
        if not is_seen:
            raise InputError(
                f"the raster's bands ({_span(seen_nm)}) do not see the model's {_named(band)}",
                "choose a raster that covers the model's input bands, or another model",
            )
    shares = [(band, response_share(seen_nm, band)) for band in bands]
    return [
        f"the raster's bands ({_span(seen_nm)}) see only {100 * share:.0f} % of the response of "
        f"{_named(band)}: its simulated values differ from a camera's"
        for band, share in shares
        if share < WHOLE_SHARE
    ]


def response_share(seen_nm: np.ndarray, band: InputBand) -> float:
    """The share of a Gaussian band's response that lies between a sensor's first and last band."""
    sigma = band.fwhm_nm * spectral.SIGMA_PER_FWHM
    ends = ((nm - band.wavelength_nm) / sigma for nm in (np.min(seen_nm), np.max(seen_nm)))
    low, high = (0.5 * (1 + math.erf(end / math.sqrt(2))) for end in ends)
    return high - low


def _span(seen_nm: np.ndarray) -> str:
    return f"{np.min(seen_nm):g} to {np.max(seen_nm):g} nm"


def _named(band: InputBand) -> str:
    return f"{band.name} band ({band.wavelength_nm:g} nm, {band.fwhm_nm:g} nm wide)"
