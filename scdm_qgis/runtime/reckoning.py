"""What a run will take: disk by the sizes of its outputs, time by the last run of its kind."""

import os
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Tuple

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QLocale

from ..translation import tr

ITEM_BYTES = 2  # of a stored value: reflectance × 10,000
# Seconds per megapixel of the embedded model on two CPU cores: said of each quality in the dialog.
TYPICAL = {"fast": 3.0, "balanced": 9.0, "best": 30.0}
START_SECONDS = 1.2  # before the first tile
SHORTEST_SECONDS = 5.0  # of a shorter run most is the start
BUSY = 1.25  # times as long as on an idle machine is worth a word
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


def slowdown() -> float:
    """How many times as long a run takes beside what the machine computes now.

    1 where the system does not say how busy it is (Windows).
    """
    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):
        return 1.0
    return 1 + load / (os.cpu_count() or 1)


def remember(kind: Tuple[str, ...], facts: Mapping[str, Any], slowed: float = 1.0) -> None:
    """Keep the speed of a run by the ``facts`` of its events, where it tells of others.

    ``slowed``: the ``slowdown()`` when it began.
    """
    numbers = [facts.get(name) for name in ("rows", "columns", "seconds")]
    if facts.get("reused") or not all(isinstance(number, (int, float)) for number in numbers):
        return
    rows, columns, seconds = numbers
    idle = seconds / slowed  # what it would have taken alone
    if idle >= SHORTEST_SECONDS and rows * columns > 0:
        rate = 1e6 * (idle - START_SECONDS) / (rows * columns)
        QgsSettings().setValue(_KEY + "|".join(kind), rate)


def seconds_by_last_run(plan: Plan) -> Optional[float]:
    """How long ``plan`` takes on an idle machine at the speed of the last run of its kind.

    None without one.
    """
    rate = QgsSettings().value(_KEY + "|".join(plan.kind), 0.0, type=float)
    return START_SECONDS + rate * plan.pixels / 1e6 if rate > 0 else None


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
    seconds, text = seconds_by_last_run(plan), tr("About {}, by your last run of this kind")
    if seconds is None and typical is not None:
        seconds = START_SECONDS + typical * plan.pixels / 1e6
        text = tr("About {} on two CPU cores")
    if seconds is None:
        return tr("Time: known after a first run of this kind")
    slowed = slowdown()
    said = text.format(_duration(seconds * slowed))
    return said if slowed < BUSY else tr("{time} beside other programs").format(time=said)


def _duration(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(1, round(seconds))} s"


def _size(count: int) -> str:
    return QLocale().formattedDataSize(count, 1, QLocale.DataSizeFormat.DataSizeSIFormat)
