"""What the parts of the GPU benchmark share: where they run, how long, and how they report."""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Callable, Dict, List, Optional, Sequence

MOST_REPEATS = 5
ONE_ACTION_SECONDS = 8.0  # after the warm-up, whatever the number of repeats


@dataclass(frozen=True)
class Settings:
    """``provider``: cuda or cpu. ``quick``: tiny sizes. ``until``: when the part has to end."""

    provider: str
    quick: bool
    threads: int
    until: float  # time.time()
    mst: Optional[Path] = None

    def left(self) -> float:
        """Seconds until the part has to end."""
        return self.until - time.time()


@dataclass(frozen=True)
class Row:
    """One figure, or what went wrong instead."""

    what: str
    value: Optional[float] = None
    unit: str = ""
    note: str = ""
    error: str = ""


@dataclass
class Rows:
    """The rows of a part, in the file ``path`` as soon as they are there: a part may be killed."""

    path: Path
    settings: Settings
    rows: List[Row] = field(default_factory=list)

    def add(self, what: str, value: float, unit: str, note: str = "") -> None:
        """A figure."""
        self._keep(Row(what, float(value), unit, note))

    def measure(self, what: str, action: Callable[[], Any]) -> Any:
        """What ``action`` gives; None, and a row of its error, where it fails or time is up."""
        if self.settings.left() <= 0:
            self._keep(Row(what, error="not begun: the time was up"))
            return None
        try:
            return action()
        except Exception as error:  # every part has to go on, whatever another library raises
            self._keep(Row(what, error=in_a_line(error)))
            return None

    def _keep(self, row: Row) -> None:
        self.rows.append(row)
        content = json.dumps([asdict(row) for row in self.rows], indent=1)
        self.path.write_text(content + "\n", encoding="utf-8")


Part = Callable[[Settings, Rows], None]


def in_a_line(error: BaseException) -> str:
    """An error's kind and its first words."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}"[:200]


def time_action(
    action: Callable[[], Any], settings: Settings, wait: Optional[Callable[[], None]] = None
) -> float:
    """Seconds of an ``action``: the median of some after one that does not count.

    ``wait``: what has to return before a GPU is done.
    """
    wait = wait or (lambda: None)
    action()
    wait()
    taken: List[float] = []
    begun = time.perf_counter()
    most = 1 if settings.quick else MOST_REPEATS
    while len(taken) < most and time.perf_counter() - begun < ONE_ACTION_SECONDS:
        since = time.perf_counter()
        action()
        wait()
        taken.append(time.perf_counter() - since)
        if settings.left() <= 0:
            break
    return median(taken)


def torch_wait(settings: Settings) -> Optional[Callable[[], None]]:
    """What waits for a GPU's work of torch; None on the processor."""
    import torch

    return torch.cuda.synchronize if settings.provider == "cuda" else None


def read_rows(path: Path) -> List[Dict[str, Any]]:
    """The rows that a part has written, if any."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def values_of(rows: Sequence[Dict[str, Any]]) -> Dict[str, float]:
    """{what: value} of the rows that have one."""
    return {row["what"]: row["value"] for row in rows if row["value"] is not None}
