"""Makes one of many scenes: whatever happens to it is its outcome."""

import time
from typing import List

from ..errors import CancelledError, to_scdm_error
from ..events import Events
from ..pipeline.executor import Executor
from ..pipeline.scene import upsample_scene
from .task import DONE, Outcome, Task

# What a scene's progress is told in: scenes differ in their tiles, which nobody knows beforehand.
STEPS = 1000


def run_scene(task: Task, executor: Executor, events: Events) -> Outcome:
    """Make one scene.

    Returns: its outcome, which holds the scene's own error where it failed.
    Raises: CancelledError.
    """
    since, heard = time.monotonic(), _Heard(events)
    try:
        if task.scene.trouble is not None:
            raise task.scene.trouble
        upsample_scene(task.options, heard, executor, receipt=task.options.resume)
    except (CancelledError, KeyboardInterrupt):
        raise
    except Exception as error:  # whatever it was: the others are not to suffer
        return task.failure(to_scdm_error(error), time.monotonic() - since, heard.warnings)
    return task.success(DONE, time.monotonic() - since, heard.warnings)


class _Heard(Events):
    """A scene's progress as a share of STEPS; its warnings are kept."""

    def __init__(self, events: Events):
        self._events = events
        self.warnings: List[str] = []

    def progress(self, done, total, doing=""):
        self._events.progress(STEPS * done // max(total, 1), STEPS)

    def warning(self, message):
        self.warnings.append(message)
