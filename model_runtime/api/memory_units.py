"""Units of a run that stay in memory, where a raster's are kept in a journal."""

from typing import Callable, Dict, Optional, Set

from .. import tiling
from ..journal.unit_store import Arrays
from ..pipeline.work_units import UnitMaker


class MemoryUnits:
    """Makes the units of a run when they are asked for; those that overlap are kept to be blended.

    It is the source and the store of an Estimation.
    """

    def __init__(self, maker: UnitMaker):
        self._maker = maker
        self._kept: Dict[str, Arrays] = {}

    def arrays(self, unit: tiling.Unit, done: Callable[[str, int], None]) -> Arrays:
        """Make ``unit``; ``done`` hears its name and its number of tiles.

        Returns: an array of each output, none where no pixel is valid.
        """
        made = self._maker.make(unit)
        if self._maker.overlaps:
            self._kept[unit.name] = made
        done(unit.name, len(unit.tiles))
        return made

    def names(self) -> Set[str]:
        """List what an earlier run left.

        Returns: no names: memory has no earlier run.
        """
        return set()

    def read(self, name: str) -> Optional[Arrays]:
        """Look up a unit that was made.

        Returns: its arrays; None where it is not kept.
        """
        return self._kept.get(name)

    def __exit__(self, *error) -> None:
        self._kept.clear()
