"""The loop over a run's pieces: finished units from the journal, the others from their source."""

from typing import Dict, Iterator, List, Optional, Protocol, Sequence, Set, Tuple

import numpy as np

from .. import tiling
from ..events import Events
from ..journal.unit_store import Arrays
from ..raster.encoding import Encoding
from .job import Job
from .outputs import Output
from .work_units import UnitSource


def say_started(job: Job, total: int, events: Events, there: int = 0) -> None:
    """The ``started`` event of a job of ``total`` tiles, of which an earlier run made ``there``."""
    found = f"Going on with an unfinished run: {there} of {total} tiles are there"
    events.started(
        rows=job.layout.window.rows,
        columns=job.layout.window.cols,
        tiles=total,
        device=job.runtime.device,
        providers=list(job.runtime.providers),
        seed=job.sampling.seed,
        bands=job.reader.bands_taken,
        radiometry_in_words=job.radiometry.in_words,
        **({"device_in_words": job.runtime.why} if job.runtime.why else {}),
        **({"resumed": found} if there else {}),
    )
    events.progress(0, total)


class FinishedUnits(Protocol):
    """What is finished of a run: the journal's, or in memory."""

    def names(self) -> Set[str]:
        """List the units that are kept.

        Returns: their names.
        """

    def read(self, name: str) -> Optional[Arrays]:
        """Read the arrays of a unit.

        Returns: (bands, rows, cols) each; None where nothing is kept.
        Raises: OSError; ValueError for a damaged file.
        """


class Estimation:
    """A job's pieces in their order, of units that ``store`` has or ``source`` makes.

    ``source`` keeps what it makes in ``store``; it is waited for at the end of a ``with``
    statement. ``part``: the pieces of this part of the window alone.
    """

    def __init__(
        self,
        job: Job,
        store: FinishedUnits,
        events: Events,
        source: UnitSource,
        part: Optional[tiling.Window] = None,
    ):
        self._job, self._store, self._events, self._source = job, store, events, source
        self._finished = store.names()
        self._part = part
        self._counted: Set[str] = set()
        self._done, self._total = 0, job.layout.count(part)
        self.reused = 0  # units that an earlier run had finished

    def __enter__(self) -> "Estimation":
        return self

    def __exit__(self, *error) -> None:
        self._source.__exit__(*error)

    def pieces(self) -> Iterator[Tuple[tiling.Window, List[np.ndarray]]]:
        """Go through all pieces in their order; those without a valid pixel are left out.

        Returns: (window, the stored values of each output (bands, rows, cols)) of each piece.
        Raises: DeviceError, PackageError, StorageError.
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
                yield piece.window, self._join(piece, list(at_hand.values()))

    def _join(self, piece: tiling.Piece, units: List[Arrays]) -> List[np.ndarray]:
        return [
            self._of_output(output, piece, [kept[i] if kept else None for kept in units])
            for i, output in enumerate(self._job.outputs.rasters)
        ]

    def _of_output(
        self, output: Output, piece: tiling.Piece, units: List[Optional[np.ndarray]]
    ) -> np.ndarray:
        bands, stored = self._job.band_count(output), self._job.encoding_of(output)
        if self._job.layout.margin is None:
            return stored.encode(_blend(piece, units, bands))
        return _paste(piece, units, (bands, piece.window.rows, piece.window.cols), stored)

    def _arrays(self, unit: tiling.Unit) -> Arrays:
        """What is kept of ``unit``: nothing where it has no valid pixel."""
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
            self._events.warning(
                f"The finished unit {name} is damaged ({error}): it is computed again"
            )
            return None

    def _count(self, name: str, tile_count: int) -> None:
        """Tell that the tiles of a unit are done, once."""
        if name not in self._counted:
            self._counted.add(name)
            self._done += tile_count
            self._events.progress(self._done, self._total)


def _blend(piece: tiling.Piece, units: Sequence[Optional[np.ndarray]], bands: int) -> np.ndarray:
    values = [
        _nothing(bands, unit.window) if kept is None else kept
        for unit, kept in zip(piece.units, units)
    ]
    return tiling.blend(piece, values)


def _paste(
    piece: tiling.Piece, units: Sequence[Optional[np.ndarray]], shape, stored: Encoding
) -> np.ndarray:
    """``units`` in their places of the piece; None where there is nothing."""
    if len(units) == 1 and units[0] is not None:
        return units[0]
    whole = stored.nothing(shape)
    for unit, kept in zip(piece.units, units):
        if kept is not None:
            whole[(slice(None), *unit.window.slices(piece.window))] = kept
    return whole


def _nothing(bands: int, window: tiling.Window) -> np.ndarray:
    """NaN everywhere, in the room of one number."""
    return np.broadcast_to(np.float32(np.nan), (bands, window.rows, window.cols))
