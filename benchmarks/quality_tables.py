"""Tables of the quality benchmark as Markdown and JSON."""

from dataclasses import dataclass
from typing import Any, Dict, List, Sequence

import numpy as np
from quality_bench import Table


@dataclass(frozen=True)
class Column:
    """A figure's name, its title in the table, and how many digits it has."""

    name: str
    title: str
    digits: int
    percent: bool = False

    def cell(self, row: Dict[str, float]) -> str:
        """The figure of ``row``; a dash where there is none."""
        value = row.get(self.name, float("nan"))
        if not np.isfinite(value):
            return "–"
        return f"{100 * value:.{self.digits}f} %" if self.percent else f"{value:.{self.digits}f}"


def markdown(title: str, table: Table, columns: Sequence[Column]) -> str:
    """A line for each row and method of ``table``."""
    rows = [
        [name, method, *(column.cell(figures) for column in columns)]
        for name, methods in table.items()
        for method, figures in methods.items()
    ]
    return lines([[title, "Method", *(column.title for column in columns)], *rows])


def side_by_side(title: str, table: Table, column: Column) -> str:
    """One figure: a line for each row of ``table``, a column for each method."""
    methods = list(next(iter(table.values())))
    rows = [
        [name, *(column.cell(row[method]) for method in methods)] for name, row in table.items()
    ]
    return lines([[f"{title}, {column.title}", *methods], *rows])


def lines(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells, the first the heads, as a Markdown table."""
    heads, *rest = rows
    every: List[Sequence[str]] = [heads, ["---"] * len(heads), *rest]
    return "\n".join(f"| {' | '.join(row)} |" for row in every)


def without_nan(value: Any) -> Any:
    """``value`` for JSON, which knows no NaN: a figure that does not exist is null."""
    if isinstance(value, dict):
        return {name: without_nan(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and not np.isfinite(value) else value
