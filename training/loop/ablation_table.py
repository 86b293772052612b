"""The table of an ablation, as Markdown."""

from dataclasses import dataclass
from statistics import mean, stdev
from typing import Dict, List, Sequence

MEASURES = {"rmse": ("RMSE", 4), "psnr": ("PSNR dB", 2), "sam_degrees": ("SAM°", 2)}


@dataclass(frozen=True)
class Row:
    """One way to sample or to train: what it gave in each group of scenes, and what it cost.

    ``scores``: {group: {measure: a value for each training}}; ``evaluations`` of denoisers per
    pixel; ``seconds`` of processor time for all scenes.
    """

    name: str
    scores: Dict[str, Dict[str, List[float]]]
    evaluations: int
    seconds: float


def markdown(rows: Sequence[Row]) -> str:
    """The rows under one head; ± is the standard deviation of several trainings."""
    groups = list(rows[0].scores)
    head = [f"{group}: {title}" for group in groups for title, _ in MEASURES.values()]
    lines = [["", *head, "Evaluations per pixel", "CPU s"]]
    lines.append(["---", *["---:"] * (len(head) + 2)])
    lines += [_cells(row, groups) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row, groups: Sequence[str]) -> List[str]:
    figures = [
        _figure(row.scores[group][measure], digits)
        for group in groups
        for measure, (_, digits) in MEASURES.items()
    ]
    return [row.name, *figures, str(row.evaluations), f"{row.seconds:.1f}"]


def _figure(values: Sequence[float], digits: int) -> str:
    said = f"{mean(values):.{digits}f}"
    return said if len(values) < 2 else f"{said} ± {stdev(values):.{digits}f}"
