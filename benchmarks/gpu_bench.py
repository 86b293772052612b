"""All that a GPU is to be measured by, in one command of under eight minutes.

    python benchmarks/gpu_bench.py [--provider cuda|cpu] [--out DIR] [--wheels DIR] [--mst FILE]
        [--minutes M] [--quick] [--only PART ...]

On a machine that has PyTorch: what is missing is installed from --wheels into a folder of its own
(docs/measurements/gpu.md). Each part runs in a process of its own: one that crashes, hangs or runs
out of memory costs only itself, and its error stands in the table. --provider cpu --quick runs all
of it, small, where there is no GPU. Writes gpu_bench.json and gpu_bench.md.
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from gpu_report import write
from gpu_settings import Rows, Settings, read_rows
from gpu_wheels import install_missing

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Place:
    """Where a part is: its module and function there, and its share of the whole time."""

    module: str
    function: str
    share: float


# The most telling first: what comes last may have to be left out. Shares sum to 1.
PARTS = {
    "tiles": Place("gpu_tiles", "tiles", 0.20),
    "float16": Place("gpu_tiles", "float16", 0.04),
    "released": Place("gpu_released", "released", 0.22),
    "tests": Place("gpu_tests", "tests", 0.20),
    "profile": Place("gpu_profile", "profile", 0.07),
    "memory": Place("gpu_profile", "memory", 0.05),
    "training": Place("gpu_training", "training", 0.16),
    "mst": Place("gpu_tiles", "mst", 0.06),
}
# Time beyond its own that a part may take to end and to write.
GRACE_SECONDS = 10.0


def parse(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--provider", choices=("cuda", "cpu"), default="cuda", help="where to run (cuda)")
    add("--out", type=Path, default=ROOT / "build" / "gpu", help="folder to write to (build/gpu)")
    add("--wheels", type=Path, help="folder of wheels, whole or in parts, of what is missing")
    add("--mst", type=Path, help="the authors' MST_Plus_Plus.py (else benchmarks/mst.py)")
    add("--minutes", type=float, default=7.5, help="the most that all of it takes (7.5)")
    add("--quick", action="store_true", help="tiny sizes: shows that it runs, not how fast")
    add("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help="(all)")
    add("--threads", type=int, default=0, help="processor threads (0: all)")
    add("--part", choices=PARTS, help=argparse.SUPPRESS)  # what the processes of parts are given
    add("--until", type=float, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns 0 where a table was written, whatever stands in it."""
    begun, options = time.time(), parse(argv)
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if options.part:
        return run_part(options, out)
    packages = out / "packages"
    installed = install_missing(options.wheels, packages) if options.wheels else []
    environment = environment_with(packages)
    end = begun + 60 * options.minutes
    whole: Dict[str, Any] = {
        "command": " ".join([Path(sys.argv[0]).name, *map(str, argv or sys.argv[1:])]),
        "date": datetime.date.today().isoformat(),
        "machine": machine(options, environment),
        "installed": installed,
        "parts": {},
    }
    for number, name in enumerate(options.only):
        whole["parts"][name] = in_a_process(
            options, name, _until(options, number, end), environment
        )
        data, table = write(out, whole)  # a kill later costs only what comes later
    print(table.read_text(encoding="utf-8"))
    print(f"written: {data} and {table}, after {time.time() - begun:.0f} s")
    return 0


def _until(options: argparse.Namespace, number: int, end: float) -> float:
    """When part ``number`` of those asked for has to end: what others left over is shared."""
    rest = [PARTS[name].share for name in options.only[number:]]
    return time.time() + (end - time.time()) * rest[0] / sum(rest)


def environment_with(packages: Path) -> Dict[str, str]:
    """This process's environment, with ``packages`` and the checkout on the path."""
    before = [str(ROOT), str(packages), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, before))}


def in_a_process(
    options: argparse.Namespace, name: str, until: float, environment: Dict[str, str]
) -> Dict[str, Any]:
    """A part's rows, its error if it ended with one, and what it took."""
    since = time.time()
    path = rows_path(options.out.resolve(), name)
    path.unlink(missing_ok=True)
    words = [sys.executable, __file__, "--part", name, "--until", str(until)]
    words += ["--provider", options.provider, "--out", str(options.out.resolve())]
    words += ["--threads", str(options.threads)]
    words += ["--quick"] if options.quick else []
    words += ["--mst", str(options.mst.resolve())] if options.mst else []
    print(f"{name} …", flush=True)
    error = ""
    try:
        left = max(until - time.time(), 1.0)
        done = subprocess.run(
            words,
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            timeout=left + GRACE_SECONDS,
        )
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["nothing said"]
            error = f"ended with {done.returncode}: {said[-1]}"[:300]
    except subprocess.TimeoutExpired:
        error = f"ended after its {left:.0f} s"
    return {"rows": read_rows(path), "error": error, "seconds": round(time.time() - since, 1)}


def run_part(options: argparse.Namespace, out: Path) -> int:
    """One part, in this process; returns the exit code."""
    place, threads = PARTS[options.part], options.threads or os.cpu_count() or 1
    settings = Settings(options.provider, options.quick, threads, options.until, options.mst)
    rows = Rows(rows_path(out, options.part), settings)
    load_torch(threads)
    getattr(import_module(place.module), place.function)(settings, rows)
    return 0


def rows_path(out: Path, name: str) -> Path:
    """Where a part writes its rows."""
    return out / f"part_{name}.json"


def load_torch(threads: int) -> None:
    """Import torch first: ONNX Runtime then finds the CUDA and cuDNN that came with it."""
    import_module("torch").set_num_threads(threads)


def machine(options: argparse.Namespace, environment: Dict[str, str]) -> Dict[str, Any]:
    """What the figures hold for, asked in a process of its own: no import may end this one."""
    facts: Dict[str, Any] = {
        "provider": options.provider,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "quick": options.quick,
    }
    for name, question in QUESTIONS.items():
        done = subprocess.run(
            [sys.executable, "-c", question], env=environment, capture_output=True, text=True
        )
        answer: List[str] = done.stdout.strip().splitlines()
        facts[name] = answer[-1] if answer and not done.returncode else "not there"
    return facts


QUESTIONS = {
    "gpu": "from model_runtime.system.hardware import gpus; g = gpus(); assert g; "
    "print('; '.join(f\"{x['name']} (driver {x['driver']})\" for x in g))",
    "torch": "import torch; print(torch.__version__, 'CUDA', torch.version.cuda)",
    "onnxruntime": "import onnxruntime as o; print(o.__version__, *o.get_available_providers())",
    "processor": "import platform; print(platform.processor() or platform.machine())",
}


if __name__ == "__main__":
    sys.exit(main())
