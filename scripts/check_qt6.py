"""Looks up every Qt name of the plugin in PyQt6: ``check_qt6.py`` with a Python that has PyQt6.

No QGIS is needed: what is imported from qgis.PyQt, and each Class.Enumeration.MEMBER and
Class.method of it, must be there. QGIS's own classes are not looked at.
"""

import ast
import importlib
import sys
from pathlib import Path
from typing import Dict, Iterator, List

ROOT = Path(__file__).resolve().parent.parent / "scdm_qgis"
PREFIX = "qgis.PyQt."
# qgis.PyQt puts them where Qt 5 has them.
PLACED = {("QtWidgets", name): "QtGui" for name in ("QAction", "QActionGroup", "QShortcut")}


def find_imports(tree: ast.AST) -> Dict[str, tuple]:
    """Local name: (Qt module, name in it)."""
    return {
        alias.asname or alias.name: (node.module[len(PREFIX) :], alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PREFIX)
        for alias in node.names
    }


def chains(tree: ast.AST) -> Iterator[List[str]]:
    """Dotted names such as ["Qt", "DockWidgetArea", "RightDockWidgetArea"]."""
    for node in ast.walk(tree):
        names: List[str] = []
        while isinstance(node, ast.Attribute):
            names, node = [node.attr, *names], node.value
        if isinstance(node, ast.Name):
            yield [node.id, *names]


def missing(tree: ast.AST) -> Iterator[str]:
    """What the file of ``tree`` uses and PyQt6 lacks."""
    known = find_imports(tree)
    for names in {tuple(names) for names in chains(tree)} | {(name,) for name in known}:
        if names[0] not in known:
            continue
        module, name = known[names[0]]
        found = importlib.import_module(f"PyQt6.{PLACED.get((module, name), module)}")
        for step in (name, *names[1:]):
            if not hasattr(found, step):
                yield ".".join((f"PyQt6.{module}", name, *names[1:]))
                break
            found = getattr(found, step)


def main() -> int:
    """Print what is missing; 1 when something is."""
    count, wrong = 0, []
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        count += len(find_imports(tree))
        wrong += [f"{path.relative_to(ROOT)}: {name}" for name in missing(tree)]
    print("\n".join([*wrong, f"{count} imported Qt names looked up, {len(wrong)} not in PyQt6"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
