"""What more workers bring: one picture by 1, 2, 4 ... local workers, and whether it stays the same.

    python tests/benchmarks/cluster_table.py RGB [--workers 0,1,2,4] [--kill] [OPTION ...]

0 workers is one machine without a cluster. Options go to ``upsample``. A line each: seconds of the
run, processor seconds of the client (it assembles) and of its workers, and the pixels' checksum.
``--kill`` ends a worker by SIGKILL after a third of the tiles. Ends with 1 when pixels differ.
"""

import argparse
import hashlib
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

import psutil
from osgeo import gdal

ROOT = Path(__file__).resolve().parents[2]
gdal.UseExceptions()


def workers_of(process: subprocess.Popen) -> List[psutil.Process]:
    """The worker processes of a run."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def seconds_of(process: psutil.Process) -> float:
    """Processor seconds so far; 0 for one that is gone."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def measured(words: List[str], kill: bool) -> Dict[str, float]:
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rgb", type=Path)
    parser.add_argument("--workers", default="0,1,2,4")
    parser.add_argument("--kill", action="store_true")
    args, options = parser.parse_known_args()
    sums = set()
    with tempfile.TemporaryDirectory() as folder:
        for count in map(int, args.workers.split(",")):
            output = Path(folder) / f"{count}.tif"
            where = ["--cluster", f"local:{count}"] if count else []
            words = [sys.executable, "-m", "model_runtime", "upsample", str(args.rgb.resolve())]
            taken = measured(
                [*words, str(output), "--events", *where, *options], args.kill and count > 0
            )
            sums.add(checksum(output))
            print(
                f"{count} workers: {taken['run']:.1f} s, processor: client {taken['client']:.1f} s,"
                f" workers {taken['workers']:.1f} s, pixels {checksum(output)}",
                flush=True,
            )
    return 0 if len(sums) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
