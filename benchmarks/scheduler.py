"""What Dask's scheduler takes for a work unit: empty tasks through a real scheduler.

    python benchmarks/scheduler.py [--tasks 1000000] [--workers 1] [--side 464]

They go the way that ``upsample --cluster`` sends its units: the same calls, the same bound on what
is under way, arguments of the same size. Prints a line for every fiftieth: milliseconds per unit by
the clock, of processor time in client and scheduler (one process here) and in the workers, and
their memory; at
the end the side of a unit that keeps the overhead below 2 % for several speeds of a worker.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from reckoning import least_side  # noqa: E402

from model_runtime import tiling  # noqa: E402
from model_runtime.executors import dask_pool  # noqa: E402
from model_runtime.system import hardware  # noqa: E402

LINES = 50
# Pixels per second of one worker, from a slow core to a fast GPU.
SPEEDS = (1e3, 1e4, 1e5, 1e6)


def nothing(spec: str, unit: tiling.Unit) -> tuple:
    """Stand for making a unit."""
    return True, ()


def items(count: int, side: int):
    """``count`` units of ``side`` pixels as upsample names and sends them."""
    spec = "x" * 1500  # what a RunSpec takes, pickled
    layout = tiling.Layout(side, side * count, tiling.Window(0, 0, side, side), side, 2, 0, 0)
    (piece,) = layout.pieces()
    (unit,) = piece.units
    return ((f"0_{i}", (spec, unit)) for i in range(count))


def workers_seconds() -> float:
    """Processor seconds of this process's children so far: the workers'."""
    taken = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return sum(times.user + times.system for times in taken)


def processor_seconds(pool: dask_pool.Pool, count: int, side: int) -> float:
    """Seconds of processor time that client, scheduler and workers take for ``count`` units."""

    def now() -> np.ndarray:
        return np.array([time.monotonic(), time.process_time(), workers_seconds()])

    since, taken = now(), np.zeros(3)
    for i, _ in enumerate(pool.each(nothing, items(count, side)), start=1):
        if i % max(1, count // LINES) == 0:
            taken = now() - since
            clock, here, there = 1e3 * taken / i
            print(
                f"{i} units, each {clock:.3f} ms; processor: client and scheduler {here:.3f} ms, "
                f"workers {there:.3f} ms; {hardware.resident() / 2**20:.0f} MiB",
                flush=True,
            )
    return taken[1] + taken[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--side", type=int, default=464)
    args = parser.parse_args()
    with dask_pool.open_pool(f"local:{args.workers}") as pool:
        seconds = processor_seconds(pool, args.tasks, args.side)
    overhead = seconds / args.tasks
    print(f"{args.tasks} units: {1e3 * overhead:.3f} ms of processor time per unit")
    for speed in SPEEDS:
        print(f"{speed:.0e} pixels/s: side {least_side(overhead, speed):.0f} and more")


if __name__ == "__main__":
    main()
