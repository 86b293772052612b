"""One cascade trained without one sensor, by users' commands, and judged on that sensor.

Everything lies in one folder, so that what an interrupted run left is gone on from: ``run`` (the
training's), ``package``, ``one_shot``, ``mst`` and at last ``figures.json``.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from quality_bench import Bench, Table, on_scenes
from quality_methods import ROOT, package_runs
from quality_tables import without_nan
from sensor_groups import Split

from model_runtime.errors import InputError
from model_runtime.package import manifest


@dataclass(frozen=True)
class Recipe:
    """How a cascade is trained and run, the seed and the split apart.

    ``iterations`` of each stage, or of all where it is one number, or the settings' own where it is
    none; ``one_shot_steps`` and ``mst_steps``: 0 for as many as the cascade's training has time
    for, None for no such network.
    """

    config: Path
    overrides: Tuple[str, ...] = ()
    iterations: Tuple[int, ...] = ()
    qualities: Tuple[str, ...] = ("fast",)
    one_shot_steps: Optional[int] = None
    mst_steps: Optional[int] = None
    device: str = "cpu"
    threads: int = 0

    @property
    def name(self) -> str:
        """The settings' name in the table."""
        return self.config.stem

    @property
    def regressors(self) -> Dict[str, Tuple[str, int]]:
        """Networks of one look beside the cascade, by name: kind and steps."""
        asked = {"one-shot": ("compact", self.one_shot_steps), "MST++": ("mst++", self.mst_steps)}
        return {name: (kind, n) for name, (kind, n) in asked.items() if n is not None}

    def facts(self) -> Dict[str, Any]:
        """What figures depend on: those of other facts are not to be mixed with them."""
        digest = hashlib.sha256(self.config.read_bytes()).hexdigest()
        return {
            "config_sha256": digest,
            "overrides": list(self.overrides),
            "iterations": list(self.iterations),
            "qualities": list(self.qualities),
            "one_shot_steps": self.one_shot_steps,
            "mst_steps": self.mst_steps,
        }


def figures_of(recipe: Recipe, split: Split, seed: int, folder: Path) -> Table:
    """The figures of the scenes left out, trained and judged first where they are not there yet.

    Raises InputError where ``folder`` holds those of another recipe.
    """
    words = training_words(recipe, split, seed)
    _hold(recipe, split, seed, folder)
    done = folder / "figures.json"
    if not done.is_file():
        package = train(recipe, words, folder)
        with tempfile.TemporaryDirectory() as scratch:
            found = on_scenes(Bench(_methods(recipe, package, folder), Path(scratch)), split.judged)
        write_json(done, found)
    return json.loads(done.read_text(encoding="utf-8"))


def _hold(recipe: Recipe, split: Split, seed: int, folder: Path) -> None:
    """Keep what the folder is of; raises InputError where it is of something else."""
    names = {"training": split.training, "judged": split.judged}
    scenes = {name: [path.name for path in paths] for name, paths in names.items()}
    facts, kept = {**recipe.facts(), **scenes, "seed": seed}, folder / "settings.json"
    if not (folder / "run").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        write_json(kept, facts)
        return
    old = json.loads(kept.read_text(encoding="utf-8"))
    changed = [name for name in facts if old.get(name) != facts[name]]
    if changed:
        raise InputError(
            f"{folder} was made with another {changed[0]}", "choose another --out, or remove it"
        )


def train(recipe: Recipe, words: Sequence[str], folder: Path) -> Path:
    """Train and export what is not there yet; returns the package's folder."""
    package, run = folder / "package", folder / "run"
    if not package.is_dir():
        config = ("--config", str(recipe.config.resolve()), "--device", recipe.device)
        _call(recipe, "training/train.py", *config, "--out", str(run), "--resume", *words)
        _call(recipe, "training/export.py", str(run), str(package), "--name", run.name)
    for kind, steps in recipe.regressors.values():
        _train_regressor(recipe, words, _regressor_run(folder, kind), kind, steps)
    return package


def _regressor_run(folder: Path, kind: str) -> Path:
    return folder / ("one_shot" if kind == "compact" else "mst")


def _train_regressor(
    recipe: Recipe, words: Sequence[str], run: Path, kind: str, steps: int
) -> None:
    # Without --steps, what it has time for is measured, once: --resume takes that number again.
    more = [*(["--steps", str(steps)] if steps else []), *(["--resume"] if run.is_dir() else [])]
    config = ("--config", str(recipe.config.resolve()), "--network", kind)
    _call(recipe, "benchmarks/one_shot.py", str(run), *config, *more, *words)


def training_words(recipe: Recipe, split: Split, seed: int) -> List[str]:
    """What a training command is told of scenes and settings; raises InputError."""
    from training.config import load  # not needed to read figures that are there

    config = load(recipe.config, recipe.overrides)
    values = [*recipe.overrides, f"training.seed={seed}", "data.validation=[]"]
    values += _iterations(recipe, len(config.stages))
    if config.data.pairs and not _has_pairs(config.data.pairs, split):
        values.append("data.pairs=[]")  # all of them are of the sensor that is left out
    settings = [word for value in values for word in ("--set", value)]
    return ["--data", *map(str, split.training), *settings]


def _iterations(recipe: Recipe, stages: int) -> List[str]:
    each = recipe.iterations * stages if len(recipe.iterations) == 1 else recipe.iterations
    if len(each) not in (0, stages):
        raise InputError(
            f"--iterations has {len(each)} numbers, {recipe.config} {stages} stages",
            "give one number, or one per stage",
        )
    return [f"stages.{stage}.iterations={number}" for stage, number in enumerate(each)]


def _has_pairs(places: Sequence[str], split: Split) -> bool:
    names = [f"{scene.stem}_camera.tif" for scene in split.training]
    return any((ROOT / place / name).is_file() for place in places for name in names)


def _call(recipe: Recipe, script: str, *words: str) -> None:
    """Run one of the project's commands; raises InputError where it fails: it said why."""
    environment = dict(os.environ)
    if recipe.threads:
        environment["OMP_NUM_THREADS"] = str(recipe.threads)
    done = subprocess.run([sys.executable, script, *words], cwd=ROOT, env=environment)
    if done.returncode:
        raise InputError(
            f"{script} ended with {done.returncode}", "see its message above, then run this again"
        )


def _methods(recipe: Recipe, package: Path, folder: Path) -> List[Any]:
    """The trained package in each quality, named after the settings, and the networks beside it."""
    common = ("--threads", str(recipe.threads))
    runs = package_runs(str(package), recipe.qualities, common)
    methods: List[Any] = [
        replace(run, name=f"{recipe.name} {quality}")
        for run, quality in zip(runs, recipe.qualities)
    ]
    if not recipe.regressors:
        return methods
    import one_shot  # torch, which packages do not need

    model = manifest.read(package)
    for name, (kind, _) in recipe.regressors.items():
        found = one_shot.regression(_regressor_run(folder, kind), model, recipe.threads)
        methods.append(replace(found, name=f"{recipe.name} {name}"))
    return methods


def write_json(path: Path, content: Any) -> None:
    """Write beside, then rename: a file that is there is whole."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(without_nan(content), indent=1) + "\n", encoding="utf-8")
    part.replace(path)
