"""What a run tells while it works: JSON lines for a program, a progress bar for a person."""

import json
import math
import time
from typing import Any, List, Sequence, TextIO

from .errors import ScdmError

BAR_WIDTH = 30


class Events:
    """The things a run can say; this base class says none of them."""

    def started(
        self,
        rows: int,
        columns: int,
        tiles: int,
        device: str,
        providers: Sequence[str],
        seed: int,
        **facts: Any,
    ) -> None:
        """The run is set up: size of the output in pixels, tiles to do, what it runs on.

        ``facts``: what was found out of the input, such as ``bands`` and ``radiometry``, in words.
        """

    def progress(self, done: int, total: int, doing: str = "") -> None:
        """``done`` of ``total`` parts are finished: tiles, and what comes after them.

        ``doing``: at what the run is after the last tile.
        """

    def at(self, doing: str, share: float) -> None:
        """``share`` of what comes after the tiles is done, 0 to 1."""

    def warning(self, message: str) -> None:
        """Something the user should know that does not stop the run."""

    def scene(self, name: str, state: str, message: str) -> None:
        """One of many scenes is through: done, already there or failed, and why."""

    def done(self, output: str, seconds: float, **facts: Any) -> None:
        """The output is whole and has its final name."""

    def error(self, error: ScdmError) -> None:
        """The run ended without an output."""


class Tally(Events):
    """The progress of parts, one after the other, as that of one whole of ``total`` tiles."""

    def __init__(self, events: Events, total: int):
        self._events, self._before, self._total = events, 0, total

    def warning(self, message):
        """As it comes."""
        self._events.warning(message)

    def progress(self, done, total, doing=""):
        """``done`` tiles of the part under way."""
        self._events.progress(self._before + done, self._total)

    def part_done(self, count: int) -> None:
        """A part of ``count`` tiles is finished."""
        self._before += count
        self._events.progress(self._before, self._total)


class Ending(Events):
    """The progress of ``tiles`` and of what comes after them, as that of one whole.

    ``share``: how much of the tiles' number the end counts as. ``warnings``: those so far.
    """

    def __init__(self, events: Events, tiles: int, share: float):
        self._events, self._tiles = events, tiles
        self._steps = max(1, math.ceil(share * tiles))
        self._said = ("", -1)
        self.warnings: List[str] = []

    def warning(self, message):
        """As it comes."""
        self.warnings.append(message)
        self._events.warning(message)

    def started(self, *args, **facts):
        """As it comes."""
        self._events.started(*args, **facts)

    def progress(self, done, total, doing=""):
        """``done`` of the tiles."""
        self._events.progress(done, total + self._steps)

    def at(self, doing: str, share: float) -> None:
        """``share`` of what comes after the tiles is done."""
        # GDAL's own shares may fall back a little.
        done = max(self._tiles + math.floor(share * self._steps), self._said[1])
        if (doing, done) != self._said:
            self._said = (doing, done)
            self._events.progress(done, self._tiles + self._steps, doing)


class JsonEvents(Events):
    """One JSON object a line on ``stream``, flushed, so that a reading program sees it at once."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def _say(self, event: str, **facts: Any) -> None:
        # ASCII: the reader's code page may be anything; no NaN: it is not JSON.
        line = json.dumps({"event": event, **facts}, ensure_ascii=True, allow_nan=False)
        self._stream.write(line + "\n")
        self._stream.flush()

    def started(self, rows, columns, tiles, device, providers, seed, **facts):
        self._say(
            "started",
            rows=rows,
            columns=columns,
            tiles=tiles,
            device=device,
            providers=list(providers),
            seed=seed,
            **facts,
        )

    def progress(self, done, total, doing=""):
        self._say("progress", done=done, total=total, **({"doing": doing} if doing else {}))

    def warning(self, message):
        self._say("warning", message=message)

    def scene(self, name, state, message):
        self._say("scene", name=name, state=state, message=message)

    def done(self, output, seconds, **facts):
        self._say("done", output=output, seconds=round(seconds, 3), **facts)

    def error(self, error):
        self._say("error", kind=error.kind, message=error.message, remedy=error.remedy)


class TerminalEvents(Events):
    """Words on ``stream``; the progress bar only when that is a terminal."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._bar = stream.isatty()
        self._open_line = False
        self._since = time.monotonic()

    def _say(self, text: str) -> None:
        self._stream.write(("\n" if self._open_line else "") + printable(text) + "\n")
        self._stream.flush()
        self._open_line = False

    def started(self, rows, columns, tiles, device, providers, seed, **facts):
        self._since = time.monotonic()
        for said in facts.values():
            self._say(said)
        self._say(f"{columns} x {rows} pixels in {tiles} tiles on {device}, seed {seed}")

    def progress(self, done, total, doing=""):
        if not self._bar:
            return
        left = remaining_text(done, total, time.monotonic() - self._since)
        self._stream.write(f"\r{bar_text(done, total)} {doing or left:<24}")
        self._stream.flush()
        self._open_line = True

    def warning(self, message):
        self._say(f"warning: {message}")

    def scene(self, name, state, message):
        self._say(f"{name}: {state}, {message}")

    def done(self, output, seconds, **facts):
        self._say(f"{output} written in {seconds:.1f} s")

    def error(self, error):
        self._say(f"error: {error}")


def printable(text: str) -> str:
    """``text`` with nothing in it that a terminal would obey: names may hold anything.

    Returns: the text, safe to print.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def bar_text(done: int, total: int) -> str:
    """``[####....] 3/9`` for ``done`` of ``total`` parts.

    Returns: one line without its end.
    """
    filled = BAR_WIDTH * done // max(total, 1)
    return f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {done}/{total}"


def remaining_text(done: int, total: int, seconds: float) -> str:
    """The time left if the rest goes as fast as what is done; empty before the first tile.

    Returns: such as 2 min 5 s left.
    """
    if not 0 < done < total:
        return ""
    left = round(seconds / done * (total - done))
    parts: List[str] = []
    for size, unit in ((3600, "h"), (60, "min"), (1, "s")):
        if left >= size or (unit == "s" and not parts):
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(parts[:2]) + " left"
