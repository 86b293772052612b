"""The quality table: model packages and baselines on scenes and camera pictures not trained on.

    python benchmarks/quality.py [--model DIR[@WAY,...] ...] [--quality WAY ...]
        [--one-shot RUN] [--data DIR] [--seed N] [--threads N]
        [--markdown PATH] [--json PATH] [--keep DIR]

A WAY is a quality or SAMPLER:STEPS[:SAMPLES]: --model released@ddpm:1000:4. The baselines are a
polynomial ridge (ridge.py) and, with --one-shot, a run of one_shot.py; both see the first package's
RGB. Packages are run by the
command that users run, on the RGB that simulate-rgb makes of each scene. Scenes are grouped by
place; the mean is over the groups, so that many small plots of one forest do not outweigh a town.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import ridge
from quality_measures import MEASURES, Figures, figures, pooled_coverage, summary
from quality_methods import ROOT, Regression, command, package_runs
from quality_scenes import camera_bands, camera_pairs, group_of, on_grid_of, scenes, write_large

from model_runtime.errors import ScdmError
from model_runtime.package import embedded, manifest

DATA = ROOT.parent / "shared" / "data"
MEAN, OVER_SCENES = "mean", "± over scenes"
HEADS = ("RMSE", "PSNR dB", "SAM°", "MRAE", "SSIM", "in 90 %")
DIGITS = dict(zip((*MEASURES, "coverage"), (4, 2, 2, 3, 3, 3)))
# What would take longer on the large raster is timed on the short one.
PATIENCE_SECONDS, SHORT_SIDE = 600, 64
Table = Dict[str, Dict[str, Figures]]  # row, method: figures


@dataclass(frozen=True)
class Bench:
    """What is compared, on what RGB, and the folder for all rasters."""

    methods: Sequence[Any]
    model: manifest.Manifest  # the first package's: the baselines see its RGB
    folder: Path

    def package_of(self, method) -> Path:
        """The package whose RGB a method takes: a baseline the first's."""
        return getattr(method, "folder", self.methods[0].folder)

    def camera_of(self, camera: Path, scene: Path, method) -> Path:
        """The camera's picture on the scene's pixels, in the order of the method's input bands."""
        package = self.package_of(method)
        rgb = self.folder / f"{camera.stem}.{package.name}.rgb.tif"
        on_grid_of(scene, camera, camera_bands(manifest.read(package)), rgb)
        return rgb

    def rgb_of(self, scene: Path, method) -> Path:
        """The scene's RGB as the method's model takes it, made once a model."""
        package = self.package_of(method)
        rgb = self.folder / f"{scene.stem}.{package.name}.rgb.tif"
        if not rgb.exists():
            command("simulate-rgb", str(scene), str(rgb), "--model", str(package))
        return rgb

    def judged(self, method, rgb: Path, taken: str, scene: Path) -> Figures:
        """Figures of one method on one raster, its seconds and pixels with them."""
        output = self.folder / f"{rgb.stem}.{method.name.replace(' ', '_').replace(':', '_')}.tif"
        made = method.estimate(rgb, output, taken)
        return {**figures(output, made.spread, scene), "seconds": made.seconds}


def on_scenes(bench: Bench, paths: Sequence[Path]) -> Table:
    """Figures of every method on every scene, from simulated RGB taken as reflectance."""
    return {
        scene.stem: {
            method.name: bench.judged(method, bench.rgb_of(scene, method), "reflectance", scene)
            for method in bench.methods
        }
        for scene in paths
    }


def on_cameras(bench: Bench, data: Path) -> Table:
    """Figures from real cameras' pictures at the spectra's resolution, matched in brightness."""
    table = {}
    for camera, scene in camera_pairs(data):
        table[scene.stem] = {
            method.name: bench.judged(
                method, bench.camera_of(camera, scene, method), "match", scene
            )
            for method in bench.methods
        }
    return table


def group_means(per_scene: Table) -> Table:
    """A row a group, the mean over the groups, and the scenes' standard deviation."""
    groups: Dict[str, List[str]] = {}
    for scene in per_scene:
        groups.setdefault(group_of(scene), []).append(scene)
    means = {group: _over([per_scene[s] for s in members]) for group, members in groups.items()}
    spread = _over(list(per_scene.values()), np.std)
    return {**means, MEAN: _over(list(means.values())), OVER_SCENES: spread}


def _over(rows: Sequence[Dict[str, Figures]], how=np.mean) -> Dict[str, Figures]:
    return {method: summary([row[method] for row in rows], how) for method in rows[0]}


def seconds_per_megapixel(bench: Bench, scene: Path, side: int) -> Dict[str, float]:
    """Of each method on ``scene`` mirrored to ``side`` pixels a side; slow ones on less."""
    return {method.name: _pace(bench, method, scene, side) for method in bench.methods}


def _pace(bench: Bench, method, scene: Path, side: int) -> float:
    rgb = bench.rgb_of(scene, method)
    for part in (min(side, SHORT_SIDE), side):
        large, output = (bench.folder / f"timed{part}.{kind}.tif" for kind in ("rgb", "estimate"))
        write_large(rgb, part, large)
        pace = method.estimate(large, output, "reflectance").seconds / (part**2 / 1e6)
        if pace * side**2 / 1e6 > PATIENCE_SECONDS:
            break
    return pace


def markdown(results: Dict[str, Any]) -> str:
    """All tables: means with speed, then groups, scenes, and cameras."""
    parts = [_speed_table(results), _table("Group", results["groups"])]
    parts.append(_table("Scene", results["scenes"]))
    if results["camera"]:
        parts += [_table("Camera", results["camera_means"]), _table("Plot", results["camera"])]
    return "\n\n".join(parts)


def _speed_table(results: Dict[str, Any]) -> str:
    lines = [["Method", *HEADS, "in 90 %, all values", "s / megapixel"]]
    lines.append(["---"] * len(lines[0]))
    for method, row in results["groups"][MEAN].items():
        rest = _number(results["pooled_coverage"][method], 3), _number(results["pace"][method], 1)
        lines.append([method, *_cells(row), *rest])
    return _lines(lines)


def _table(title: str, table: Table) -> str:
    lines = [[title, "Method", *HEADS]]
    lines.append(["---"] * len(lines[0]))
    for name, methods in table.items():
        lines += [[name, method, *_cells(row)] for method, row in methods.items()]
    return _lines(lines)


def _cells(row: Figures) -> List[str]:
    return [_number(row[name], digits) for name, digits in DIGITS.items()]


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def _lines(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def parse(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--model", nargs="+", action="extend", metavar="DIR[@WAY,...]", help="(the embedded one)")
    add("--quality", nargs="+", default=["fast", "balanced", "best"], metavar="WAY")
    add("--one-shot", type=Path, metavar="RUN", help="folder that one_shot.py trained")
    add("--data", type=Path, default=DATA, help="folder with scenes.json")
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=0, help="processor threads (0: all cores)")
    add("--side", type=int, default=512, help="pixels a side of the raster that is timed")
    add("--markdown", type=Path, help="also write the tables here")
    add("--json", type=Path, help="also write all figures here")
    add("--keep", type=Path, help="new folder to keep the rasters in")
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Make the tables; returns the exit code."""
    try:
        _make(parse(argv))
    except ScdmError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _make(options) -> None:
    held_out = scenes(options.data, "val")
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.keep or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        bench = _bench(options, folder)
        per_scene = on_scenes(bench, held_out)
        camera = on_cameras(bench, options.data)
        pace = seconds_per_megapixel(bench, held_out[0], options.side)
    _tell(_results(per_scene, camera, pace), options)


def _bench(options, folder: Path) -> Bench:
    common = ("--seed", str(options.seed), "--threads", str(options.threads))
    named = options.model or [str(embedded.EMBEDDED)]
    runs = [run for text in named for run in package_runs(text, options.quality, common)]
    model = manifest.read(runs[0].folder)
    return Bench([*runs, *_baselines(options, model)], model, folder)


def _baselines(options, model: manifest.Manifest) -> List[Regression]:
    paths = [str(path) for path in scenes(options.data, "train")]
    fitted = ridge.fit_on_scenes(paths, model)
    bands = model.wavelength_nm, model.fwhm_nm, model
    found = [Regression("ridge", fitted.estimate, *bands)]
    if options.one_shot:
        import one_shot  # torch, which packages do not need

        found.append(one_shot.regression(options.one_shot, model, options.threads))
    return found


def _results(per_scene: Table, camera: Table, pace: Dict[str, float]) -> Dict[str, Any]:
    methods = list(pace)
    spread = {method: [row[method] for row in per_scene.values()] for method in methods}
    means = {MEAN: _over(list(camera.values())), "± over plots": _over([*camera.values()], np.std)}
    return {
        "groups": group_means(per_scene),
        "scenes": per_scene,
        "camera": camera,
        "camera_means": means if camera else {},
        "pooled_coverage": {method: pooled_coverage(rows) for method, rows in spread.items()},
        "pace": pace,
    }


def _tell(results: Dict[str, Any], options) -> None:
    text = markdown(results)
    print(text)
    if options.markdown:
        options.markdown.write_text(text + "\n", encoding="utf-8")
    if options.json:
        text = json.dumps(_without_nan({"seed": options.seed, **results}), indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")


def _without_nan(value: Any) -> Any:
    """``value`` for JSON, which knows no NaN: a figure that does not exist is null."""
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and not np.isfinite(value) else value


if __name__ == "__main__":
    sys.exit(main())
