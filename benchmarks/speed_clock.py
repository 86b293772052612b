"""How the speed benchmark measures: actions in turns, commands in processes of their own."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Callable, Dict, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model_runtime.diffusion.settings import Sampling, sampling_of_quality
from model_runtime.package import manifest

ROOT = Path(__file__).resolve().parents[1]
CHILD = Path(__file__).with_name("speed_child.py")


@dataclass(frozen=True)
class Bench:
    """What is measured and how often; ``side`` and ``sides`` are of square pictures, in pixels.

    ``rival``: an ONNX graph of square RGB pictures (1, 3, side, side) to bands, for part (c).
    """

    model: Path
    picture: Optional[Path]
    threads: int
    repeats: int
    side: int
    sides: Tuple[int, ...]
    rival: Optional[Path] = None


@dataclass(frozen=True)
class Spent:
    """What a command took, from the start of its process to its end."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def sampling_of(model: manifest.Manifest, quality: str) -> Sampling:
    """How ``upsample --quality`` samples."""
    scales = tuple(stage.guidance_scale for stage in model.stages)
    return sampling_of_quality(model.qualities[quality], scales, seed=0)


def in_turns(actions: Dict[str, Callable[[], object]], repeats: int) -> Dict[str, List[float]]:
    """Seconds of each action, ``repeats`` times, in turns: what disturbs one disturbs all.

    Each is run once before, unmeasured: threads, memory and caches are then as in a long run.
    """
    for action in actions.values():
        action()
    taken: Dict[str, List[float]] = {name: [] for name in actions}
    for _ in range(repeats):
        for name, action in actions.items():
            since = time.perf_counter()
            action()
            taken[name].append(time.perf_counter() - since)
    return taken


def run_timed(words: Sequence[str]) -> Spent:
    """What the command ``words`` took; ends this program with its words when it fails."""
    # Else every run compiles the runtime's sources once more, which no user's does.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, str(CHILD), *words], cwd=ROOT, capture_output=True, text=True, env=env
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return Spent(**json.loads(done.stdout))


def median_of(runs: Sequence[Spent]) -> Spent:
    """The median of each figure by itself; the peak is the highest."""
    return Spent(
        median(run.seconds for run in runs),
        median(run.cpu_seconds for run in runs),
        max(run.peak_bytes for run in runs),
    )
