"""A stage's curves: in TensorBoard, and as JSON lines in the run's folder."""

import json
import math
from pathlib import Path
from typing import Any, Dict, List

from torch.utils.tensorboard import SummaryWriter

from model_runtime.errors import StorageError
from model_runtime.system.durable_files import atomic_write

LOG = "log.jsonl"


class Curves:
    """Writes what is measured at a step of stage ``stage`` (from 0) to both; closes with ``with``.

    What an interrupted run wrote after step ``step``, its last checkpoint, is measured once more
    and forgotten here.
    """

    def __init__(self, run: Path, stage: int, step: int):
        self.stage, self.log = stage + 1, Path(run) / LOG
        folder = Path(run) / "tensorboard" / f"stage{self.stage}"
        self.board = SummaryWriter(str(folder), purge_step=step + 1 if step else None)
        kept = [line for line in _lines(self.log) if not self._is_later(line, step)]
        if kept or self.log.exists():
            atomic_write(self.log, "".join(kept).encode("utf-8"))

    def _is_later(self, line: str, step: int) -> bool:
        """Whether a line is of this stage after ``step``, or was cut off by a kill."""
        try:
            entry = json.loads(line)
        except ValueError:
            return True
        return entry.get("stage") == self.stage and entry.get("step", 0) > step

    def __enter__(self) -> "Curves":
        return self

    def __exit__(self, *error: Any) -> None:
        self.board.close()

    def add(self, step: int, values: Dict[str, float]) -> None:
        """A line of JSON with all ``values``, and a point of each one's curve."""
        for name, value in values.items():
            self.board.add_scalar(name, value, step)
        finite = {k: v if math.isfinite(v) else None for k, v in values.items()}
        line = json.dumps({"stage": self.stage, "step": step, **finite}) + "\n"
        try:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise StorageError(
                f"{self.log} cannot be written ({error.strerror})",
                "make room, then --resume goes on from the last checkpoint",
            ) from error

    def add_figure(self, step: int, name: str, figure: Any) -> None:
        """A matplotlib ``figure``, for TensorBoard alone."""
        self.board.add_figure(name, figure, step)

    def flush(self) -> None:
        """Put the curves on disk: a killed run must not lose them up to its checkpoint."""
        self.board.flush()


def _lines(path: Path) -> List[str]:
    return path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
