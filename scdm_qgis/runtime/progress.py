"""Progress of a run: percent for the bar, time left for the log."""

import time
from typing import Callable

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ..translation import tr

LOG_SECONDS = 5.0
# What the worker says that it does after the last tile.
DOING = {
    "overviews": QT_TRANSLATE_NOOP("scdm", "Making overviews"),
    "writing to the disk": QT_TRANSLATE_NOOP("scdm", "Writing to the disk"),
    "cloud-optimised copy": QT_TRANSLATE_NOOP("scdm", "Making the cloud-optimised copy"),
    "report": QT_TRANSLATE_NOOP("scdm", "Making the report"),
}


class Progress:
    """Hands (done, total) to a QgsProcessingFeedback, and the time left every few seconds."""

    def __init__(self, feedback, clock: Callable[[], float] = time.monotonic):
        self._feedback, self._clock = feedback, clock
        self._started = self._logged = clock()
        self._doing = ""

    def update(self, done: float, total: float, doing: str = "") -> None:
        """``done`` of ``total`` parts are ready; ``doing``: the worker's word for what it does."""
        if total <= 0:
            return
        if doing != self._doing:
            self._doing = doing
            if doing:
                self._feedback.setProgressText(tr(DOING.get(doing, doing)))
        self._feedback.setProgress(min(100.0, 100.0 * done / total))
        now = self._clock()
        if not doing and 0 < done < total and now - self._logged >= LOG_SECONDS:
            self._logged = now
            left = (now - self._started) * (total - done) / done
            text = tr("{percent:.0f} %, about {time} left")
            words = text.format(percent=100 * done / total, time=duration(left))
            self._feedback.setProgressText(words)


def duration(seconds: float) -> str:
    """Seconds in words: '40 s', '12 min', '3 h 05 min'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
