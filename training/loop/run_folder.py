"""A run's folder: the settings that it keeps, and what of them may change when it goes on."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Iterator, List, Sequence, Tuple

from model_runtime.errors import InputError
from model_runtime.system.durable_files import atomic_write

from .. import config as config_files
from ..config import Config, from_json
from . import checkpoint

NAME = "config.json"
# What trained weights mean depends on these, and for a trained stage on these of its own.
FIXED = ("input", "output", "normalisation")
FIXED_IN_STAGE = ("final_bands", "network", "prediction", "schedule", "timesteps")
FIXED_IN_STAGE += ("schedule_low", "schedule_high")


def settings_of(run: Path) -> Config:
    """The settings that a run was trained with; raises InputError where they are not there.

    ``run``: its folder; or the settings file, for who has the package and no longer the run.
    """
    if Path(run).suffix == ".toml":
        return config_files.load(Path(run))
    return from_json(_read_kept(run))


def _read_kept(run: Path) -> Any:
    path = Path(run) / NAME
    if not path.is_file():
        raise InputError(f"{run} holds no {NAME}", "name a folder that train.py wrote")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error})", "train the run again") from error


def hold(run: Path, config: Config, stages: Sequence[int], resume: bool) -> List[str]:
    """Hold ``config`` against what ``run`` has; returns a warning for each setting that changed.

    Raises InputError where ``stages`` are trained already and ``resume`` is off, or where the
    weights that are there were trained for other bands, networks or schedules.
    """
    trained = [s for s in range(len(config.stages)) if checkpoint.path_of(run, s).exists()]
    again = [s for s in stages if s in trained]
    if again and not resume:
        raise InputError(
            f"{run} holds a checkpoint of stage {again[0] + 1}",
            "add --resume to go on from it, or choose another --out",
        )
    if not trained:
        return []
    # Read as settings: what an older version did not know is as it was then, by default.
    old, new = (json.loads(json.dumps(asdict(each))) for each in (settings_of(run), config))
    changes = list(_changes(old, new))
    refused = [change for change in changes if _is_fixed(change[0], trained)]
    if refused:
        raise InputError(
            f"{run} was trained with other settings: {_describe_change(*refused[0])}",
            "put the old value back, or choose another --out",
        )
    return [f"{run} goes on with other settings: {_describe_change(*change)}" for change in changes]


def require_alike(run: Path, config: Config, first: Config) -> None:
    """Raise InputError where weights by ``config`` mean something else than those by ``first``."""
    told = [json.loads(json.dumps(asdict(each))) for each in (first, config)]
    trained = range(len(first.stages))
    for change in _changes(*told):
        if _is_fixed(change[0], trained):
            raise InputError(
                f"{run} was trained with other settings: {_describe_change(*change)}",
                "name runs of the same bands, networks and schedules",
            )


def outdated(run: Path, config: Config, stages: Sequence[int]) -> List[str]:
    """A warning for each trained stage that learnt from an earlier one which is about to go on."""
    steps = {s: _step(run, s) for s in range(len(config.stages))}
    moving = [s for s in stages if steps[s] and steps[s] < config.stages[s].iterations]
    return [
        f"stage {later + 1} of {run} was trained on what stage {moving[0] + 1} made at step "
        f"{steps[moving[0]]}, and that goes on now: train stage {later + 1} again afterwards, "
        f"without its {checkpoint.path_of(run, later).name}"
        for later in range(len(config.stages))
        if moving
        and later > moving[0]
        and steps[later]
        and config.stages[later].condition_estimated_share
    ]


def steps_before(run: Path, config: Config, stage: int) -> List[int]:
    """The steps of the stages before ``stage`` from whose estimates it learns, if it does."""
    if not config.stages[stage].condition_estimated_share:
        return []
    return [_step(run, earlier) for earlier in range(stage)]


def stale(run: Path, config: Config) -> List[str]:
    """A warning for each stage that learnt from an earlier one which has gone on since."""
    said = []
    for stage in range(len(config.stages)):
        state = checkpoint.load(run, stage)
        learnt_from = [] if state is None else state.get("learnt_from", [])
        moved = zip(learnt_from, steps_before(run, config, stage))
        said += [
            f"stage {stage + 1} of {run} learnt from stage {earlier + 1} at step {then}, which is "
            f"at step {now} now: train stage {stage + 1} again, without its "
            f"{checkpoint.path_of(run, stage).name}"
            for earlier, (then, now) in enumerate(moved)
            if then != now
        ]
    return said


def _step(run: Path, stage: int) -> int:
    """The step of a stage's checkpoint, 0 where there is none."""
    state = checkpoint.load(run, stage)
    return 0 if state is None else int(state["step"])


def _changes(old: Any, new: Any, path: Tuple = ()) -> Iterator[Tuple[Tuple, Any, Any]]:
    """(path, old value, new value) wherever two nests of tables differ; stages by number."""
    tables = [_table(value, path) for value in (old, new)]
    if None in tables:
        if old != new:
            yield path, old, new
        return
    for key in list(dict.fromkeys([*tables[0], *tables[1]])):
        yield from _changes(tables[0].get(key), tables[1].get(key), (*path, key))


def _table(value: Any, path: Tuple) -> Any:
    if path == ("stages",) and isinstance(value, list):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else None


def _is_fixed(path: Tuple, trained: Sequence[int]) -> bool:
    if path[0] != "stages":
        return path[0] in FIXED
    whole = len(path) < 3  # a stage that is there or not
    return path[1] in trained and (whole or path[2] in FIXED_IN_STAGE)


def _describe_change(path: Tuple, old: Any, new: Any) -> str:
    return f"{'.'.join(map(str, path))} was {_short(old)}, now {_short(new)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def keep(run: Path, config: Config) -> None:
    """Make the folder of a run and keep its settings there; raises InputError where it cannot."""
    try:
        run.mkdir(parents=True, exist_ok=True)
        atomic_write(run / NAME, json.dumps(asdict(config), indent=1).encode("utf-8"))
    except OSError as error:
        raise InputError(
            f"{run} cannot be written ({error.strerror})", "choose another --out"
        ) from error
