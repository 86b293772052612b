"""The GPU benchmark's one JSON and one table, with the targets beside what was found."""

import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from gpu_settings import values_of
from speed_report import text

HEADS = ("part", "what", "value", "unit", "target", "note")
# (part, what): at least this much on a GPU. Released steps: this many times eager torch's rate.
TARGETS = {
    ("tiles", "fast"): 20.0,
    ("tiles", "balanced"): 5.0,
    ("profile", "fast, in kernels"): 50.0,
    ("profile", "balanced, in kernels"): 50.0,
}
RELEASED_TARGET = 5.0
NO_GPU = "Of a processor: this run shows that the script works, not how fast a GPU is."


def write(folder: Path, whole: Dict[str, Any]) -> Tuple[Path, Path]:
    """Write gpu_bench.json and gpu_bench.md; returns their paths."""
    table, data = folder / "gpu_bench.md", folder / "gpu_bench.json"
    data.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    table.write_text(markdown(whole), encoding="utf-8")
    return data, table


def markdown(whole: Dict[str, Any]) -> str:
    """All that was found as one table."""
    facts = ", ".join(f"{name} {fact}" for name, fact in whole["machine"].items())
    lines = [f"# GPU benchmark\n\n{facts}\n\n`{whole['command']}`, {whole['date']}\n"]
    if whole["machine"]["provider"] == "cpu":
        lines.append(f"{NO_GPU}\n")
    rule = ["---", "---", "---:", "---", "---:", "---"]
    for row in [HEADS, rule, *_rows(whole)]:
        lines.append(f"| {' | '.join(row)} |")
    lines += ["", *(f"- {line}" for line in whole["installed"])]
    return "\n".join(lines) + "\n"


def _rows(whole: Dict[str, Any]) -> List[List[str]]:
    made = []
    for name, part in whole["parts"].items():
        for row in part["rows"]:
            on_gpu = whole["machine"]["provider"] == "cuda"
            target = _target(name, row, part["rows"]) if on_gpu else ""
            note = f"failed: {row['error']}" if row["error"] else row["note"]
            value = "" if row["value"] is None else text(row["value"])
            made.append([name, row["what"], value, row["unit"], target, note.replace("|", "/")])
        if part["error"]:
            made.append(
                [name, "the part", "", "", "", f"failed: {part['error']}".replace("|", "/")]
            )
    mst = whole["parts"].get("mst", {"rows": []})["rows"]
    made += _against_mst(mst, whole["parts"].get("tiles", {"rows": []})["rows"])
    return made


def _target(part: str, row: Dict[str, Any], rows: List[Dict[str, Any]]) -> str:
    goal: Optional[float] = TARGETS.get((part, row["what"]))
    if part == "released" and row["what"].startswith("guided step") and "torch" not in row["what"]:
        eager = values_of(rows).get("guided step, torch eager")
        goal = None if eager is None else RELEASED_TARGET * eager
    if goal is None:
        return ""
    reached = row["value"] is not None and row["value"] >= goal
    return f"{text(goal)}, {'reached' if reached else 'not reached'}"


def _against_mst(rows: List[Dict[str, Any]], tiles: List[Dict[str, Any]]) -> List[List[str]]:
    """How many times as fast as the fastest MST++ each quality is."""
    best = max(values_of(rows).values(), default=None)
    ours = {what: value for what, value in values_of(tiles).items() if "torch" not in what}
    if not best:
        return []
    return [
        ["mst", f"{what} over the fastest MST++", text(value / best), "times", "", ""]
        for what, value in ours.items()
    ]
