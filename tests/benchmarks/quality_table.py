"""The quality table: simulate-rgb, upsample, evaluate on unseen scenes, beside a ridge regression.

    python tests/benchmarks/quality_table.py [--model DIR] [--quality Q ...] [--data DIR]
        [--seed N] [--markdown PATH] [--json PATH] [--keep DIR]

Every figure comes out of the command line that users run. Scenes are grouped by place; the mean
is over the groups, so that many small plots of one forest do not outweigh a town.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import ridge

from model_runtime import manifest, packages
from model_runtime.errors import InputError, ScdmError
from model_runtime.raster import Cube, read_cube, write_cube

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("muufl", "berlin", "potsdam", "neon", "residential")
MEASURES = {"rmse": "RMSE", "psnr": "PSNR dB", "sam_degrees": "SAM°", "mrae": "MRAE"}
DIGITS = {"rmse": 4, "psnr": 2, "sam_degrees": 2, "mrae": 3, "seconds": 1}
RIDGE, SPREAD = "ridge", "± over scenes"
DATA = ROOT.parent / "shared" / "data"


def command(*words: str) -> str:
    """What ``python -m model_runtime`` prints; ends this program with its words when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "model_runtime", *words], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def scenes(data: Path, split: str) -> List[str]:
    """Paths of the reflectance scenes of a split."""
    listed = json.loads((data / "scenes.json").read_text(encoding="utf-8"))
    chosen = [s for s in listed if s["split"] == split and s["units"] == "reflectance"]
    return [str(data / scene["file"]) for scene in chosen]


def group_of(path: str) -> str:
    """The group of a scene, by its file's name."""
    return next((group for group in GROUPS if group in Path(path).name), "other")


def measured(estimate: Path, reference: str) -> Dict[str, float]:
    """The overall measures of one estimate."""
    overall = json.loads(command("evaluate", str(estimate), reference, "--json"))["overall"]
    return {name: overall[name] for name in MEASURES}


def model_figures(rgb: Path, scene: str, quality: str, options, folder: Path) -> Dict[str, float]:
    """Figures of the model at one quality; ``seconds`` include starting it."""
    estimate = folder / f"{Path(scene).stem}_{quality.replace(':', '_')}.tif"
    words = ["upsample", str(rgb), str(estimate), "--radiometry", "reflectance"]
    words += ["--quality", quality, "--seed", str(options.seed), "--dtype", "float32"]
    since = time.monotonic()
    command(*words, *_model_words(options))
    seconds = time.monotonic() - since
    return {**measured(estimate, scene), "seconds": seconds}


def ridge_figures(rgb: Path, scene: str, fitted, model, folder: Path) -> Dict[str, float]:
    """Figures of the baseline, on the very raster that the model sees."""
    seen = read_cube(str(rgb))
    estimate = folder / f"{Path(scene).stem}_{RIDGE}.tif"
    since = time.monotonic()
    values = fitted.estimate(seen.values)
    seconds = time.monotonic() - since
    cube = Cube(
        values,
        np.array(model.wavelength_nm),
        np.array(model.fwhm_nm),
        model.output_unit,
        seen.georeference,
    )
    write_cube(str(estimate), cube, "float32", {})
    return {**measured(estimate, scene), "seconds": seconds}


def _model_words(options) -> List[str]:
    return ["--model", options.model] if options.model else []


def scene_figures(scene: str, fitted, model, options, folder: Path) -> Dict[str, Dict]:
    """Figures of each method on one scene."""
    rgb = folder / f"{Path(scene).stem}_rgb.tif"
    command("simulate-rgb", scene, str(rgb), *_model_words(options))
    figures = {
        quality: model_figures(rgb, scene, quality, options, folder) for quality in options.quality
    }
    return {**figures, RIDGE: ridge_figures(rgb, scene, fitted, model, folder)}


def group_means(per_scene: Dict[str, Dict]) -> Dict[str, Dict]:
    """Mean of each group, ``mean`` over the groups, and the scenes' standard deviation."""
    means: Dict[str, Dict] = {}
    for group in dict.fromkeys(map(group_of, per_scene)):
        means[group] = _summary([f for path, f in per_scene.items() if group_of(path) == group])
    total = {
        "mean": _summary(list(means.values())),
        SPREAD: _summary([*per_scene.values()], np.std),
    }
    return {**means, **total}


def _summary(figures: Sequence[Dict], summary: Callable = np.mean) -> Dict[str, Dict[str, float]]:
    return {
        method: {
            name: float(summary([one[method][name] for one in figures]))
            for name in figures[0][method]
        }
        for method in figures[0]
    }


def markdown(per_scene: Dict[str, Dict], means: Dict[str, Dict]) -> str:
    """Both tables: a row a scene or group, the measures of every method side by side."""
    methods = list(means["mean"])
    names = {Path(path).stem: figures for path, figures in per_scene.items()}
    return "\n".join([*_table("Scene", names, methods), "", *_table("Group", means, methods)])


def _table(title: str, rows: Dict[str, Dict], methods: Sequence[str]) -> List[str]:
    heads = [f"{method} {name}" for method in methods for name in [*MEASURES.values(), "s"]]
    lines = [f"| {title} | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for name, figures in rows.items():
        cells = [f"{figures[m][key]:.{DIGITS[key]}f}" for m in methods for key in DIGITS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def parse(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="folder of a model package (the embedded one)")
    parser.add_argument("--quality", nargs="+", choices=manifest.QUALITIES, default=["balanced"])
    parser.add_argument("--data", type=Path, default=DATA, help="folder with scenes.json")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", type=Path, help="also write the tables here")
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument("--keep", type=Path, help="folder to keep the rasters in")
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Make the table; returns the exit code."""
    try:
        _make(parse(argv))
    except ScdmError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _make(options) -> None:
    if not (options.data / "scenes.json").is_file():
        raise InputError(f"{options.data} holds no scenes.json", "name the scenes' folder: --data")
    model = manifest.read(packages.folder_of(options.model))
    fitted = ridge.fit_on_scenes(scenes(options.data, "train"), model)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        per_scene = {
            scene: scene_figures(scene, fitted, model, options, folder)
            for scene in scenes(options.data, "val")
        }
    _tell(per_scene, group_means(per_scene), options)


def _tell(per_scene: Dict[str, Dict], means: Dict[str, Dict], options) -> None:
    text = markdown(per_scene, means)
    print(text)
    if options.markdown:
        options.markdown.write_text(text + "\n", encoding="utf-8")
    if options.json:
        named = {Path(path).name: figures for path, figures in per_scene.items()}
        content = {"seed": options.seed, "scenes": named, "groups": means}
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
