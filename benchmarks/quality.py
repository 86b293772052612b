"""The quality tables: model packages and baselines on data that they were not trained on.

    python benchmarks/quality.py [--model DIR[@WAY,...] ...] [--quality WAY ...]
        [--one-shot RUN ...] [--baselines NAME ...] [--parts PART ...] [--data DIR]
        [--picture RGB ...] [--seed N] [--threads N] [--markdown PATH] [--json PATH] [--keep DIR]

A WAY is a quality or SAMPLER:STEPS[:SAMPLES]: --model released@ddpm:1000:4. The parts:

    scenes     other corners of the training places, by sensor
    unseen     sensors and places that no training scene shares (val_more)
    materials  measured spectra on patches, by class (libraries/val)
    cameras    8-bit pictures of real cameras beside a spectrometer's spectra (pairs)
    sanity     what anyone sees, on RGB pictures without truth
    speed      seconds per megapixel

The baselines are a polynomial ridge, the nearest training pixels, both also with library spectra,
and, with --one-shot, runs of one_shot.py (MST++ too). Packages are run by the command that users
run. Each group of scenes is of one sensor; the mean is over the groups, so that many small plots of
one forest do not outweigh a town.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import quality_cameras
import quality_materials
import quality_report
import quality_sanity
from quality_baselines import NAMES, baselines
from quality_bench import Bench, Table, on_scenes
from quality_methods import ROOT, Regression, package_runs
from quality_scenes import scenes, write_large

from model_runtime.errors import ScdmError
from model_runtime.package import embedded, manifest

DATA = ROOT.parent / "shared" / "data"
DEMO_PICTURE = ROOT / "build" / "demo" / "OSBS_029.tif"  # README's sample, where make demo put it
# What would take longer on the large raster is timed on the short one.
PATIENCE_SECONDS, SHORT_SIDE = 600, 64


def make_parts(bench: Bench, options: argparse.Namespace) -> Dict[str, Any]:
    """The figures of each part that is asked for and whose data is there."""
    results = {}
    for part in options.parts:
        found = MAKERS[part](bench, options)
        if found:
            results[part] = found
        else:
            print(
                f"warning: {part} is left out: {options.data} has no data for it", file=sys.stderr
            )
    return results


def _scenes(bench: Bench, options: argparse.Namespace) -> Table:
    return on_scenes(bench, scenes(options.data, "val"))


def _unseen(bench: Bench, options: argparse.Namespace) -> Table:
    folder = options.data / "val_more"
    return on_scenes(bench, scenes(folder, "val_more")) if folder.is_dir() else {}


def _materials(bench: Bench, options: argparse.Namespace) -> Table:
    folder = options.data / "libraries" / "val"
    if not folder.is_dir():
        return {}
    return quality_materials.on_materials(bench, quality_materials.materials(folder))


def _cameras(bench: Bench, options: argparse.Namespace) -> Table:
    return quality_cameras.on_cameras(bench, options.data)


def _sanity(bench: Bench, options: argparse.Namespace) -> Table:
    return quality_sanity.on_pictures(bench, pictures(options))


def _speed(bench: Bench, options: argparse.Namespace) -> Dict[str, float]:
    return seconds_per_megapixel(bench, scenes(options.data, "val")[0], options.side)


MAKERS: Dict[str, Callable[[Bench, argparse.Namespace], Dict[str, Any]]] = {
    "scenes": _scenes,
    "unseen": _unseen,
    "materials": _materials,
    "cameras": _cameras,
    "sanity": _sanity,
    "speed": _speed,
}
PARTS = tuple(MAKERS)


def pictures(options: argparse.Namespace) -> List[Path]:
    """The RGB pictures without truth: those named, or the data's and README's sample."""
    if options.picture:
        return options.picture
    sample = [DEMO_PICTURE] if DEMO_PICTURE.is_file() else []
    return [*sorted((options.data / "rgb").glob("*.tif")), *sample]


def seconds_per_megapixel(bench: Bench, scene: Path, side: int) -> Dict[str, float]:
    """Of each method on ``scene`` mirrored to ``side`` pixels per side; slow ones on less."""
    return {method.name: _pace(bench, method, scene, side) for method in bench.methods}


def _pace(bench: Bench, method, scene: Path, side: int) -> float:
    for part in (min(side, SHORT_SIDE), side):
        large = bench.folder / f"timed{part}.rgb.tif"
        write_large(bench.picture_of(scene), part, large)
        seconds = bench.estimate(method, large, "reflectance").made.seconds
        pace = seconds / (part**2 / 1e6)
        if pace * side**2 / 1e6 > PATIENCE_SECONDS:
            break
    return pace


def parse(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--model", nargs="+", action="extend", metavar="DIR[@WAY,...]", help="(the embedded one)")
    add("--quality", nargs="+", default=["fast", "balanced", "best"], metavar="WAY")
    add("--one-shot", nargs="+", type=Path, default=[], metavar="RUN", help="one_shot.py's folders")
    add("--baselines", nargs="*", default=NAMES, choices=NAMES, metavar="NAME", help="(all)")
    add("--parts", nargs="+", default=PARTS, choices=PARTS, metavar="PART", help="(all)")
    add("--data", type=Path, default=DATA, help="folder with scenes.json")
    add("--picture", nargs="+", type=Path, metavar="RGB", help="for sanity (the data's)")
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=0, help="processor threads (0: all cores)")
    add("--side", type=int, default=512, help="pixels per side of the raster that is timed")
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


def _make(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.keep or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        results = make_parts(Bench(_methods(options), folder), options)
    text = quality_report.tables(results)
    print(text)
    if options.markdown:
        options.markdown.write_text(text + "\n", encoding="utf-8")
    if options.json:
        options.json.write_text(
            quality_report.as_json(results, options.seed) + "\n", encoding="utf-8"
        )


def _methods(options: argparse.Namespace) -> List[Any]:
    common = ("--seed", str(options.seed), "--threads", str(options.threads))
    named = options.model or [str(embedded.EMBEDDED)]
    runs = [run for text in named for run in package_runs(text, options.quality, common)]
    model = manifest.read(runs[0].folder)
    libraries = options.data / "libraries" / "train"
    spectra = libraries if libraries.is_dir() else None
    fitted = baselines(scenes(options.data, "train"), spectra, model, options.baselines)
    return [*runs, *fitted] + [
        _one_shot(run, model, options) for run in filter(None, [options.one_shot])
    ]


def _one_shot(run: Path, model: manifest.Manifest, options: argparse.Namespace) -> Regression:
    import one_shot  # torch, which packages do not need

    return one_shot.regression(run, model, options.threads)


if __name__ == "__main__":
    sys.exit(main())
