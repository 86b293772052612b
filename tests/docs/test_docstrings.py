"""Docstrings of model_runtime have the form of CONTRIBUTING: lines for Returns and Raises.

Folders come in as they are brought into that form.
"""

import ast

import pytest
from pages import ROOT

RUNTIME = ROOT / "model_runtime"
IN_FORM = (
    *("spectra", "system", "journal", "package", "raster", "diffusion"),
    *("tiling.py", "events.py", "errors.py"),
)


def files():
    """The files that are in form."""
    for name in IN_FORM:
        place = RUNTIME / name
        yield from sorted(place.rglob("*.py")) if place.is_dir() else [place]


def functions(tree, prefix=""):
    """(name, function) of each public function and method; properties say what they are."""
    for node in ast.iter_child_nodes(tree):
        public = not getattr(node, "name", "_").startswith("_")
        if public and isinstance(node, ast.ClassDef):
            yield from functions(node, f"{node.name}.")
        elif public and isinstance(node, ast.FunctionDef) and not node.decorator_list:
            yield prefix + node.name, node


def returns_something(function):
    """Whether the signature says so."""
    return function.returns is not None and ast.unparse(function.returns) != "None"


def raised(function):
    """The errors of the project that the function itself raises."""
    names = {
        node.exc.func.id
        for node in ast.walk(function)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
    }
    return {name for name in names if name.endswith("Error")}


@pytest.mark.parametrize("path", list(files()), ids=lambda path: str(path.relative_to(RUNTIME)))
def test_what_is_returned_and_raised_stands_in_lines_of_its_own(path):
    wrong = []
    for name, function in functions(ast.parse(path.read_text(encoding="utf-8"))):
        text = ast.get_docstring(function) or ""
        lines = {line.partition(":")[0] for line in text.splitlines()}
        if returns_something(function) and "Returns" not in lines:
            wrong.append(f"{name}: Returns")
        if any(error not in text for error in raised(function)) or (
            raised(function) and "Raises" not in lines
        ):
            wrong.append(f"{name}: Raises")
    assert wrong == []
