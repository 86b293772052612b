"""A run over many scenes: an output each, one summary; a broken scene costs only itself."""

import functools
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Protocol, Tuple, Type

from ..errors import InputError, ScdmError
from ..events import Events, Tally
from ..journal.journal import settle
from ..pipeline.executor import Executor
from ..pipeline.fingerprint import GONE, content_of
from ..pipeline.options import UpsampleOptions
from ..pipeline.outputs import folders_of
from ..system.cancellation import explain
from ..system.durable_files import atomic_write, make_folder, storage_errors
from ..system.final_names import ANOTHER, is_same_file
from .run_scene import STEPS
from .scenes import ONE_FILE, Scene, keep_names
from .task import DONE, FAILED, THERE, Outcome, Task, describe_outcome, settings_of

SUMMARY_NAME = "summary.json"
# Scenes as they are done, a line each, until the summary is written: that takes longer with each.
NOTES_NAME = "summary.notes"


class SceneExecutor(Executor, Protocol):
    """Computes whole scenes too."""

    def scenes(
        self, options: UpsampleOptions, tasks: Iterable[Task], tally: Events
    ) -> Iterator[Outcome]:
        """Make scenes, in the order in which they are done.

        Returns: their outcomes.
        Raises: DeviceError where nothing can compute; CancelledError.
        """


def run(
    options: UpsampleOptions, scenes: List[Scene], events: Events, executor: SceneExecutor
) -> None:
    """Make the outputs of all ``scenes`` in the folder OUTPUT, and its summary.

    Raises: an error of the first failure's kind, when all are through; InputError for options that
        do not go with scenes, CancelledError at once.
    """
    since = time.monotonic()
    known = _read_summary(options.output)
    tasks = _tasks(options, keep_names(scenes, _names(known)))
    outcomes: Dict[str, Outcome] = {}
    if options.resume and not options.overwrite:
        outcomes, tasks = _earlier(known, tasks)
    for outcome in outcomes.values():
        settle(outcome.output)
    tally = Tally(events, len(tasks) * STEPS)
    tally.part_done(len(outcomes) * STEPS)
    missing = [task for name, task in tasks.items() if name not in outcomes]
    try:
        for outcome in _make_scenes(options, missing, tally, executor):
            outcomes[outcome.name] = outcome
            events.scene(outcome.name, outcome.state, describe_outcome(outcome))
    finally:
        ordered = [outcomes[name] for name in tasks if name in outcomes]
        if ordered:
            _write_summary(options.output, ordered)
    _raise_failures(options.output, ordered)
    reused = sum(outcome.state == THERE for outcome in ordered)
    events.done(options.output, time.monotonic() - since, scenes=len(ordered), already_there=reused)


def _make_scenes(
    options: UpsampleOptions, missing: List[Task], tally: Tally, executor: SceneExecutor
) -> Iterator[Outcome]:
    """The scenes as they are done, and noted."""
    waiting = (task.with_fingerprint() for task in missing)  # when its turn comes: it reads
    for outcome in executor.scenes(options, waiting, tally) if missing else ():
        _note(options.output, outcome)
        settle(outcome.output)
        tally.part_done(STEPS)
        explain(functools.partial(_describe_leftover, options.output))
        yield outcome


def _describe_leftover(folder: str) -> Tuple[str, str]:
    """What a run that is cancelled leaves."""
    done = sum(entry.get("state") in (DONE, THERE) for entry in _read_summary(folder).values())
    return (
        f"Cancelled. {done} scenes are done in '{folder}'",
        "run the same command again to make the others",
    )


def check(options: UpsampleOptions) -> None:
    """Refuse outputs that are not folders and cannot become folders.

    Raises: InputError.
    """
    for option, text in _folders(options).items():
        path = Path(text) if text else None
        if path is not None and (path.suffix.lower() in (*ONE_FILE, ".html")):
            raise InputError(
                f"INPUT names many scenes, {option} one file: '{text}'", "name a folder"
            )
        if path is not None and (path.is_file() or not path.absolute().parent.is_dir()):
            raise InputError(
                f"{option} '{text}' is not a folder and cannot be created",
                "name a folder, new or not, in one that exists",
            )


def _names(known: Dict[str, Dict[str, Any]]) -> Dict[str, str]:
    """The names that scenes had in an earlier run, by their inputs."""
    return {str(entry.get("input")): name for name, entry in known.items()}


def _folders(options: UpsampleOptions) -> Dict[str, Optional[str]]:
    """OUTPUT and the options that name a file of one scene and a folder of many."""
    named = {f"--{name}": getattr(options, name) for name in ("spread", "reliability", "report")}
    return {"OUTPUT": options.output, **named, **folders_of(options)}


def _tasks(options: UpsampleOptions, scenes: List[Scene]) -> Dict[str, Task]:
    """The scenes with their arguments, by name; the folders are there."""
    check(options)
    for folder in filter(None, _folders(options).values()):
        make_folder(folder)
    tasks = {scene.name: Task(scene, _options_of(options, scene)) for scene in scenes}
    _refuse_inputs(options, scenes, tasks)
    return tasks


def _refuse_inputs(options: UpsampleOptions, scenes: List[Scene], tasks: Dict[str, Task]) -> None:
    """Raise InputError where a scene's output would take the place of a file that a scene reads."""
    named = options.output, options.spread, options.reliability
    folders = [Path(folder) for folder in named if folder]
    for scene in scenes:
        place = Path(scene.path).parent if scene.path and scene.trouble is None else None
        if any(place is not None and is_same_file(place, folder) for folder in folders):
            raise InputError(
                f"an output's folder is the folder of the scene '{scene.path}'",
                "name another folder: what is made there might replace a scene",
            )
    there = {os.path.realpath(path) for task in tasks.values() for path in task.paths()}
    there = set(filter(os.path.lexists, there))
    for name in _read_by(scenes) if there else ():
        if os.path.realpath(name) in there:
            raise InputError(f"'{name}' is an output and a file that a scene reads", ANOTHER)


def _read_by(scenes: List[Scene]) -> Iterator[str]:
    """The local files that the scenes lead to."""
    from ..raster.opening import local_files

    for scene in scenes:
        with suppress(InputError):  # told when its turn comes
            yield from local_files(scene.path) if scene.path else ()


def _options_of(options: UpsampleOptions, scene: Scene) -> UpsampleOptions:
    """The options for one scene, for any process of this machine."""
    raster = f"{scene.name}{'.img' if options.format == 'envi' else '.tif'}"
    places = {
        "output": raster,
        "spread": raster,
        "reliability": raster,
        "report": f"{scene.name}.html",
        "keep_stages": scene.name,
        "draws": scene.name,
    }
    paths: Dict[str, Any] = {
        option: str(Path(getattr(options, option)).absolute() / name)
        for option, name in places.items()
        if getattr(options, option)
    }
    if options.model:
        paths["model"] = str(Path(options.model).absolute())
    local = Path(scene.path).exists() and scene.path
    source = str(Path(scene.path).absolute()) if local else scene.path
    return replace(options, **paths, input=source, cluster=None)


def _earlier(
    known: Dict[str, Dict[str, Any]], tasks: Dict[str, Task]
) -> Tuple[Dict[str, Outcome], Dict[str, Task]]:
    """(the scenes that an earlier run finished, all tasks), by the summary that it left.

    What is asked for is there as that run left it. A scene of the same settings whose input has
    changed, or of which another file is asked for, may replace what that run made.
    """
    outcomes, left = {}, dict(tasks)
    for name, entry in known.items():
        if entry.get("state") not in (DONE, THERE) or name not in tasks:
            continue
        task = tasks[name].with_fingerprint()
        recorded = entry.get("files")
        files = recorded if isinstance(recorded, dict) else {}
        if task.made_of == entry.get("made_of") and _are_there(task.paths(files), files):
            outcomes[name] = replace(task.outcome(THERE), files=files)
        elif settings_of(task.options) == entry.get("settings") and _are_ours(task, files):
            left[name] = replace(task, options=replace(task.options, overwrite=True))
    return outcomes, left


def _are_there(paths: List[str], files: Dict[str, str]) -> bool:
    return all(path in files and content_of(path) == files[path] != GONE for path in paths)


def _are_ours(task: Task, files: Dict[str, str]) -> bool:
    """Whether all there is of a scene's files is what a run left, or less: cut off or emptied."""
    for path in filter(os.path.lexists, task.paths()):
        was = files.get(path)
        if was is None or not (content_of(path) == was or _size(path) < _size_in(was)):
            return False
    return True


def _size(path: str) -> int:
    return Path(path).stat().st_size


def _size_in(content: str) -> int:
    first = content.split(" ")[0]
    return int(first) if first.isdigit() else 0


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
    with storage_errors(path), path.open("ab") as stream:
        # The end of a line first: a kill may have cut off the one before.
        stream.write(b"\n" + json.dumps(asdict(outcome)).encode("ascii"))
        stream.flush()
        os.fsync(stream.fileno())


def _write_summary(folder: str, outcomes: List[Outcome]) -> None:
    """Write the summary of what is through, in the notes' place; raises StorageError."""
    counts = {state: sum(o.state == state for o in outcomes) for state in (DONE, THERE, FAILED)}
    content = {**counts, "scenes": [asdict(outcome) for outcome in outcomes]}
    path = Path(folder) / SUMMARY_NAME
    with storage_errors(path):
        atomic_write(path, json.dumps(content, indent=1).encode("ascii"))
        (Path(folder) / NOTES_NAME).unlink(missing_ok=True)


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


def _kinds(base: Type[ScdmError]) -> Iterator[Type[ScdmError]]:
    """``base`` and what is derived of it; the later ones are the kinds' own."""
    for kind in base.__subclasses__():
        yield from _kinds(kind)
        yield kind
