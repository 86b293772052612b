"""Progress of a run: percent for the bar, time left for the log."""

import time
from typing import Callable

from ..translation import tr

LOG_SECONDS = 5.0


class Progress:
    """Hands (done, total) to a QgsProcessingFeedback, and the time left every few seconds."""

    def __init__(self, feedback, clock: Callable[[], float] = time.monotonic):
        self._feedback, self._clock = feedback, clock
        self._started = self._logged = clock()

    def update(self, done: float, total: float) -> None:
        """``done`` of ``total`` parts are ready."""
        if total <= 0:
            return
        self._feedback.setProgress(min(100.0, 100.0 * done / total))
        now = self._clock()
        if 0 < done < total and now - self._logged >= LOG_SECONDS:
            self._logged = now
            left = (now - self._started) * (total - done) / done
            text = tr("{done:g} of {total:g}, about {time} left")
            words = text.format(done=done, total=total, time=duration(left))
            self._feedback.setProgressText(words)


def duration(seconds: float) -> str:
    """Seconds in words: '40 s', '12 min', '3 h 05 min'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
