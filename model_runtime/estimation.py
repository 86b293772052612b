"""The loop over a run's pieces: finished units from the journal, the others from the cascade."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from . import manifest, radiometry, tiles
from .blocks import Arrays, Store
from .cascade import Estimate, Sampling
from .encoding import Encoding
from .errors import MemoryShortage, PackageError, StorageError
from .events import Events


@dataclass(frozen=True)
class Job:
    """All that the loop needs; ``cascade`` is a cascade.Cascade or whatever estimates like one.

    ``valid_share``: about how much of the window is valid, 0 to 1. ``keep_stages``: whether each
    stage's bands are outputs too.
    """

    picture: Any
    model: manifest.Manifest
    layout: tiles.Layout
    radiometry: radiometry.Radiometry
    cascade: Any
    sampling: Sampling
    valid_share: float = 1.0
    keep_stages: bool = False


class UnitMaker:
    """Makes the units of a job, in smaller tiles once memory has run out; ``warn`` is told so.

    ``outputs``: how many of estimate_tile's arrays, the first ones, are made. Where tiles are cut,
    a unit is kept as the output stores it; where they are blended, as float32. ``fitting``: the
    job's layout or its smaller tiles, to begin with.
    """

    def __init__(
        self,
        job: Job,
        encoding: Encoding,
        outputs: int,
        warn: Callable[[str], None],
        fitting: Optional[tiles.Layout] = None,
    ):
        self._job, self._encoding, self._outputs, self._warn = job, encoding, outputs, warn
        self._layout = fitting or job.layout

    def made(self, unit: tiles.Unit) -> Arrays:
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
        if self._job.layout.margin is None:
            return tuple(values)
        return tuple(self._encoding.encode(output) for output in values)

    def _sampled(self, unit: tiles.Unit) -> np.ndarray:
        """The unit's window of every output: (outputs, bands, rows, cols)."""
        window, bands = unit.window, len(self._job.model.wavelength_nm)
        values = np.empty((self._outputs, bands, window.rows, window.cols), np.float32)
        whole = self._layout.size == self._job.layout.size
        for tile in unit.tiles if whole else self._layout.tiles_of(window):
            rows = slice(tile.down.keep0 - window.row0, tile.down.keep1 - window.row0)
            cols = slice(tile.along.keep0 - window.col0, tile.along.keep1 - window.col0)
            for i, estimate in zip(range(self._outputs), estimate_tile(self._job, tile)):
                values[i, :, rows, cols] = estimate
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
    """Units made by this process when they are asked for, and kept in ``store``."""

    def __init__(self, maker: UnitMaker, store: Store):
        self._maker, self._store = maker, store

    def arrays(self, unit: tiles.Unit, done: Callable[[str, int], None]) -> Arrays:
        """What is kept of ``unit``; ``done`` hears (name, tiles) of what is finished."""
        kept = self._maker.made(unit)
        if kept:  # that there is nothing is found again sooner than it is kept
            keep(self._store, unit.name, kept)
        done(unit.name, len(unit.tiles))
        return kept


def keep(store: Store, name: str, arrays: Arrays) -> None:
    """Write a unit to ``store``; raises StorageError."""
    try:
        store.write(name, arrays)
    except OSError as error:
        raise StorageError(
            f"'{store.folder}' cannot be written ({error.strerror})",
            "make room on the disk and run the same again: it goes on from here",
        ) from error


def say_started(job: Job, events: Events) -> None:
    """The ``started`` event of a job, and that nothing is done yet."""
    total = job.layout.count()
    events.started(
        rows=job.layout.window.rows,
        columns=job.layout.window.cols,
        tiles=total,
        device=job.cascade.device,
        providers=list(job.cascade.providers),
        seed=job.sampling.seed,
    )
    events.progress(0, total)


class Estimation:
    """A job's pieces in their order, of units that ``store`` has or ``source`` makes.

    ``source`` is Here or whatever gives a unit's arrays as it does, and keeps them in ``store``.
    """

    def __init__(
        self, job: Job, encoding: Encoding, outputs: int, store: Store, events: Events, source: Any
    ):
        self._job, self._encoding, self._outputs = job, encoding, outputs
        self._store, self._events, self._source = store, events, source
        self._finished = store.names()
        self._counted, self._done, self._total = set(), 0, job.layout.count()
        self.reused = 0  # units that an earlier run had finished

    def pieces(self) -> Iterator[Tuple[tiles.Window, List[np.ndarray]]]:
        """(window, each output's stored values) of all pieces with a valid pixel, in their order.

        Raises DeviceError, PackageError, StorageError.
        """
        say_started(self._job, self._events)
        at_hand: Dict[str, Arrays] = {}
        for piece in self._job.layout.pieces():
            at_hand = {
                unit.name: at_hand[unit.name] if unit.name in at_hand else self._arrays(unit)
                for unit in piece.units
            }
            if any(at_hand.values()):
                yield piece.window, self._joined(piece, list(at_hand.values()))

    def _joined(self, piece: tiles.Piece, units: List[Arrays]) -> List[np.ndarray]:
        bands = len(self._job.model.wavelength_nm)
        each = [[kept[i] if kept else None for kept in units] for i in range(self._outputs)]
        if self._job.layout.margin is None:
            return [self._encoding.encode(_blended(piece, values, bands)) for values in each]
        shape = (bands, piece.window.rows, piece.window.cols)
        return [_pasted(piece, values, self._encoding.nothing(shape)) for values in each]

    def _arrays(self, unit: tiles.Unit) -> Arrays:
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


def _blended(piece: tiles.Piece, units: Sequence[Optional[np.ndarray]], bands: int) -> np.ndarray:
    values = [
        _nothing(bands, unit.window) if kept is None else kept
        for unit, kept in zip(piece.units, units)
    ]
    return tiles.blended(piece, values)


def _pasted(
    piece: tiles.Piece, units: Sequence[Optional[np.ndarray]], whole: np.ndarray
) -> np.ndarray:
    """``units`` in their places of ``whole``; None where there is nothing."""
    for unit, kept in zip(piece.units, units):
        place = unit.window
        row, col = place.row0 - piece.window.row0, place.col0 - piece.window.col0
        if kept is not None:
            whole[:, row : row + place.rows, col : col + place.cols] = kept
    return whole


def _nothing(bands: int, window: tiles.Window) -> np.ndarray:
    """NaN everywhere, in the room of one number."""
    return np.broadcast_to(np.float32(np.nan), (bands, window.rows, window.cols))


def estimate_tile(job: Job, tile: tiles.Tile) -> Tuple[np.ndarray, ...]:
    """Mean, each stage's bands if they are kept, and spread of ``tile.kept``; NaN where masked.

    Each is (bands, rows, cols); a stage has NaN in the bands that it does not make. A tile that
    keeps no valid pixel is not sampled. Where there is one sample, the spread is the mean's array,
    which nobody writes. Raises PackageError when the model gives no finite numbers.
    """
    values, valid = job.picture.read(tile.read)
    kept = tile.kept_in_read
    if not valid[kept].any():
        nothing = _nothing(len(job.model.wavelength_nm), tile.kept)
        return (nothing,) * (2 + job.keep_stages * len(job.model.stages))
    rgb = job.radiometry.apply(values)
    # One value for all masked pixels of a run, the model's neutral one: no tile differs.
    neutral = np.array(job.model.normalisation.input_offset, np.float32)
    rgb[:, ~valid] = neutral[:, None]
    place = tile.read.row0, tile.read.col0
    result = job.cascade.estimate(rgb, *place, job.sampling, kept)
    mean, spread = result.mean, result.mean if result.spread is None else result.spread
    if not (np.isfinite(mean).all() and np.isfinite(spread).all()):
        raise PackageError(
            f"the model '{job.model.name}' made values that are not finite numbers",
            "choose another sampler, more steps or less guidance, or another model",
        )
    made = (mean, *_stages_in_place(job, result), spread)
    if not valid[kept].all():
        for one in made:
            one[:, ~valid[kept]] = np.nan
    return made


def _stages_in_place(job: Job, result: Estimate) -> Iterator[np.ndarray]:
    """Each kept stage's bands where they lie among all bands."""
    for stage, values in zip(job.model.stages if job.keep_stages else (), result.stages):
        every = np.full_like(result.mean, np.nan)
        every[list(stage.final_bands)] = values
        yield every
