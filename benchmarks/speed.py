"""How fast it is: the runtime beside plain torch, a one-shot network and the machine's ceiling.

    python benchmarks/speed.py [--only a b c d e] [--model DIR] [--picture FILE]
        [--rival ONNX] [--repeats N] [--threads N] [--side PX] [--sides PX ...]
        [--markdown PATH] [--json PATH]

(a) the released network at full size; (b) the embedded model at each quality; (c) beside a one-shot
network of MST++'s cost; (d) of the machine's matrix product; (e) by the picture's size. The figures
are those of a machine that does nothing else: the load before the run is printed with them.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import speed_command
import speed_engine
import speed_released
from speed_clock import Bench
from speed_report import Part, heading, machine_facts, markdown, whole

from model_runtime.errors import ScdmError
from model_runtime.package import embedded
from model_runtime.system import hardware

PARTS = {
    "a": speed_released.part,
    "b": speed_command.qualities,
    "c": speed_engine.beside_one_shot,
    "d": speed_engine.engine,
    "e": speed_command.sizes,
}


def parse(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help="a to e (all)"
    )
    add("--model", help="model package of b to e (the embedded one)")
    add("--picture", type=Path, help="8-bit RGB of b and e, mirrored on (a texture)")
    add(
        "--rival",
        type=Path,
        help="ONNX graph of a real one-shot network, for c (docs/measurements/speed.md)",
    )
    add("--repeats", type=int, default=3, help="runs of which the median counts (3)")
    add("--threads", type=int, default=0, help="processor threads (0: all cores)")
    add("--side", type=int, default=1000, help="pixels per side in b (1000: a megapixel)")
    add("--sides", type=int, nargs="+", default=[500, 1000, 2000, 4000], help="their sides in e")
    add("--markdown", type=Path, help="also write the tables here")
    add("--json", type=Path, help="also write all figures here")
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code."""
    options = parse(argv)
    threads = options.threads or hardware.cores()
    model, sides = embedded.package_folder(options.model).resolve(), tuple(options.sides)
    bench = Bench(
        model, options.picture, threads, options.repeats, options.side, sides, options.rival
    )
    facts, parts = machine_facts(threads), {}
    print(heading(facts), flush=True)
    try:
        for name in options.only:
            parts[name] = PARTS[name](bench)
            print(markdown(parts[name]), flush=True)
            _keep(options, facts, parts)  # a later part's failure costs only itself
    except ScdmError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _keep(options: argparse.Namespace, facts: Dict[str, Any], parts: Dict[str, Part]) -> None:
    if options.markdown:
        tables = "\n".join([heading(facts), *(markdown(part) for part in parts.values())])
        options.markdown.write_text(tables, encoding="utf-8")
    if options.json:
        content = json.dumps(whole(parts, facts), indent=1)
        options.json.write_text(content + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
