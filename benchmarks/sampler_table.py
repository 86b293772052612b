"""What fewer steps cost: a Markdown table of samplers on one scene, by the commands users run.

    python benchmarks/sampler_table.py MODEL_DIR SCENE [--runs ddpm:1000 ddim:50 ...]
        [--seed N] [--threads N]

SCENE is a hyperspectral raster of reflectance; the model's RGB is simulated of it. Both the first
stage and the last are judged. CPU seconds are those of the whole command, start included: other
work on the machine lengthens the seconds, these hardly.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from quality_methods import command

from model_runtime import contract

RUNS = ("ddpm:1000", "ddim:50", "ddim:20", "dpm-solver++:20", "dpm-solver++:10")
HEADS = (
    *("Sampler", "Steps", "Stage 1 SAM°", "Stage 1 PSNR dB", "SAM°", "PSNR dB"),
    *("Seconds", "CPU s"),
)


def run_of(text: str) -> Tuple[str, int]:
    """("ddim", 50) of "ddim:50"; raises ValueError."""
    sampler, _, steps = text.partition(":")
    if sampler not in contract.SAMPLERS:
        raise ValueError(text)
    return sampler, int(steps)


def row(run: Tuple[str, int], rgb: Path, options, folder: Path) -> List[str]:
    """A table's row: the cascade by one sampler, each stage judged, and what the command took."""
    sampler, steps = run
    stages, estimate = folder / f"{sampler}{steps}", folder / f"{sampler}{steps}.tif"
    words = ["upsample", str(rgb), str(estimate), "--model", str(options.model), "--events"]
    words += ["--sampler", sampler, "--steps", str(steps), "--samples", "1"]
    words += ["--seed", str(options.seed), "--threads", str(options.threads)]
    words += ["--radiometry", "reflectance", "--dtype", "float32", "--keep-stages", str(stages)]
    before = _children_seconds()
    done = json.loads(command(*words).splitlines()[-1])
    cpu_seconds = _children_seconds() - before
    first = _judge(stages / "stage1.tif", options.scene)
    last = _judge(estimate, options.scene)
    figures = [f"{one[name]:.2f}" for one in (first, last) for name in ("sam_degrees", "psnr")]
    return [sampler, str(steps), *figures, f"{done['seconds']:.1f}", f"{cpu_seconds:.1f}"]


def _children_seconds() -> float:
    """CPU time of the commands that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _judge(estimate: Path, scene: Path) -> Dict[str, float]:
    return json.loads(command("evaluate", str(estimate), str(scene), "--json"))["overall"]


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """The table, and the machine's cores below it."""
    lines = [HEADS, ["---"] * len(HEADS), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{os.cpu_count()} cores"


def parse(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL_DIR", type=Path)
    parser.add_argument("scene", metavar="SCENE", type=Path)
    parser.add_argument(
        "--runs", nargs="+", type=run_of, default=[run_of(r) for r in RUNS], metavar="SAMPLER:STEPS"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Make the table."""
    options = parse(argv)
    options.model, options.scene = options.model.absolute(), options.scene.absolute()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rgb = folder / "rgb.tif"
        command("simulate-rgb", str(options.scene), str(rgb), "--model", str(options.model))
        print(markdown([row(run, rgb, options, folder) for run in options.runs]))


if __name__ == "__main__":
    main()
