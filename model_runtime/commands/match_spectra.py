"""The ``match-spectra`` command: which spectrum of a library is nearest to each pixel."""

import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from .. import __version__
from ..contract import TAG_PREFIX
from ..errors import InputError
from ..raster import encoding
from ..spectra import matching, spectral_library
from ..spectra.resample import band_widths
from ..spectra.spectral_library import Reference
from ..system import final_names
from ..tiling import Window, strips

DEFAULT_THRESHOLD = 6.0  # degrees; about the 0.1 rad that is usual
MOST_CLASSES = 65534  # 0 is no match, 65535 no data
NO_MATCH = "no match"
COPIES = 6  # of a strip's values while it is matched, in float64 some
NAMED = 5  # spectra that a warning lists
EMPTY = -2  # in place of a spectrum's number, for a pixel without data


def add_arguments(parser) -> None:
    """The command's arguments."""
    add = parser.add_argument
    add("cube", metavar="CUBE", help="raster with wavelengths, such as upsample's")
    add("output", metavar="OUTPUT", help="GeoTIFF of classes to write: 1 is the first spectrum")
    add(
        "--library",
        metavar="PATH",
        action="append",
        required=True,
        help="ENVI library (.sli), table (CSV, blanks), file of ECOSTRESS or USGS, or a folder of "
        "such; may be given several times",
    )
    add("--filter", metavar="TEXT[,TEXT...]", default="", help="spectra with that in their names")
    add(
        "--threshold",
        metavar="DEGREES",
        type=float,
        default=DEFAULT_THRESHOLD,
        help=f"largest angle of a match ({DEFAULT_THRESHOLD:g})",
    )
    add("--spread", metavar="PATH", help="of upsample --spread: bands count by 1 / spread")
    add("--angle", metavar="PATH", help="also a GeoTIFF of the angle to the best spectrum, degrees")
    add("--overwrite", action="store_true", help="replace files that exist")


@dataclass(frozen=True)
class Plan:
    """What is matched: ``bands`` (from 1) of ``cube`` with ``library`` (spectra, bands).

    ``names`` of the spectra; ``spread``: a raster of the same pixels and bands; ``threshold`` in
    degrees; ``how_read``: the library's units.
    """

    cube: str
    bands: List[int]
    names: Tuple[str, ...]
    library: np.ndarray
    threshold: float
    spread: Optional[str] = None
    how_read: str = ""


def run(args, events) -> None:
    """Match and write, strip by strip.

    Raises: InputError, StorageError.
    """
    from ..raster.cube import cube_shape
    from ..raster.dataset import files_read
    from ..raster.writer import check_name

    since = time.monotonic()
    _check_threshold(args.threshold)
    outputs = [args.output, *([args.angle] if args.angle else [])]
    for path in outputs:
        check_name(path)
    rasters = [args.cube, *([args.spread] if args.spread else [])]
    read = [*(name for raster in rasters for name in files_read(raster)), *args.library]
    targets = [final_names.geotiff(path) for path in outputs]
    final_names.refuse_shared(targets)
    final_names.check(targets, read, args.overwrite)
    plan = _plan(args, events)
    counts: Counter = Counter()
    _, rows, cols = cube_shape(plan.cube)
    with ExitStack() as stack:
        writers = [stack.enter_context(one) for one in _writers(outputs, plan, (rows, cols))]
        for window in strips(COPIES * len(plan.bands), rows, cols):
            made = classes_of(_match(plan, window), plan.threshold)
            for writer, values in zip(writers, made):
                writer.write(window.row0, window.col0, values[None])
            _count(counts, made[0])
            events.progress(window.row0 + window.rows, rows)
        for writer in writers:
            writer.close()
        for writer in writers:
            writer.commit(args.overwrite)
    events.done(args.output, time.monotonic() - since, **_facts(args, plan, counts))


def _check_threshold(threshold: float) -> None:
    if not 0 < threshold <= 90:
        raise InputError(f"--threshold is {threshold:g}", "give an angle above 0, up to 90 degrees")


def _plan(args, events) -> Plan:
    from ..raster.cube import describe_reading, read_cube, usable_bands
    from ..raster.dataset import refuse_spread, require_spread
    from ..raster.draws import refuse_other_run

    refuse_spread(args.cube)
    spectra, left_out = spectral_library.read_all([Path(path) for path in args.library])
    if left_out:
        events.warning(f"{len(left_out)} files are left out, as the first: {left_out[0]}")
    spectra = spectral_library.choose(spectra, args.filter.split(","))
    corner = read_cube(args.cube, window=Window(0, 0, 1, 1))
    usable = usable_bands(args.cube)
    if args.spread:
        require_spread(args.spread)
        refuse_other_run(args.cube, args.spread)
    nm = np.asarray(corner.wavelength_nm)[usable]
    widths = band_widths(np.asarray(corner.wavelength_nm), corner.fwhm_nm)[usable]
    library = matching.hide_gaps(matching.at_bands(spectra, nm, widths), spectra, nm)
    kept = np.flatnonzero(matching.enough_bands(library))
    unseen = _refuse_unseen(spectra, library, kept, nm)
    for message in (*describe_reading(args.cube), *unseen):
        events.warning(message)
    names = tuple(spectra[i].name for i in kept)
    bands = [int(i) + 1 for i in usable]
    how = how_read(spectra)
    return Plan(args.cube, bands, names, library[kept], args.threshold, args.spread, how)


def how_read(spectra: Sequence[Reference]) -> str:
    """Say what the library's numbers were taken for.

    Returns: words such as ``3 spectra, wavelengths in nm, values as reflectance``.
    """
    units = Counter(one.unit for one in spectra)
    said = Counter(one.notice or "reflectance" for one in spectra)
    return (
        f"{len(spectra)} spectra, wavelengths in {_list_counts(units)}, values {_list_counts(said)}"
    ).replace("values reflectance", "values as reflectance")


def _list_counts(counts: Counter) -> str:
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{word} ({count})" for word, count in counts.most_common())


def _refuse_unseen(
    spectra: Sequence[Reference], library: np.ndarray, kept: np.ndarray, nm: np.ndarray
) -> Iterator[str]:
    """Warnings about spectra that lack bands; raises InputError where none can be compared."""
    span = f"{nm.min():g} to {nm.max():g} nm"
    if not len(kept):
        raise InputError(
            f"no spectrum of the library covers half of the raster's bands ({span})",
            "choose a library of that range",
        )
    if len(kept) > MOST_CLASSES:
        raise InputError(
            f"the library has {len(kept)} spectra", f"choose at most {MOST_CLASSES} by --filter"
        )
    dropped = sorted(set(range(len(spectra))) - set(kept.tolist()))
    if dropped:
        yield f"{_some(spectra, dropped)} left out: less than half of the bands ({span})"
    partly = [int(i) for i in kept if not np.isfinite(library[i]).all()]
    if partly:
        yield f"{_some(spectra, partly)} compared over the part of {span} that they cover"


def _some(spectra: Sequence[Reference], places: Sequence[int]) -> str:
    names = ", ".join(spectra[i].name for i in places[:NAMED])
    return f"{len(places)} of {len(spectra)} spectra ({names}{', ...' * (len(places) > NAMED)}) are"


def _writers(outputs: Sequence[str], plan: Plan, shape: Tuple[int, int]) -> Iterator:
    from ..raster.cube import read_cube
    from ..raster.writer import Writer

    place = read_cube(plan.cube, window=Window(0, 0, 1, 1)).georeference
    bands = [
        encoding.Named(("best spectrum",), categories=(NO_MATCH, *plan.names)),
        encoding.Named(("spectral angle",), "degrees"),
    ]
    stored = [encoding.CLASSES, encoding.of_dtype("float32", "")]
    for path, named, how in zip(outputs, bands, stored):
        yield Writer(path, shape, named, how, place, _tags(plan))


def _tags(plan: Plan) -> Dict[str, str]:
    weighted = "weighted by 1 / spread" if plan.spread else "not weighted"
    return {
        "SOFTWARE": f"SCDM {__version__}",
        f"{TAG_PREFIX}MATCHING": f"spectral angle, {weighted}, at most {plan.threshold:g} degrees",
    }


def _match(plan: Plan, window: Window) -> matching.Match:
    from ..raster.cube import read_cube

    values = read_cube(plan.cube, plan.bands, window).values
    spread = read_cube(plan.spread, plan.bands, window).values if plan.spread else None
    found = matching.match(values, plan.library, spread)
    # What holds no value in any band is no data, whatever else has no angle no match.
    empty = ~np.isfinite(values).any(axis=0)
    return matching.Match(np.where(empty, EMPTY, found.number), found.angle)


def classes_of(found: matching.Match, threshold: float) -> Tuple[np.ndarray, np.ndarray]:
    """Number the classes from 1; 0 where no spectrum is within ``threshold`` degrees.

    Returns: the classes, NaN without data, and the angles in degrees, both (rows, cols).
    """
    fits = np.isfinite(found.angle) & (found.angle <= threshold)
    classes = np.where(fits, found.number + 1, 0).astype(np.float32)
    classes[found.number == EMPTY] = np.nan
    return classes, found.angle


def _count(counts: Counter, classes: np.ndarray) -> None:
    values, pixels = np.unique(classes[np.isfinite(classes)].astype(int), return_counts=True)
    counts.update(dict(zip(values.tolist(), pixels.tolist())))


def _facts(args, plan: Plan, counts: Counter) -> Dict[str, object]:
    """What the ``done`` event says: the classes that occur, the most frequent first."""
    names = (NO_MATCH, *plan.names)
    found = [
        {"value": value, "name": names[value], "pixels": pixels}
        for value, pixels in counts.most_common()
    ]
    extra = {"angle": args.angle} if args.angle else {}
    return {"spectra": len(plan.names), "read": plan.how_read, "classes": found, **extra}
