"""Leave one sensor out: what a model is worth on sensors and places that it never saw.

    python benchmarks/leave_one_out.py [--config FILE.toml ...] [--groups GROUP ...]
        [--seeds N ...] [--iterations N[,N...]] [--set KEY=VALUE ...] [--quality WAY ...]
        [--one-shot [STEPS]] [--mst [STEPS]] [--out DIR] [--tables] [--markdown PATH] [--json PATH]

For each group of scenes (sensor_groups.py) and each seed a cascade is trained without that group
(training/train.py), exported and judged on the group's scenes, with ridge and nearest neighbours
fitted on the same scenes beside it, and with --one-shot and --mst the networks of one_shot.py, with
as many steps as the cascade's training has time for unless STEPS says how many. The same
command again goes on where it was stopped and does only what is missing; --tables prints what is
there. The table has the mean over a group's scenes, then over groups; ± is over the seeds.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from quality_baselines import baselines
from quality_bench import MEAN, Bench, Table, on_scenes, over
from quality_measures import Figures
from quality_methods import ROOT
from quality_tables import lines, without_nan
from sensor_groups import GROUPS, Split, without
from split_run import Recipe, figures_of, write_json

from model_runtime.errors import InputError, ScdmError
from model_runtime.package import embedded, manifest

DATA = ROOT.parent / "shared" / "data"
CONFIG = ROOT / "training" / "configs" / "vnir48.toml"
BASELINES = "baselines"
SHOWN = (("sam_degrees", "SAM°", 2), ("psnr", "PSNR dB", 2))
Runs = Dict[str, List[Table]]  # group: the figures of each run, by scene and method


def make(options: argparse.Namespace) -> None:
    """Train and judge all that is missing."""
    for split in [without(options.data, group) for group in options.groups]:
        _judge_baselines(options, split)
        for config in options.config:
            for seed in options.seeds:
                folder = options.out / config.stem / split.group / f"seed{seed}"
                print(f"{config.stem}, without {split.group}, seed {seed}", file=sys.stderr)
                figures_of(_recipe(options, config), split, seed, folder)


def _recipe(options: argparse.Namespace, config: Path) -> Recipe:
    return Recipe(
        config=config,
        overrides=tuple(options.set),
        iterations=options.iterations,
        qualities=tuple(options.quality),
        one_shot_steps=options.one_shot,
        mst_steps=options.mst,
        device=options.device,
        threads=options.threads,
    )


def _judge_baselines(options: argparse.Namespace, split: Split) -> None:
    """Fit and judge the baselines of a split, on the embedded model's bands, once."""
    done = options.out / BASELINES / split.group / "figures.json"
    if done.is_file():
        return
    libraries = options.data / "libraries" / "train"
    spectra, model = libraries if libraries.is_dir() else None, manifest.read(embedded.EMBEDDED)
    methods = baselines(split.training, spectra, model)
    with tempfile.TemporaryDirectory() as scratch:
        found = on_scenes(Bench(methods, Path(scratch)), split.judged)
    done.parent.mkdir(parents=True, exist_ok=True)
    write_json(done, found)


def find_runs(out: Path) -> Runs:
    """All figures that are in ``out``, of any settings; raises InputError where there are none."""
    runs: Runs = {}
    for path in sorted(out.glob(f"{BASELINES}/*/figures.json")):
        runs.setdefault(path.parent.name, []).append(_read(path))
    for path in sorted(out.glob("*/*/seed*/figures.json")):
        runs.setdefault(path.parents[1].name, []).append(_read(path))
    if not runs:
        raise InputError(f"{out} holds no figures", "run it without --tables first, or name --out")
    return {group: runs[group] for group in GROUPS if group in runs}


def _read(path: Path) -> Table:
    """A table as it was written, with NaN where a figure does not exist."""
    table = json.loads(path.read_text(encoding="utf-8"))
    return {
        scene: {
            method: {name: np.nan if value is None else value for name, value in figures.items()}
            for method, figures in row.items()
        }
        for scene, row in table.items()
    }


def by_seed(runs: Runs) -> Dict[str, Dict[str, List[Figures]]]:
    """{group: {method: figures over the group's scenes, one of each seed}}."""
    result: Dict[str, Dict[str, List[Figures]]] = {}
    for group, tables in runs.items():
        of_group = result.setdefault(group, {})
        for table in tables:
            for method, figures in over(list(table.values())).items():
                of_group.setdefault(method, []).append(figures)
    return result


def summarise(runs: Runs, name: str) -> Dict[str, Dict[str, List[float]]]:
    """{group and at last MEAN: {method: one value of each seed}} of the figure ``name``.

    A method is in the mean only where it was judged on all groups, with as many seeds as the least.
    """
    groups = {
        group: {method: [f[name] for f in figures] for method, figures in methods.items()}
        for group, methods in by_seed(runs).items()
    }
    methods = list(dict.fromkeys(m for of_group in groups.values() for m in of_group))
    mean = {}
    for method in methods:
        values = [of_group[method] for of_group in groups.values() if method in of_group]
        if len(values) == len(groups):
            seeds = min(map(len, values))
            mean[method] = [float(np.mean([v[seed] for v in values])) for seed in range(seeds)]
    return {**groups, MEAN: mean}


def tables(runs: Runs) -> str:
    """A Markdown table of each figure shown: groups down, methods across."""
    return "\n\n".join(_table(summarise(runs, name), title, n) for name, title, n in SHOWN)


def _table(rows: Dict[str, Dict[str, List[float]]], title: str, digits: int) -> str:
    methods = list(dict.fromkeys(method for row in rows.values() for method in row))
    cells = [
        [group, *(_cell(row.get(method, []), digits) for method in methods)]
        for group, row in rows.items()
    ]
    return lines([[f"Left out, {title}", *methods], *cells])


def _cell(values: Sequence[float], digits: int) -> str:
    """Mean ± standard deviation over the seeds."""
    if not values:
        return "–"
    spread = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{spread}"


def parse(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("--config", nargs="+", type=Path, default=[CONFIG], help="settings (the embedded model's)")
    add("--groups", nargs="+", default=list(GROUPS), choices=list(GROUPS), help="(all)")
    add("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="N")
    add("--iterations", type=_whole_numbers, default=(), metavar="N[,N...]", help="of each stage")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting")
    add("--quality", nargs="+", default=["fast"], metavar="WAY")
    add("--one-shot", type=int, nargs="?", const=0, metavar="STEPS", help="a one-shot network too")
    add("--mst", type=int, nargs="?", const=0, metavar="STEPS", help="MST++ too")
    add("--data", type=Path, default=DATA, help="folder with scenes.json")
    add("--out", type=Path, default=Path("runs") / "leave_one_out", help="folder of all runs")
    add("--device", default="cpu", choices=["cpu", "cuda"])
    add("--threads", type=int, default=0, help="processor threads (0: all cores)")
    add("--tables", action="store_true", help="train nothing: print what is there")
    add("--markdown", type=Path, help="also write the tables here")
    add("--json", type=Path, help="also write the figures of each seed here")
    return parser.parse_args(argv)


def _whole_numbers(text: str):
    return tuple(int(number) for number in text.split(","))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code."""
    options = parse(argv)
    try:
        _run(options)
    except ScdmError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped: the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def _run(options: argparse.Namespace) -> None:
    options.out = options.out.resolve()
    if not options.tables:
        make(options)
    runs = find_runs(options.out)
    text = tables(runs)
    print(text)
    if options.markdown:
        options.markdown.write_text(text + "\n", encoding="utf-8")
    if options.json:
        content: Any = {name: summarise(runs, name) for name, _, _ in SHOWN}
        options.json.write_text(json.dumps(without_nan(content), indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
