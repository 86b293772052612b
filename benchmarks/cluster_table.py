"""What more workers bring: one picture by 1, 2, 4 ... local workers, and whether it stays the same.

    python benchmarks/cluster_table.py RGB [--workers 0,1,2,4] [--side PX] [--vrt] [--kill]
        [OPTION ...]

0 workers is one machine without a cluster. A run may use as many cores as it has workers, where
there are so many. ``--side``: of a picture of RGB, mirrored on; without it, RGB as it is.
``--vrt``: the workers put sheets together, else the client one GeoTIFF. ``--kill`` ends a worker by
SIGKILL after a third of the tiles. Options go to ``upsample``. A line each: seconds of the run, how
much faster that is than the first run of workers, processor seconds of the client and of its
workers, and the pixels' checksum. Ends with 1 when pixels differ.
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import psutil
from osgeo import gdal

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import speed_picture  # noqa: E402

HEADS = ("workers", "cores", "seconds", "speed-up", "client s", "workers s", "pixels")
gdal.UseExceptions()


def workers_of(process: subprocess.Popen) -> List[psutil.Process]:
    """The worker processes of a run."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if _is_worker(child)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return False


def seconds_of(process: psutil.Process) -> float:
    """Processor seconds so far; 0 for one that is gone."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def measure(words: List[str], kill: bool) -> Dict[str, float]:
    """Run ``words``; seconds of the run, of the client and of the workers."""
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    client, taken = psutil.Process(process.pid), {}
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "progress":
            taken["client"] = seconds_of(client)
            taken.update({w.pid: seconds_of(w) for w in workers_of(process)})
            if kill and 3 * event["done"] >= event["total"] > 0:
                kill = False
                workers_of(process)[0].send_signal(signal.SIGKILL)
                print("a worker was killed", flush=True)
        if event["event"] == "done":
            taken["client"], taken["run"] = seconds_of(client), event["seconds"]
    if process.wait() != 0:
        raise RuntimeError(f"exit {process.returncode}")
    run, client_seconds = taken.pop("run"), taken.pop("client")
    return {"run": run, "client": client_seconds, "workers": sum(taken.values())}


def checksum(path: Path) -> str:
    """Of all pixels of all bands."""
    dataset, digest = gdal.Open(str(path)), hashlib.sha256()
    for number in range(1, dataset.RasterCount + 1):
        digest.update(dataset.GetRasterBand(number).ReadAsArray().tobytes())
    return digest.hexdigest()[:16]


def words_of(source: Path, output: Path, count: int, options: List[str]) -> List[str]:
    """The command of a run of ``count`` workers."""
    where = ["--cluster", f"local:{count}"] if count else []
    words = [sys.executable, "-m", "model_runtime", "upsample", str(source), str(output)]
    return [*words, "--events", *where, *options]


def rows(args, options: List[str], folder: Path) -> Iterator[Tuple]:
    """The table's, of one run after the other."""
    cores, source, first = sorted(os.sched_getaffinity(0)), args.rgb.resolve(), None
    if args.side:
        source = speed_picture.write(folder / "picture.tif", args.side, source)
    for count in map(int, args.workers.split(",")):
        output = folder / f"{count}{'.vrt' if args.vrt else '.tif'}"
        own = cores[: max(1, count)]
        os.sched_setaffinity(0, own)  # the run inherits it
        taken = measure(words_of(source, output, count, options), args.kill and count > 0)
        first = first or (taken["run"] if count else None)
        faster = f"{first / taken['run']:.2f}" if first else ""
        seconds = (f"{taken[name]:.1f}" for name in ("client", "workers"))
        yield count, len(own), f"{taken['run']:.1f}", faster, *seconds, checksum(output)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rgb", type=Path)
    parser.add_argument("--workers", default="0,1,2,4")
    parser.add_argument("--side", type=int)
    parser.add_argument("--vrt", action="store_true")
    parser.add_argument("--kill", action="store_true")
    args, options = parser.parse_known_args()
    sums = set()
    print(f"| {' | '.join(HEADS)} |\n|{'---:|' * len(HEADS)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(args, options, Path(folder)):
            print(f"| {' | '.join(map(str, row))} |", flush=True)
            sums.add(row[-1])
    return 0 if len(sums) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
