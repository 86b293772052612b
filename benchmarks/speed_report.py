"""The speed benchmark's tables, as Markdown and as JSON."""

import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple, Union

Cell = Union[str, int, float]


@dataclass(frozen=True)
class Part:
    """One table; ``note`` says how its figures are defined, ``samples`` holds what was timed."""

    title: str
    heads: Tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    note: str
    samples: Dict[str, List[float]] = field(default_factory=dict)


def text(value: Cell) -> str:
    """A cell: numbers with three digits that count, and never an exponent above 1."""
    if not isinstance(value, float):
        return str(value)
    if value and abs(value) < 1e-3:
        return f"{value:.1e}"
    before_point = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    leading_zeros = 0 if value == 0 or abs(value) >= 0.1 else 1 if abs(value) >= 0.01 else 2
    return f"{value:.{max(0, 3 - before_point) + leading_zeros}f}"


def markdown(part: Part) -> str:
    """The part as a heading, its table and its note."""
    rule = ["---", *["---:"] * (len(part.heads) - 1)]
    lines = [part.heads, rule, *([text(cell) for cell in row] for row in part.rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## {part.title}\n\n{table}\n\n{part.note}\n"


def heading(machine: Dict[str, Any]) -> str:
    """What the figures hold for, in a line."""
    facts = ", ".join(f"{name} {fact}" for name, fact in machine.items())
    return f"# Speed\n\n{facts}\n"


def whole(parts: Dict[str, Part], machine: Dict[str, Any]) -> Dict[str, Any]:
    """All that was measured, for JSON."""
    return {"machine": machine, "parts": {name: asdict(part) for name, part in parts.items()}}


def machine_facts(threads: int) -> Dict[str, Any]:
    """What the figures hold for; the load tells whether anything else was running."""
    import onnxruntime
    import torch

    return {
        "processor": _processor(),
        "threads": threads,
        "onnxruntime": onnxruntime.__version__,
        "torch": torch.__version__,
        "load_before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor() or platform.machine()
