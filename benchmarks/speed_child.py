"""Runs a command and prints as JSON what it took: seconds, processor seconds, peak bytes.

A small process of its own, of the standard library alone: Linux counts a child's peak memory from
its parent's, and the benchmark's process holds networks.
"""

import json
import os
import subprocess
import sys
import time
from typing import Sequence


def main(words: Sequence[str]) -> int:
    """Run ``words``; returns the command's exit code."""
    since = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    spent = {
        "seconds": time.monotonic() - since,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
    }
    print(json.dumps(spent))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
