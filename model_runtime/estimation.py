"""The loop over a run's pieces: finished units from the journal, the others from the cascade."""

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

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


class Estimation:
    """A job's pieces, made one after the other and kept in ``store``.

    ``outputs``: how many of estimate_tile's arrays, the first ones, are made. Where tiles are cut,
    a unit is kept as the output stores it; where they are blended, as float32.
    """

    def __init__(self, job: Job, encoding: Encoding, outputs: int, store: Store, events: Events):
        self._job, self._encoding, self._outputs = job, encoding, outputs
        self._store, self._events = store, events
        self._layout = job.layout  # of smaller tiles once memory has run out
        self._finished = store.names()
        self._counted, self._done, self._total = set(), 0, job.layout.count()
        self.reused = 0  # units that an earlier run had finished

    def pieces(self) -> Iterator[Tuple[tiles.Window, List[np.ndarray]]]:
        """(window, each output's stored values) of all pieces with a valid pixel, in their order.

        Raises DeviceError, PackageError, StorageError.
        """
        self._say_started()
        at_hand: Dict[str, Arrays] = {}
        for piece in self._job.layout.pieces():
            at_hand = {
                unit.name: at_hand[unit.name] if unit.name in at_hand else self._arrays(unit)
                for unit in piece.units
            }
            if any(at_hand.values()):
                yield piece.window, self._joined(piece, list(at_hand.values()))

    def _say_started(self) -> None:
        window, network = self._job.layout.window, self._job.cascade
        self._events.started(
            rows=window.rows,
            columns=window.cols,
            tiles=self._total,
            device=network.device,
            providers=list(network.providers),
            seed=self._job.sampling.seed,
        )
        self._events.progress(0, self._total)

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
            kept = self._made(unit)
            if kept:  # that there is nothing is found again sooner than it is kept
                self._to_store(unit.name, kept)
        elif unit.name not in self._counted:
            self.reused += 1
            self._count(unit)
        self._counted.add(unit.name)
        return kept

    def _from_store(self, name: str) -> Optional[Arrays]:
        try:
            return self._store.read(name)
        except (OSError, ValueError) as error:
            self._events.warning(f"block {name} is damaged ({error}): computed again")
            return None

    def _to_store(self, name: str, kept: Arrays) -> None:
        try:
            self._store.write(name, kept)
        except OSError as error:
            raise StorageError(
                f"'{self._store.folder}' cannot be written ({error.strerror})",
                "make room on the disk and run the same again: it goes on from here",
            ) from error
        self._finished.add(name)

    def _made(self, unit: tiles.Unit) -> Arrays:
        if not self._job.picture.valid(unit.window).any():
            self._count(unit)
            return ()
        before = self._done
        while True:
            try:
                values = self._sampled(unit)
                break
            except (MemoryShortage, MemoryError) as error:
                self._take_smaller_tiles(error)
                self._done = before
        self._count(unit, before)
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
                values[i, :, rows, cols] = tiles.crop(estimate, tile)
            if whole:
                self._tick(1)
        return values

    def _take_smaller_tiles(self, error: BaseException) -> None:
        smaller = self._layout.smaller()
        if smaller is None:
            raise MemoryShortage(
                f"not enough memory for a tile of {self._layout.size} pixels ({error})",
                "close other programs, choose fewer --threads or --device cpu"
                + (", or give a smaller --tile" if self._layout.margin is None else ""),
            ) from error
        self._events.warning(
            f"not enough memory for tiles of {self._layout.size} pixels: "
            f"going on with {smaller.size}, the result is the same"
        )
        self._layout = smaller

    def _count(self, unit: tiles.Unit, before: Optional[int] = None) -> None:
        """All tiles of ``unit`` are done; of those, some were told since ``before``."""
        told = 0 if before is None else self._done - before
        if told < len(unit.tiles):
            self._tick(len(unit.tiles) - told)

    def _tick(self, count: int) -> None:
        self._done += count
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
    """Mean, each stage's bands if they are kept, and spread of ``tile.read``; NaN where masked.

    Each is (bands, rows, cols); a stage has NaN in the bands that it does not make. A tile that
    keeps no valid pixel is not sampled. Where there is one sample, the spread is the mean's array,
    which nobody writes. Raises PackageError when the model gives no finite numbers.
    """
    values, valid = job.picture.read(tile.read)
    if not tiles.crop(valid[None], tile).any():
        nothing = _nothing(len(job.model.wavelength_nm), tile.read)
        return (nothing,) * (2 + job.keep_stages * len(job.model.stages))
    rgb = job.radiometry.apply(values)
    # One value for all masked pixels of a run, the model's neutral one: no tile differs.
    neutral = np.array(job.model.normalisation.input_offset, np.float32)
    rgb[:, ~valid] = neutral[:, None]
    result = job.cascade.estimate(rgb, tile.read.row0, tile.read.col0, job.sampling)
    mean, spread = result.mean, result.mean if result.spread is None else result.spread
    if not (np.isfinite(mean).all() and np.isfinite(spread).all()):
        raise PackageError(
            f"the model '{job.model.name}' made values that are not finite numbers",
            "choose another sampler, more steps or less guidance, or another model",
        )
    made = (mean, *_stages_in_place(job, result), spread)
    for one in made:
        one[:, ~valid] = np.nan
    return made


def _stages_in_place(job: Job, result: Estimate) -> Iterator[np.ndarray]:
    """Each kept stage's bands where they lie among all bands."""
    for stage, values in zip(job.model.stages if job.keep_stages else (), result.stages):
        every = np.full_like(result.mean, np.nan)
        every[list(stage.final_bands)] = values
        yield every
