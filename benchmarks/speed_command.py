"""Parts (b) and (e): the embedded model by the command that users run, at each quality and size."""

import os
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Dict, Iterator, List

import speed_picture
from speed_clock import Bench, Spent, median_of, run_timed
from speed_report import Part

from model_runtime import __main__ as runtime
from model_runtime import contract
from model_runtime.diffusion.network import CpuNetwork
from model_runtime.diffusion.sample_graph import SampleGraph

MEGA, MIB = 1e6, 2**20
QUALITY_HEADS = (
    *("quality", "s", "megapixels / s", "processor s"),
    *("in denoisers", "in encoders", "outside"),
)
SIZE_HEADS = ("megapixels", "s", "s / megapixel", "of the first", "processor s", "peak MiB")


def qualities(bench: Bench) -> Part:
    """Part (b): speed at each quality, and where the time goes."""
    with tempfile.TemporaryDirectory() as folder:
        rgb = speed_picture.write(Path(folder) / "rgb.tif", bench.side, bench.picture)
        runs, rows = {}, []
        for quality in contract.QUALITIES:
            words = _words(bench, rgb, Path(folder) / f"{quality}.tif", quality)
            runs[quality] = _repeat(words, bench.repeats)
            rows.append([quality, *_speed(runs[quality], bench.side), *_shares(words, bench)])
    title = f"(b) The embedded model, {bench.side} x {bench.side} pixels of 8 bits"
    samples = {name: [run.seconds for run in taken] for name, taken in runs.items()}
    note = (
        f"`upsample` in a process of its own, start-up included, medians of {bench.repeats}. The "
        "shares are of one more run inside this process, start-up left out: the seconds of all "
        "network passes, each times the threads inside it, over threads x seconds; what is left is "
        "outside: reading, sampling's arithmetic, writing, threads that wait."
    )
    return Part(title, QUALITY_HEADS, rows, note, samples)


def sizes(bench: Bench, quality: str = "fast") -> Part:
    """Part (e): seconds and peak memory by the picture's size."""
    runs: Dict[int, List[Spent]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for side in bench.sides:
            rgb = speed_picture.write(Path(folder) / "rgb.tif", side, bench.picture)
            words = _words(bench, rgb, Path(folder) / "cube.tif", quality)
            runs[side] = _repeat(words, bench.repeats)
    rows = size_rows({side: median_of(taken) for side, taken in runs.items()})
    samples = {f"{side} pixels": [run.seconds for run in taken] for side, taken in runs.items()}
    note = (
        f"`upsample --quality {quality}` in a process of its own, start-up included, medians of "
        f"{bench.repeats}; the peak is the highest resident memory of the process."
    )
    return Part(f"(e) Scaling at {quality}", SIZE_HEADS, rows, note, samples)


def size_rows(runs: Dict[int, Spent]) -> List[List[float]]:
    """A row a side: a size's seconds per megapixel stand beside the first's."""
    rows, first = [], None
    for side, run in runs.items():
        pace = run.seconds / (side**2 / MEGA)
        first = first or pace
        peak = run.peak_bytes / MIB
        rows.append([side**2 / MEGA, run.seconds, pace, pace / first, run.cpu_seconds, peak])
    return rows


def _words(bench: Bench, rgb: Path, output: Path, quality: str) -> List[str]:
    words = ["upsample", str(rgb), str(output), "--model", str(bench.model), "--quality", quality]
    words += ["--threads", str(bench.threads), "--device", "cpu"]
    return [*words, "--no-resume", "--overwrite"]


def _repeat(words: List[str], repeats: int) -> List[Spent]:
    return [run_timed([sys.executable, "-m", "model_runtime", *words]) for _ in range(repeats)]


def _speed(runs: List[Spent], side: int) -> List[float]:
    seconds = median(run.seconds for run in runs)
    return [seconds, side**2 / MEGA / seconds, median_of(runs).cpu_seconds]


def _shares(words: List[str], bench: Bench) -> List[str]:
    """The shares of threads x seconds in denoisers, in condition encoders and outside both."""
    with network_seconds() as inside:
        since = time.perf_counter()
        if code := runtime.main(words):
            sys.exit(f"{' '.join(words)} ended with {code}")
        whole = (time.perf_counter() - since) * bench.threads
    denoisers, encoders = inside["denoiser"] / whole, inside["encoder"] / whole
    return [f"{share:.1%}" for share in (denoisers, encoders, 1 - denoisers - encoders)]


@contextmanager
def network_seconds() -> Iterator[Dict[str, float]]:
    """Thread-seconds in passes of ``denoiser`` and ``encoder`` networks while it is open."""
    inside, lock, plain = {"denoiser": 0.0, "encoder": 0.0}, threading.Lock(), CpuNetwork.__call__

    def run_and_time(network: CpuNetwork, **feeds):
        since = time.perf_counter()
        try:
            return plain(network, **feeds)
        finally:
            taken = (time.perf_counter() - since) * threads_of(network)
            with lock:
                inside["denoiser" if "x" in feeds else "encoder"] += taken

    of_graph = SampleGraph._run

    def run_graph(graph: SampleGraph, *given):
        since = time.perf_counter()
        try:
            return of_graph(graph, *given)
        finally:
            with lock:
                inside["denoiser"] += time.perf_counter() - since

    CpuNetwork.__call__, SampleGraph._run = run_and_time, run_graph
    try:
        yield inside
    finally:
        CpuNetwork.__call__, SampleGraph._run = plain, of_graph


def threads_of(network: CpuNetwork) -> int:
    """Threads that work inside one pass."""
    options = network._session.get_session_options()
    return options.intra_op_num_threads or os.cpu_count() or 1
