"""A run over many scenes: an output each, one summary; a broken scene costs only itself."""

import functools
import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Protocol, Tuple

from ..errors import InputError, ScdmError, StorageError
from ..events import Events, Tally
from ..journal.block_store import write_durably
from ..pipeline import sheets
from ..pipeline.executor import Executor
from ..pipeline.options import UpsampleOptions
from ..system.cancellation import explain
from .run_scene import STEPS
from .scenes import ONE_FILE, Scene
from .task import DONE, FAILED, THERE, Outcome, Task, describe_outcome

SUMMARY_NAME = "summary.json"
# Scenes as they are done, a line each, until the summary is written: that takes longer with each.
NOTES_NAME = "summary.notes"


class SceneExecutor(Executor, Protocol):
    """Computes whole scenes too."""

    def scenes(
        self, options: UpsampleOptions, tasks: Iterable[Task], tally: Events
    ) -> Iterator[Outcome]:
        """Make scenes, in the order in which they are done; raises DeviceError."""


def run(
    options: UpsampleOptions, scenes: List[Scene], events: Events, executor: SceneExecutor
) -> None:
    """Make the outputs of all ``scenes`` in the folder OUTPUT, and its summary.

    Raises, when all are through, an error of the first failure's kind; InputError for options
    that do not go with scenes, CancelledError at once.
    """
    since = time.monotonic()
    tasks = _tasks(options, scenes)
    outcomes = _earlier(options.output, tasks) if options.resume and not options.overwrite else {}
    tally = Tally(events, len(tasks) * STEPS)
    tally.part_done(len(outcomes) * STEPS)
    missing = [task for name, task in tasks.items() if name not in outcomes]
    try:
        for outcome in _made(options, missing, tally, executor):
            outcomes[outcome.name] = outcome
            events.scene(outcome.name, outcome.state, describe_outcome(outcome))
    finally:
        ordered = [outcomes[name] for name in tasks if name in outcomes]
        if ordered:
            _write_summary(options.output, ordered)
    _raise_failures(options.output, ordered)
    reused = sum(outcome.state == THERE for outcome in ordered)
    events.done(options.output, time.monotonic() - since, scenes=len(ordered), already_there=reused)


def _made(
    options: UpsampleOptions, missing: List[Task], tally: Tally, executor: SceneExecutor
) -> Iterator[Outcome]:
    """The scenes as they are done, and noted."""
    waiting = (task.identified() for task in missing)  # when its turn comes: it reads
    for outcome in executor.scenes(options, waiting, tally) if missing else ():
        _note(options.output, outcome)
        tally.part_done(STEPS)
        explain(functools.partial(_left, options.output))
        yield outcome


def _left(folder: str) -> Tuple[str, str]:
    """What a run that is cancelled leaves."""
    done = sum(entry.get("state") in (DONE, THERE) for entry in _read_summary(folder).values())
    return (
        f"Cancelled. {done} scenes are done in '{folder}'",
        "run the same command again to make the others",
    )


def check(options: UpsampleOptions) -> None:
    """Raise InputError where OUTPUT and its like are no folders; make those that are missing."""
    named = {"OUTPUT": options.output, "--spread": options.spread, "--report": options.report}
    for option, text in {**named, "--keep-stages": options.keep_stages}.items():
        path = Path(text) if text else None
        if path is not None and (path.suffix.lower() in (*ONE_FILE, ".html")):
            raise InputError(
                f"INPUT names many scenes, {option} one file: '{text}'", "name a folder"
            )
        if path is not None and (path.is_file() or not path.absolute().parent.is_dir()):
            raise InputError(
                f"{option} '{text}' is no folder and none can be made there",
                "name a folder, new or not, in one that exists",
            )


def _tasks(options: UpsampleOptions, scenes: List[Scene]) -> Dict[str, Task]:
    """The scenes with their arguments, by name; the folders are there."""
    check(options)
    for folder in filter(
        None, (options.output, options.spread, options.report, options.keep_stages)
    ):
        sheets.make_folder(Path(folder))
    return {scene.name: Task(scene, _options_of(options, scene)) for scene in scenes}


def _options_of(options: UpsampleOptions, scene: Scene) -> UpsampleOptions:
    """The options for one scene, for any process of this machine."""
    places = {
        "output": f"{scene.name}.tif",
        "spread": f"{scene.name}.tif",
        "report": f"{scene.name}.html",
        "keep_stages": scene.name,
    }
    paths = {
        option: str(Path(getattr(options, option)).absolute() / name)
        for option, name in places.items()
        if getattr(options, option)
    }
    if options.model:
        paths["model"] = str(Path(options.model).absolute())
    local = Path(scene.path).exists() and scene.path
    source = str(Path(scene.path).absolute()) if local else scene.path
    return replace(options, **paths, input=source, cluster=None)


def _earlier(folder: str, tasks: Dict[str, Task]) -> Dict[str, Outcome]:
    """The scenes that a run of the same options finished, by the summary and notes that it left."""
    outcomes = {}
    for name, entry in _read_summary(folder).items():
        if entry.get("state") in (DONE, THERE) and name in tasks:
            task = tasks[name].identified()
            if task.made_of == entry.get("made_of") and Path(task.options.output).is_file():
                outcomes[name] = task.outcome(THERE)
    return outcomes


def _read_summary(folder: str) -> Dict[str, Dict[str, Any]]:
    """What became of each scene at last, by its name; without what cannot be read."""
    entries: List[Any] = []
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        entries += json.loads((Path(folder) / SUMMARY_NAME).read_bytes())["scenes"]
    with suppress(OSError):
        for line in (Path(folder) / NOTES_NAME).read_bytes().splitlines():
            with suppress(ValueError, RecursionError):  # cut off by a kill
                entries.append(json.loads(line))
    known = [entry for entry in entries if isinstance(entry, dict)]
    return {str(entry.get("name")): entry for entry in known}


def _note(folder: str, outcome: Outcome) -> None:
    """Add a scene to the notes; raises StorageError."""
    path = Path(folder) / NOTES_NAME
    with _told(path), path.open("ab") as stream:
        # The end of a line first: a kill may have cut off the one before.
        stream.write(b"\n" + json.dumps(asdict(outcome)).encode("ascii"))
        stream.flush()
        os.fsync(stream.fileno())


def _write_summary(folder: str, outcomes: List[Outcome]) -> None:
    """Write the summary of what is through, in the notes' place; raises StorageError."""
    counts = {state: sum(o.state == state for o in outcomes) for state in (DONE, THERE, FAILED)}
    content = {**counts, "scenes": [asdict(outcome) for outcome in outcomes]}
    path = Path(folder) / SUMMARY_NAME
    part = path.with_suffix(".part")
    with _told(path):
        write_durably(part, json.dumps(content, indent=1).encode("ascii"))
        part.replace(path)
        (Path(folder) / NOTES_NAME).unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"'{path}' cannot be written ({error.strerror})", "see that the folder is writable"
        ) from error


def _raise_failures(folder: str, outcomes: List[Outcome]) -> None:
    failed = [outcome for outcome in outcomes if outcome.state == FAILED]
    if not failed:
        return
    first = failed[0]
    kinds = {kind.kind: kind for kind in _kinds(ScdmError)}
    raise kinds.get(first.kind, ScdmError)(
        f"{len(failed)} of {len(outcomes)} scenes failed, the first '{first.name}': "
        f"{describe_outcome(first)}",
        f"see {Path(folder) / SUMMARY_NAME}; the same command makes only what is missing",
    )


def _kinds(base: type) -> Iterator[type]:
    """``base`` and what is derived of it; the later ones are the kinds' own."""
    for kind in base.__subclasses__():
        yield from _kinds(kind)
        yield kind
