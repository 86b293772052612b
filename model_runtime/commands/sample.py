"""The ``sample`` command: spectra of the points and polygons of a vector file."""

import time
from dataclasses import dataclass
from typing import Any, Callable, List, Mapping, Optional, Sequence

import numpy as np

from .. import __version__
from ..errors import InputError
from ..spectra.feature_statistics import FeatureSpectrum, Sums, half_width
from ..system import final_names
from ..tiling import Window, strips
from .draws import draws_in, refuse_other_grid


def add_arguments(parser) -> None:
    """The command's arguments."""
    add = parser.add_argument
    add("cube", metavar="CUBE", help="raster with wavelengths, such as upsample's")
    add("features", metavar="FEATURES", help="vector file: points, lines, polygons")
    add("output", metavar="OUTPUT", help="what to write: .gpkg, .csv or .sli")
    add("--layer", metavar="NAME", help="of FEATURES, where it has several")
    add("--name", metavar="FIELD", help="field whose values name the spectra (numbers)")
    add("--draws", metavar="FOLDER", help="of upsample --draws: adds each mean's 90 %% interval")
    add("--overwrite", action="store_true", help="replace a file that exists")


@dataclass(frozen=True)
class Plan:
    """What is read: ``cube`` and ``draws`` of the same pixels, ``rows`` x ``cols``."""

    cube: str
    draws: Sequence[str]
    place: Any
    rows: int
    cols: int
    wavelength_nm: np.ndarray


def run(args, events) -> None:
    """Sample and write; raises InputError, StorageError."""
    from ..raster.dataset import files_read
    from ..raster.features import read_features
    from ..raster.spectra_files import target_of, write_spectra

    since = time.monotonic()
    target = target_of(args.output)
    plan = _plan(args)
    read = [name for raster in (plan.cube, *plan.draws) for name in files_read(raster)]
    final_names.check([target], [*read, args.features], args.overwrite)
    found = read_features(args.features, plan.place, args.layer, args.name)
    for message in found.warnings:
        events.warning(message)
    rows = []
    for number, feature in enumerate(found.features, start=1):
        rows.append((feature, _spectrum(plan, feature)))
        events.progress(number, len(found.features))
    empty = [feature.name for feature, spectrum in rows if not spectrum.count]
    if len(empty) == len(rows):
        raise InputError("no feature lies on a valid pixel of the raster", "check both layers' CRS")
    if empty:
        events.warning(f"without a valid pixel: {', '.join(empty[:5])}" + " …" * (len(empty) > 5))
    write_spectra(args.output, rows, plan.wavelength_nm, plan.place, _facts(args), args.overwrite)
    events.done(args.output, time.monotonic() - since, features=len(rows), empty=len(empty))


def _plan(args) -> Plan:
    from ..raster.cube import cube_shape, read_cube

    corner = read_cube(args.cube, window=Window(0, 0, 1, 1))
    _, rows, cols = cube_shape(args.cube)
    draws = draws_in(args.draws) if args.draws else []
    for draw in draws:
        refuse_other_grid(args.cube, draw)
    nm = np.asarray(corner.wavelength_nm)
    return Plan(args.cube, draws, corner.georeference, rows, cols, nm)


def _facts(args) -> Mapping[str, str]:
    said = {"software": f"SCDM {__version__}", "cube": args.cube, "features": args.features}
    said["values"] = "mean and standard deviation over the pixels; wavelengths in nm"
    return {**said, "interval": "90 %, from draws"} if args.draws else said


def _spectrum(plan: Plan, feature) -> FeatureSpectrum:
    from ..raster.features import pixels_of, takes_touched, window_of

    whole = window_of(feature, plan.place, plan.rows, plan.cols)
    windows = _strips_of(whole, len(plan.wavelength_nm))
    touched = takes_touched(feature, plan.place, windows)

    def inside(window: Window) -> np.ndarray:
        return pixels_of(feature, plan.place, window, touched)

    own = _sums(plan, plan.cube, windows, inside)
    if not plan.draws or not own.count:
        return FeatureSpectrum(own.count, own.mean, own.deviation, _unknown(plan))
    means = [_sums(plan, draw, windows, inside).mean for draw in plan.draws]
    return FeatureSpectrum(own.count, own.mean, own.deviation, half_width(means))


def _unknown(plan: Plan) -> Optional[np.ndarray]:
    return np.full(len(plan.wavelength_nm), np.nan) if plan.draws else None


def _sums(
    plan: Plan, path: str, windows: Sequence[Window], inside: Callable[[Window], np.ndarray]
) -> Sums:
    from ..raster.cube import read_cube

    sums = Sums(len(plan.wavelength_nm))
    for window in windows:
        sums.add(read_cube(path, window=window).values[:, inside(window)])
    return sums


def _strips_of(whole: Optional[Window], bands: int) -> List[Window]:
    if whole is None:
        return []
    return [
        Window(whole.row0 + strip.row0, whole.col0, strip.rows, whole.cols)
        for strip in strips(bands, whole.rows, whole.cols)
    ]
