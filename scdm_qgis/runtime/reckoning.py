"""What a run will take: disk by the sizes of its outputs, time by the last run of its kind."""

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Tuple

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QLocale

from ..translation import tr

ITEM_BYTES = 2  # of a stored value: reflectance × 10,000
# Seconds per megapixel of the embedded model on two CPU cores: said of each quality in the dialog.
TYPICAL = {"fast": 3.0, "balanced": 9.0, "best": 30.0}
SHORTEST_SECONDS = 5.0  # of a shorter run most is the start
_KEY = "scdm/seconds_per_megapixel/"


@dataclass(frozen=True)
class Plan:
    """A run of ``pixels``: ``cubes`` rasters of ``bands``, ``maps`` of one byte a pixel.

    ``kind`` is what the speed depends on. ``goes_on``: finished tiles are kept until it ends, so
    that a run that was cut off can go on. ``copied``: the outputs are written twice.
    """

    pixels: int
    bands: int
    cubes: int
    maps: int
    kind: Tuple[str, ...]
    goes_on: bool = True
    copied: bool = False

    @property
    def output_bytes(self) -> int:
        """The outputs' values. Packing saves about a quarter, overviews take it back.

        The worker's own check before a run (disk_space.py) goes by the same.
        """
        return self.pixels * (self.bands * self.cubes * ITEM_BYTES + self.maps)

    @property
    def peak_bytes(self) -> int:
        """What lies on the disk at most at one time."""
        return self.output_bytes * (1 + self.goes_on + self.copied)


def remember(kind: Tuple[str, ...], facts: Mapping[str, Any]) -> None:
    """Keep the speed of a run by the ``facts`` of its events, where it tells of others."""
    numbers = [facts.get(name) for name in ("rows", "columns", "seconds")]
    if facts.get("reused") or not all(isinstance(number, (int, float)) for number in numbers):
        return
    rows, columns, seconds = numbers
    if seconds >= SHORTEST_SECONDS and rows * columns > 0:
        QgsSettings().setValue(_KEY + "|".join(kind), 1e6 * seconds / (rows * columns))


def seconds_by_last_run(plan: Plan) -> Optional[float]:
    """How long ``plan`` takes at the speed of the last run of its kind; None without one."""
    rate = QgsSettings().value(_KEY + "|".join(plan.kind), 0.0, type=float)
    return rate * plan.pixels / 1e6 if rate > 0 else None


def in_words(plan: Plan, typical: Optional[float], free_bytes: int) -> str:
    """Time and disk of ``plan`` in a sentence.

    ``typical``: seconds per megapixel on two CPU cores where they are known, said while there is
    no run to go by.
    """
    text = tr("{time}; about {size} on disk, {peak} while it runs ({free} free).")
    return text.format(
        time=_time(plan, typical),
        size=_size(plan.output_bytes),
        peak=_size(plan.peak_bytes),
        free=_size(free_bytes),
    )


def _time(plan: Plan, typical: Optional[float]) -> str:
    seconds = seconds_by_last_run(plan)
    if seconds is not None:
        return tr("About {}, by your last run of this kind").format(_duration(seconds))
    if typical is not None:
        seconds = typical * plan.pixels / 1e6
        return tr("About {} on two CPU cores").format(_duration(seconds))
    return tr("Time: known after a first run of this kind")


def _duration(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(1, round(seconds))} s"


def _size(count: int) -> str:
    return QLocale().formattedDataSize(count, 1, QLocale.DataSizeFormat.DataSizeSIFormat)
