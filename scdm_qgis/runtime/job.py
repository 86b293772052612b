"""Runs one worker command to its end: events to the feedback, errors to an exception."""

import contextlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from qgis.core import QgsProcessingException

from ..model_runtime.contract import PART_SUFFIX, SAMPLE_NAME
from ..translation import tr
from . import command
from .cancelling import cancel_check
from .dialog_words import Titles, in_dialog
from .exit_messages import explain
from .locate import WorkerPython
from .log_file import log_start, write_log
from .log_lines import of_end, of_start
from .process import Cancelled, ChildProcess
from .progress import Progress
from .unfinished import cancelled_text, folder_of

WARNING = "warning:"
# Of upsample: a run that is cut short leaves nothing to go on from.
NO_JOURNAL = "--no-resume"
LARGEST_COUNT = 2**53  # tiles; a larger number, or NaN, is not a count


@dataclass(frozen=True)
class Job:
    """A worker command; ``outputs`` are what a stopped worker may have left half-written.

    ``titles``: the parameters of the dialog behind the command's options.
    """

    python: WorkerPython
    arguments: Tuple[str, ...]
    outputs: Tuple[Path, ...] = ()
    titles: Titles = field(default_factory=dict)

    def reword(self, text: str) -> str:
        """``text`` of the worker in the dialog's words."""
        return in_dialog(text, self.titles)


@dataclass
class _State:
    """What the events told so far."""

    progress: Progress
    facts: Dict[str, Any] = field(default_factory=dict)
    done: bool = False
    error: Optional[str] = None
    counted: Optional[Tuple[float, float]] = None

    def tiles(self) -> Optional[Tuple[float, float]]:
        """(finished, all) tiles, where that is known: progress goes on beyond the last one."""
        tiles = self.facts.get("tiles")
        if self.counted is None or not isinstance(tiles, int) or self.counted[1] < tiles:
            return None
        return min(self.counted[0], tiles), tiles


def run_events(job: Job, feedback) -> Dict[str, Any]:
    """Run a command with ``--events``; the fields of its started and done events.

    Raises QgsProcessingException when the worker fails, dies or is cancelled; then nothing
    half-written stays.
    """
    state, cancelled = _State(Progress(feedback)), cancel_check(feedback)
    with _clean(job, state), _start(job, feedback) as child:
        for line in child.lines(cancelled):
            _take(line, job, state, feedback)
        code = _end(child, cancelled)
        if state.error is not None:
            raise QgsProcessingException(state.error)
        if code != 0 or not state.done:
            raise QgsProcessingException(job.reword(explain(code, child.stderr_tail())))
    return state.facts


def run_json(job: Job, feedback, accepted: Tuple[int, ...] = (0,)) -> Dict[str, Any]:
    """Run a command with ``--json``; the object it prints. Raises as ``run_events`` does.

    An exit code outside ``accepted`` is a failure.
    """
    cancelled = cancel_check(feedback)
    with _clean(job), _start(job, feedback) as child:
        text = "\n".join(child.lines(cancelled))
        code = _end(child, cancelled)
        page = _object(text)
        if code not in accepted or page is None:
            raise QgsProcessingException(job.reword(explain(code, child.stderr_tail())))
    return page


def run_plain(job: Job, feedback) -> None:
    """Run a command that tells its warnings on stderr. Raises as ``run_events`` does."""
    cancelled = cancel_check(feedback)
    with _clean(job), _start(job, feedback) as child:
        for line in child.lines(cancelled):
            feedback.pushInfo(line)
        code = _end(child, cancelled)
        if code != 0:
            raise QgsProcessingException(job.reword(explain(code, child.stderr_tail())))
        for line in map(job.reword, child.stderr_tail().splitlines()):
            (feedback.pushWarning if line.startswith(WARNING) else feedback.pushInfo)(line)


@contextlib.contextmanager
def _start(job: Job, feedback):
    argv = command.command(job.python, job.arguments)
    feedback.pushCommandInfo(" ".join(argv))
    log_start(argv)
    try:
        child = ChildProcess(argv, command.environment(job.python), command.package_root())
    except OSError as error:
        raise QgsProcessingException(
            tr(
                "{program} ({origin}) cannot be started: {error}. Run Install runtime with "
                "Action = repair."
            ).format(program=job.python.executable, origin=job.python.origin, error=error)
        ) from error
    with child:
        yield child


def _end(child: ChildProcess, cancelled) -> int:
    """Wait for the exit code, and keep it with the last words for bug reports."""
    code = child.wait(cancelled)
    write_log(f"exit code {code} {child.stderr_tail()}".strip())
    return code


@contextlib.contextmanager
def _clean(job: Job, state: Optional[_State] = None):
    try:
        yield
    except Cancelled:
        write_log("cancelled")
        _remove_parts(job)
        output = job.outputs[0] if job.outputs else None
        text = cancelled_text(output, None if state is None else state.tiles())
        raise QgsProcessingException(text) from None
    except QgsProcessingException:
        _remove_parts(job)
        raise


def _remove_parts(job: Job) -> None:
    """Remove what a killed worker could not: until an output is whole it is ``NAME.part…``.

    ``NAME.blocks``, from which the same run goes on, stays unless the worker was told not to keep
    it.
    """
    for output in job.outputs:
        for part in _parts(output):
            with contextlib.suppress(OSError):
                part.unlink()
        if NO_JOURNAL in job.arguments:
            shutil.rmtree(folder_of(output), ignore_errors=True)


def _parts(output: Path) -> List[Path]:
    if output.is_dir():  # of samples
        return list(output.glob(f"{SAMPLE_NAME}*{PART_SUFFIX}*"))
    prefix = output.name + PART_SUFFIX
    if not output.parent.is_dir():
        return []
    return [path for path in output.parent.iterdir() if path.name.startswith(prefix)]


def _take(line: str, job: Job, state: _State, feedback) -> None:
    event = _object(line)
    if event is None:
        feedback.pushDebugInfo(line)
        return
    kind = event.pop("event", None)
    if kind != "progress":
        write_log(line)
    if kind == "progress":
        _take_progress(event, state)
    elif kind == "warning":
        feedback.pushWarning(job.reword(str(event.get("message", ""))))
    elif kind == "error":
        state.error = job.reword(_sentence(event))
    elif kind in ("started", "done"):
        state.facts.update(event)
        state.done = kind == "done"
        for text in of_end(state.facts) if state.done else of_start(event):
            feedback.pushInfo(text)


def _take_progress(event: Dict[str, Any], state: _State) -> None:
    done, total = event.get("done"), event.get("total")
    numbers = all(isinstance(number, (int, float)) for number in (done, total))
    if numbers and 0 <= done < LARGEST_COUNT and 0 < total < LARGEST_COUNT:
        state.counted = done, total
        state.progress.update(done, total, str(event.get("doing") or ""))


def _sentence(event: Dict[str, Any]) -> str:
    message, remedy = event.get("message") or tr("The worker failed"), event.get("remedy")
    return f"{message}: {remedy}" if remedy else str(message)


def _object(text: str) -> Optional[Dict[str, Any]]:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
