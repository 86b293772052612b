"""The loop over a run's pieces: finished units from the journal, the others from the cascade."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from .. import tiling
from ..diffusion.cascade import Estimate, Sampling, Wanted
from ..errors import MemoryShortage, PackageError, StorageError
from ..events import Events
from ..journal.block_store import Arrays, Store
from ..package import manifest
from ..raster.encoding import Encoding, of_dtype
from ..spectra import radiometry
from ..system.background import Behind


@dataclass(frozen=True)
class Job:
    """All that the loop needs; ``cascade`` is a cascade.Cascade or whatever estimates like one.

    ``valid_share``: about how much of the window is valid, 0 to 1. ``keep_stages``: whether each
    stage's bands are outputs too.
    """

    picture: Any
    model: manifest.Manifest
    layout: tiling.Layout
    radiometry: radiometry.Radiometry
    cascade: Any
    sampling: Sampling
    valid_share: float = 1.0
    keep_stages: bool = False


class UnitMaker:
    """Makes the units of a job, in smaller tiles once memory has run out; ``warn`` is told so.

    ``outputs``: how many of estimate_tile's arrays are made. Where tiles are cut,
    a unit is kept as the output stores it; where they are blended, as float32. ``fitting``: the
    job's layout or its smaller tiles, to begin with.
    """

    def __init__(
        self,
        job: Job,
        encoding: Encoding,
        outputs: int,
        warn: Callable[[str], None],
        fitting: Optional[tiling.Layout] = None,
    ):
        self._job, self._outputs, self._warn = job, outputs, warn
        self._kept_as = of_dtype("float32", "") if job.layout.margin is None else encoding
        self._layout = fitting or job.layout

    @property
    def blended(self) -> bool:
        """Whether units overlap, so that several pieces take a part of one."""
        return self._job.layout.margin is None

    def made(self, unit: tiling.Unit) -> Arrays:
        """What is kept of ``unit``: none where it has no valid pixel.

        Raises DeviceError, PackageError, StorageError.
        """
        if not self._job.picture.valid(unit.window).any():
            return ()
        while True:
            try:
                values = self._sampled(unit)
                break
            except (MemoryShortage, MemoryError) as error:
                self._take_smaller_tiles(error)
        return values

    def _sampled(self, unit: tiling.Unit) -> Arrays:
        """The unit's window of every output, (bands, rows, cols) each."""
        window, bands = unit.window, len(self._job.model.wavelength_nm)
        whole = self._layout.size == self._job.layout.size
        if whole and len(unit.tiles) == 1:
            return estimate_tile(self._job, unit.tiles[0], self._kept_as, self._outputs)
        shape = bands, window.rows, window.cols
        values = tuple(self._kept_as.nothing(shape) for _ in range(self._outputs))
        for tile in unit.tiles if whole else self._layout.tiles_of(window):
            rows = slice(tile.down.keep0 - window.row0, tile.down.keep1 - window.row0)
            cols = slice(tile.along.keep0 - window.col0, tile.along.keep1 - window.col0)
            made_of_tile = estimate_tile(self._job, tile, self._kept_as, self._outputs)
            for room, made in zip(values, made_of_tile):
                room[:, rows, cols] = made
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


class Here:
    """Units made by this process when they are asked for, and kept in ``store``.

    The next one is made while one is written. Use it in a ``with`` statement, or wait.
    """

    def __init__(self, maker: UnitMaker, store: Store):
        self._maker, self._store, self._behind = maker, store, Behind()

    def arrays(self, unit: tiling.Unit, done: Callable[[str, int], None]) -> Arrays:
        """What is kept of ``unit``; ``done`` hears (name, tiles) of what is finished."""
        kept = self._maker.made(unit)
        if kept:  # that there is nothing is found again sooner than it is kept
            self._behind.do(keep, self._store, unit.name, kept)
            if self._maker.blended:  # the next pieces read it back
                self._behind.wait()
        done(unit.name, len(unit.tiles))
        return kept

    def __enter__(self) -> "Here":
        return self

    def __exit__(self, *error) -> None:
        self._behind.__exit__(*error)


def keep(store: Store, name: str, arrays: Arrays) -> None:
    """Write a unit to ``store``; raises StorageError."""
    try:
        store.write(name, arrays)
    except OSError as error:
        raise StorageError(
            f"'{store.folder}' cannot be written ({error.strerror})",
            "make room on the disk and run the same again: it goes on from here",
        ) from error


def say_started(job: Job, total: int, events: Events, there: int = 0) -> None:
    """The ``started`` event of a job of ``total`` tiles, of which an earlier run made ``there``."""
    found = f"Going on with an unfinished run: {there} of {total} tiles are there"
    events.started(
        rows=job.layout.window.rows,
        columns=job.layout.window.cols,
        tiles=total,
        device=job.cascade.device,
        providers=list(job.cascade.providers),
        seed=job.sampling.seed,
        bands=job.picture.bands_taken,
        radiometry_in_words=job.radiometry.in_words,
        **({"resumed": found} if there else {}),
    )
    events.progress(0, total)


class Estimation:
    """A job's pieces in their order, of units that ``store`` has or ``source`` makes.

    ``source`` is Here or whatever gives a unit's arrays as it does, and keeps them in ``store``;
    it is waited for at the end of a ``with`` statement. ``part``: the pieces of this part of the
    window alone.
    """

    def __init__(
        self,
        job: Job,
        encoding: Encoding,
        outputs: int,
        store: Store,
        events: Events,
        source: Any,
        part: Optional[tiling.Window] = None,
    ):
        self._job, self._encoding, self._outputs = job, encoding, outputs
        self._store, self._events, self._source = store, events, source
        self._finished = store.names()
        self._part = part
        self._counted, self._done, self._total = set(), 0, job.layout.count(part)
        self.reused = 0  # units that an earlier run had finished

    def __enter__(self) -> "Estimation":
        return self

    def __exit__(self, *error) -> None:
        self._source.__exit__(*error)

    def pieces(self) -> Iterator[Tuple[tiling.Window, List[np.ndarray]]]:
        """(window, each output's stored values) of all pieces with a valid pixel, in their order.

        Raises DeviceError, PackageError, StorageError.
        """
        there = min(self._total, len(self._finished) * self._job.layout.tiles_of_a_unit)
        say_started(self._job, self._total, self._events, there)
        at_hand: Dict[str, Arrays] = {}
        for piece in self._job.layout.pieces(self._part):
            at_hand = {
                unit.name: at_hand[unit.name] if unit.name in at_hand else self._arrays(unit)
                for unit in piece.units
            }
            if any(at_hand.values()):
                yield piece.window, self._joined(piece, list(at_hand.values()))

    def _joined(self, piece: tiling.Piece, units: List[Arrays]) -> List[np.ndarray]:
        bands = len(self._job.model.wavelength_nm)
        each = [[kept[i] if kept else None for kept in units] for i in range(self._outputs)]
        if self._job.layout.margin is None:
            return [self._encoding.encode(_blended(piece, values, bands)) for values in each]
        shape = (bands, piece.window.rows, piece.window.cols)
        return [_pasted(piece, values, shape, self._encoding) for values in each]

    def _arrays(self, unit: tiling.Unit) -> Arrays:
        """What is kept of ``unit``: none where it has no valid pixel."""
        kept = self._from_store(unit.name) if unit.name in self._finished else None
        if kept is None:
            kept = self._source.arrays(unit, self._count)
            if kept:  # blended: the next pieces find it in the store
                self._finished.add(unit.name)
        elif unit.name not in self._counted:
            self.reused += 1
            self._count(unit.name, len(unit.tiles))
        return kept

    def _from_store(self, name: str) -> Optional[Arrays]:
        try:
            return self._store.read(name)
        except (OSError, ValueError) as error:
            self._events.warning(f"block {name} is damaged ({error}): computed again")
            return None

    def _count(self, name: str, tile_count: int) -> None:
        """Tell that the tiles of a unit are done, once."""
        if name not in self._counted:
            self._counted.add(name)
            self._done += tile_count
            self._events.progress(self._done, self._total)


def _blended(piece: tiling.Piece, units: Sequence[Optional[np.ndarray]], bands: int) -> np.ndarray:
    values = [
        _nothing(bands, unit.window) if kept is None else kept
        for unit, kept in zip(piece.units, units)
    ]
    return tiling.blended(piece, values)


def _pasted(
    piece: tiling.Piece, units: Sequence[Optional[np.ndarray]], shape, stored: Encoding
) -> np.ndarray:
    """``units`` in their places of the piece; None where there is nothing."""
    if len(units) == 1 and units[0] is not None:
        return units[0]
    whole = stored.nothing(shape)
    for unit, kept in zip(piece.units, units):
        place = unit.window
        row, col = place.row0 - piece.window.row0, place.col0 - piece.window.col0
        if kept is not None:
            whole[:, row : row + place.rows, col : col + place.cols] = kept
    return whole


def _nothing(bands: int, window: tiling.Window) -> np.ndarray:
    """NaN everywhere, in the room of one number."""
    return np.broadcast_to(np.float32(np.nan), (bands, window.rows, window.cols))


def estimate_tile(job: Job, tile: tiling.Tile, stored: Encoding, outputs: int) -> Arrays:
    """``outputs`` arrays of ``tile.kept``, as ``stored``: the mean, each stage's, the spread.

    The stages' are there if they are kept, the spread's where one more is asked for. Each is
    (bands, rows, cols), nodata where masked; a stage has nodata in the bands that it does not make.
    A tile that keeps no valid pixel is not sampled. Raises PackageError when the model gives no
    finite numbers.
    """
    values, valid = job.picture.read(tile.read)
    kept = tile.kept_in_read
    if not valid[kept].any():
        shape = len(job.model.wavelength_nm), tile.kept.rows, tile.kept.cols
        return (stored.nothing(shape),) * outputs
    rgb = job.radiometry.apply(values)
    # One value for all masked pixels of a run, the model's neutral one: no tile differs.
    neutral = np.array(job.model.normalisation.input_offset, np.float32)
    rgb[:, ~valid] = neutral[:, None]

    def finish(made: np.ndarray) -> np.ndarray:
        _refuse_infinite(made, job)
        return stored.encode(made)

    spread = outputs > 1 + job.keep_stages * len(job.model.stages)
    wanted = Wanted(kept, spread=spread, stages=job.keep_stages, finish=finish)
    result = job.cascade.estimate(rgb, tile.read.row0, tile.read.col0, job.sampling, wanted)
    made = (result.mean, *_stages_in_place(job, result, stored))
    made += (result.spread,) if spread else ()
    if not valid[kept].all():
        for one in made:
            one[:, ~valid[kept]] = stored.nodata
    return made


def _refuse_infinite(made: np.ndarray, job: Job) -> None:
    if not np.isfinite(made).all():
        raise PackageError(
            f"the model '{job.model.name}' made values that are not finite numbers",
            "choose another sampler, more steps or less guidance, or another model",
        )


def _stages_in_place(job: Job, result: Estimate, stored: Encoding) -> Iterator[np.ndarray]:
    """Each kept stage's bands where they lie among all bands."""
    for stage, values in zip(job.model.stages, result.stages):
        every = stored.nothing(result.mean.shape)
        every[list(stage.final_bands)] = values
        yield every
