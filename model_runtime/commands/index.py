"""The ``index`` command: spectral indices of a hyperspectral raster, with intervals from draws."""

import time
from dataclasses import dataclass
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .. import __version__
from ..contract import TAG_PREFIX
from ..errors import InputError
from ..raster import encoding
from ..spectra import index_choice, index_interval
from ..spectra.index_bands import BandWeights, weights_at
from ..spectra.index_formula import Formula
from ..system import final_names
from ..tiling import Window, strips

BRIGHTEST = 3.0  # above every reflectance; percent and integers lie far above


def add_arguments(parser) -> None:
    """The command's arguments."""
    add = parser.add_argument
    add("cube", metavar="CUBE", help="raster with wavelengths, such as upsample's")
    add("output", metavar="OUTPUT", help="GeoTIFF to write, a band an index")
    add("--index", metavar="NAME[,NAME...]", default="", help="of docs/indices.md, such as NDVI")
    add("--formula", metavar="TEXT", help="one of your own, such as '(r860-r670)/(r860+r670)'")
    add("--draws", metavar="FOLDER", help="of upsample --draws: adds each index's 90 %% interval")
    add("--spread", metavar="PATH", help="of upsample --spread: adds an interval that is too wide")
    add("--overwrite", action="store_true", help="replace a file that exists")


@dataclass(frozen=True)
class Plan:
    """What is made: ``indices`` by name, of the bands ``seen`` at their wavelengths.

    ``draws`` and ``spread`` are rasters of the same pixels and bands as ``cube``.
    """

    cube: str
    indices: Mapping[str, Formula]
    seen: BandWeights
    draws: Sequence[str] = ()
    spread: Optional[str] = None

    @property
    def names(self) -> Tuple[str, ...]:
        """The output's bands."""
        ends = ("", " low", " high") if self.draws or self.spread else ("",)
        return tuple(f"{name}{end}" for name in self.indices for end in ends)

    @property
    def rasters(self) -> List[str]:
        """All rasters that are read."""
        return [self.cube, *self.draws, *([self.spread] if self.spread else [])]


def run(args, events) -> None:
    """Work out the indices and write them, strip by strip.

    Raises: InputError, StorageError.
    """
    from ..raster.cube import cube_shape, describe_reading, read_cube
    from ..raster.dataset import files_read
    from ..raster.writer import Writer, check_name

    since = time.monotonic()
    check_name(args.output)
    plan = _plan(args)
    read = [name for raster in plan.rasters for name in files_read(raster)]
    final_names.check([final_names.geotiff(args.output)], read, args.overwrite)
    for message in (*describe_reading(plan.cube), *_warnings(plan)):
        events.warning(message)
    _, rows, cols = cube_shape(plan.cube)
    place = read_cube(plan.cube, window=Window(0, 0, 1, 1)).georeference
    stored, named = encoding.of_dtype("float32", ""), encoding.Named(plan.names)
    known = np.zeros(len(plan.names), bool)
    with Writer(args.output, (rows, cols), named, stored, place, _tags(plan)) as writer:
        for window in strips(3 * len(plan.seen.bands), rows, cols):
            made = _indices(plan, window)
            known |= np.isfinite(made).any(axis=(1, 2))
            writer.write(window.row0, window.col0, made)
            events.progress(window.row0 + window.rows, rows)
        writer.close()
        writer.commit(args.overwrite)
    if not known.all():
        empty = ", ".join(name for name, is_known in zip(plan.names, known) if not is_known)
        events.warning(
            f"no pixel has a number for {empty}: see the formula and the raster's values"
        )
    events.done(args.output, time.monotonic() - since, bands=list(plan.names))


def _plan(args) -> Plan:
    from ..raster.cube import read_cube, usable_bands
    from ..raster.dataset import refuse_spread, require_spread
    from ..raster.draws import find_draws, refuse_other_run

    if args.draws and args.spread:
        raise InputError("--draws and --spread are both given", "give --draws, it is the better")
    indices = index_choice.choose_formulas(args.index, args.formula)
    if not indices:
        raise InputError("no index is asked for", "give --index NDVI or --formula TEXT")
    refuse_spread(args.cube)
    if args.spread:
        require_spread(args.spread)
    wanted_nm = sorted({nm for formula in indices.values() for nm in formula.wavelength_nm})
    seen_nm = np.asarray(read_cube(args.cube, window=Window(0, 0, 1, 1)).wavelength_nm)
    draws = find_draws(args.draws) if args.draws else []
    seen = weights_at(wanted_nm, seen_nm, usable_bands(args.cube))
    plan = Plan(args.cube, indices, seen, draws, args.spread)
    for other in plan.rasters[1:]:
        refuse_other_run(plan.cube, other)
    return plan


def _warnings(plan: Plan) -> Iterator[str]:
    from ..raster.cube import read_preview

    brightest = np.nanmax(read_preview(plan.cube, 128), initial=0)
    if brightest > BRIGHTEST:
        yield (
            f"the values reach {brightest:g}, which is not reflectance: an index with constants, "
            "such as EVI or SAVI, is wrong of them"
        )
    if plan.spread:
        yield (
            "an interval from the spread alone is wider than it should be: the errors of "
            "neighbouring bands go together and cancel in part; --draws knows that"
        )


def _tags(plan: Plan) -> Dict[str, str]:
    formulas = enumerate(plan.indices.values(), start=1)
    said = {f"{TAG_PREFIX}INDEX_{number}": formula.text for number, formula in formulas}
    return {"SOFTWARE": f"SCDM {__version__}", **said}


def _indices(plan: Plan, window: Window) -> np.ndarray:
    """All of the output's bands (bands, rows, cols) in ``window``."""
    seen, formulas = _see(plan, plan.cube, window), list(plan.indices.values())
    middle = plan.seen.work_out(formulas, seen)
    if plan.draws:
        # A draw may lie below 0, which no reflectance does: ratios would run away.
        seen_in = (np.maximum(_see(plan, path, window), 0) for path in plan.draws)
        drawn = (plan.seen.work_out(formulas, seen) for seen in seen_in)
        times = index_interval.deviations(len(plan.draws))
        return index_interval.beside(middle, index_interval.of_draws(middle, drawn), times)
    if plan.spread:
        spread = _see(plan, plan.spread, window)
        wide = [index_interval.of_spread(f, *plan.seen.pick(f, seen, spread)) for f in formulas]
        return index_interval.beside(middle, np.stack(wide))
    return middle


def _see(plan: Plan, path: str, window: Window) -> np.ndarray:
    from ..raster.cube import read_cube

    bands = [int(band) + 1 for band in plan.seen.bands]
    return plan.seen.see(read_cube(path, bands, window).values)
