"""Graphs of whole samples for a package: ``python training/add_sample_graphs.py MODEL_DIR``.

``training/export.py`` writes them by itself; this is for packages of before, and after a change of
a package's qualities. Only ``model.json`` and the graphs change.
"""

import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence

sys.path[0] = str(Path(__file__).resolve().parents[1])

from model_runtime.package import manifest
from training import cli
from training.graphs.write_sample_graphs import with_sample_graphs


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, 3 a graph that differs)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="the package's folder")
    args = parser.parse_args(argv)

    def work() -> None:
        lines: List[str] = []
        with_sample_graphs(args.model, manifest.read(args.model), lines).write(args.model)
        print("\n".join(lines))

    return cli.run(work)


if __name__ == "__main__":
    sys.exit(main())
