"""Kills ``upsample`` at random moments and lets it go on: what a run leaves, and what it ends in.

    python tests/end_to_end/killing.py INPUT FOLDER [--kills 50] [--model DIR] [OPTION ...]

prints a line a kill; FOLDER is made and has to be new. Ends with 1 when a resumed output differs
from the unbroken one by a byte, or a half file bore the final name.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """One killed run and the one after it.

    ``after`` seconds; ``killed`` False where it had ended by itself; ``blocks`` that were finished;
    ``half`` a final name with other content; ``reused`` blocks; ``same`` as the unbroken output.
    """

    after: float
    killed: bool
    blocks: int
    half: bool
    reused: Optional[int]
    same: bool


def start(words: Sequence[str], folder: Path) -> subprocess.Popen:
    """The runtime, in ``folder``, its events to be read."""
    return subprocess.Popen(
        [sys.executable, "-m", "model_runtime", *map(str, words), "--events"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def last_event(words: Sequence[str], folder: Path) -> dict:
    """Run to the end; the last event. Raises RuntimeError when it fails."""
    process = start(words, folder)
    out, err = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"exit {process.returncode}: {out[-500:]} {err[-2000:]}")
    return json.loads(out.splitlines()[-1])


def run_killed(words: Sequence[str], folder: Path, after: float) -> bool:
    """Start, and kill ``after`` seconds; False where it had ended before."""
    process = start(words, folder)
    try:
        process.communicate(timeout=after)
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True


def contents(folder: Path) -> Dict[str, bytes]:
    """Every file of ``folder`` by name, folders as such."""
    return {path.name: path.read_bytes() if path.is_file() else b"/" for path in folder.iterdir()}


def one_kill(words: Sequence[str], output: Path, whole: Dict[str, bytes], after: float) -> Outcome:
    """Kill a run of ``words`` for ``output``, then let the same run end."""
    folder, journal = output.parent, Path(f"{output}.blocks")
    killed = run_killed(words, folder, after)
    found = contents(folder)
    half = any(found[name] != whole[name] for name in found.keys() & whole.keys())
    blocks = len(list(journal.glob("*.block")))
    if output.exists() and not (journal / "ending").exists():  # the run was over
        start(words, folder).communicate()  # it refuses to replace the output, and tidies up
        return Outcome(after, killed, blocks, half, None, contents(folder) == whole)
    reused = last_event(words, folder)["reused"]
    return Outcome(after, killed, blocks, half, reused, contents(folder) == whole)


def kills(source: Path, folder: Path, count: int, options: List[str], seed: int = 0):
    """The outcomes of ``count`` kills at moments spread at random over a whole run."""
    chance = random.Random(seed)
    (folder / "whole").mkdir(parents=True)
    whole = folder / "whole" / "o.tif"
    since = time.monotonic()
    last_event(["upsample", source, whole, *options], whole.parent)
    lasts = time.monotonic() - since
    content = contents(whole.parent)
    for i in range(count):
        output = folder / str(i) / "o.tif"
        output.parent.mkdir()
        words = ["upsample", source, output, *options]
        yield one_kill(words, output, content, chance.uniform(0.05, 1.05) * lasts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    args, options = parser.parse_known_args()
    outcomes = []
    for outcome in kills(args.input.resolve(), args.folder, args.kills, options, args.seed):
        outcomes.append(outcome)
        print(outcome, flush=True)
    same, half = sum(o.same for o in outcomes), sum(o.half for o in outcomes)
    working = sum(o.blocks > 0 for o in outcomes)
    print(
        f"{len(outcomes)} kills, {sum(o.killed for o in outcomes)} of a running process, "
        f"{working} with finished blocks: {same} identical, {half} half-written"
    )
    return 0 if same == len(outcomes) and not half else 1


if __name__ == "__main__":
    sys.exit(main())
