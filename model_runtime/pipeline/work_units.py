"""Makes the units of a run: reads the input, has tiles estimated, encodes what is kept."""

from typing import Callable, Iterator, Optional, Protocol, Sequence

import numpy as np

from .. import tiling
from ..diffusion.settings import EstimateRequest, TileEstimate
from ..errors import MemoryShortage
from ..journal.unit_store import Arrays, UnitStore
from ..package.manifest import Manifest
from ..raster.encoding import Encoding, of_dtype
from ..report import training_domain
from ..spectra import reliability
from ..system.background import BackgroundWriter
from ..system.durable_files import GOES_ON, storage_errors
from . import masked_pixels
from .job import Job
from .output_range import OutputRange


class UnitSource(Protocol):
    """Gives the units that a journal lacks, and keeps them there."""

    def arrays(self, unit: tiling.Unit, done: Callable[[str, int], None]) -> Arrays:
        """Get ``unit`` made and kept; ``done`` hears (name, tiles) of everything that is finished.

        Returns: what is kept, (bands, rows, cols) of each output; none without a valid pixel.
        Raises: DeviceError, PackageError, StorageError.
        """

    def __exit__(self, *error) -> None:
        """Wait for what is still being kept."""


class UnitMaker:
    """Makes the units of a job, in smaller tiles once memory has run out; ``warn`` is told so.

    Where tiles are cut, a unit is kept as the output stores it; where they are blended, as
    float32. ``fitting``: the job's layout or its smaller tiles, to begin with.
    """

    def __init__(
        self, job: Job, warn: Callable[[str], None], fitting: Optional[tiling.Layout] = None
    ):
        self._job, self._warn = job, warn
        blended = of_dtype("float32", "") if job.layout.margin is None else None
        self._kept_as = [blended or job.encoding_of(output) for output in job.outputs.rasters]
        self._layout = fitting or job.layout
        self._range, self._doubted = OutputRange(job.model), False

    @property
    def overlaps(self) -> bool:
        """Whether units overlap, so that several pieces take a part of one."""
        return self._job.layout.margin is None

    def make(self, unit: tiling.Unit) -> Arrays:
        """Make a unit.

        Returns: what is kept, (bands, rows, cols) of each output; none without a valid pixel.
        Raises: DeviceError, PackageError, StorageError.
        """
        while True:
            try:
                values = self._sample(unit)
                break
            except (MemoryShortage, MemoryError) as error:
                self._take_smaller_tiles(error)
        self._tell_doubt()
        return values

    def _tell_doubt(self) -> None:
        """Warn, once, where the values are hardly estimates."""
        doubt = "" if self._doubted else self._range.doubt()
        if doubt:
            self._doubted = True
            self._warn(doubt)

    def _sample(self, unit: tiling.Unit) -> Arrays:
        """The unit's window of every output, (bands, rows, cols) each."""
        window = unit.window
        whole = self._layout.size == self._job.layout.size
        if whole and len(unit.tiles) == 1:
            return estimate_tile(self._job, unit.tiles[0], self._kept_as, self._range)
        values: Arrays = ()
        for tile in unit.tiles if whole else self._layout.tiles_of(window):
            made_of_tile = estimate_tile(self._job, tile, self._kept_as, self._range)
            if made_of_tile and not values:
                values = _nothing(self._job, window, self._kept_as)
            place = (slice(None), *tile.kept.slices(window))
            for room, made in zip(values, made_of_tile):
                room[place] = made
        return values

    def _take_smaller_tiles(self, error: BaseException) -> None:
        smaller = self._layout.smaller()
        if smaller is None:
            raise MemoryShortage(
                f"not enough memory for a tile of {self._layout.size} pixels ({error})",
                "close other programs, choose fewer --threads or --device cpu"
                + (", or give a smaller --tile" if self._layout.margin is None else ""),
            ) from error
        self._warn(
            f"not enough memory for tiles of {self._layout.size} pixels: "
            f"going on with {smaller.size}, the result is the same"
        )
        self._layout = smaller


class LocalUnits:
    """Units made by this process when they are asked for, and kept in ``store``.

    The next one is made while one is written. Use it in a ``with`` statement, or wait.
    """

    def __init__(self, maker: UnitMaker, store: UnitStore):
        self._maker, self._store, self._behind = maker, store, BackgroundWriter()

    def arrays(self, unit: tiling.Unit, done: Callable[[str, int], None]) -> Arrays:
        """Make ``unit`` and begin to keep it; ``done`` hears (name, tiles) of it.

        Returns: what is kept, (bands, rows, cols) of each output; none without a valid pixel.
        Raises: DeviceError, PackageError, StorageError.
        """
        kept = self._maker.make(unit)
        if kept:  # that there is nothing is found again sooner than it is kept
            self._behind.submit(keep, self._store, unit.name, kept)
            if self._maker.overlaps:  # the next pieces read it back
                self._behind.wait()
        done(unit.name, len(unit.tiles))
        return kept

    def __enter__(self) -> "LocalUnits":
        return self

    def __exit__(self, *error) -> None:
        self._behind.__exit__(*error)


def keep(store: UnitStore, name: str, arrays: Arrays) -> None:
    """Write a unit to ``store``.

    Raises: StorageError.
    """
    with storage_errors(store.folder, GOES_ON):
        store.write(name, arrays)


def estimate_tile(
    job: Job, tile: tiling.Tile, stored: Sequence[Encoding], output_range: OutputRange
) -> Arrays:
    """Estimate ``tile`` and encode what it keeps as ``stored`` says, output by output.

    The networks see what lies outside of the job's mask, so that the estimates inside do not
    depend on it. ``output_range`` takes note of the values.

    Returns: none without a valid pixel, else (bands, rows, cols) for ``tile.kept`` of each output:
        the mean, each stage's mean, the spread, the reliability and the samples, as far as they
        are wanted. Nodata where masked; a stage has it in the bands that it does not make.
    Raises: PackageError where the values diverge; DeviceError, StorageError.
    """
    wanted_here = job.inside_mask(tile.kept)
    if not wanted_here.any():
        return ()
    values, valid = job.reader.read(tile.read)
    kept = tile.kept_in_read
    shown = valid[kept] & wanted_here
    if not shown.any():
        return ()
    rgb = _see(job, tile, values, valid)

    spectra = stored[0]

    def finish(made: np.ndarray) -> np.ndarray:
        output_range.check(made)
        return spectra.encode(made)

    asked = job.outputs
    wanted = EstimateRequest(
        kept, asked.spread, asked.stages, finish, asked.draws, asked.reliability
    )
    result = job.estimator.estimate(rgb, tile.read.row0, tile.read.col0, job.sampling, wanted)
    made = [result.mean, *_stages_in_place(job, result, spectra)]
    if result.spread is not None:
        made.append(result.spread)
    if result.relative_spread is not None:
        colours = rgb[(slice(None), *kept)]
        known = _reliability(job.model, result.relative_spread, colours)
        made.append(stored[len(made)].encode(known))
    made += result.draws
    if not shown.all():
        for one, encoding in zip(made, stored):
            one[:, ~shown] = encoding.nodata
    return tuple(made)


def _see(job: Job, tile: tiling.Tile, values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """What the networks see of a ``tile``, in the model's input unit: masked pixels are filled.

    A kept pixel depends on others at most as far as the influence, and these on valid ones as far
    again: so no tile differs.
    """
    if valid.all():
        return job.radiometry.apply(values)
    influence = job.model.tile.influence
    reach = job.layout.overlap if influence is None else influence
    wider = masked_pixels.widen(tile.read, max(reach, masked_pixels.GAP))
    values, valid = job.reader.read(wider)
    rgb = masked_pixels.see(values, valid, reach, job.radiometry, job.model, job.is_cut_out)
    return rgb[(slice(None), *tile.read.slices(wider))]


def _reliability(model: Manifest, relative_spread: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """(1, rows, cols), 0 to 100."""
    distance = training_domain.distance(rgb, model.domain) if model.domain else 0.0
    return reliability.reliability(relative_spread, distance)


def _stages_in_place(job: Job, result: TileEstimate, stored: Encoding) -> Iterator[np.ndarray]:
    """Each kept stage's bands where they lie among all bands."""
    for stage, values in zip(job.model.stages, result.stages):
        every = stored.nothing(result.mean.shape)
        every[list(stage.final_bands)] = values
        yield every


def _nothing(job: Job, window: tiling.Window, stored: Sequence[Encoding]) -> Arrays:
    return tuple(
        encoding.nothing((job.band_count(output), window.rows, window.cols))
        for output, encoding in zip(job.outputs.rasters, stored)
    )
