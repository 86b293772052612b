"""Docstrings of model_runtime have the form of CONTRIBUTING: Returns, Raises and shapes."""

import ast
import re

import pytest
from pages import ROOT

RUNTIME = ROOT / "model_runtime"
# Of the form that they had before: "..., which raises X", ". Raises X." inside a paragraph.
RAISES_IN_PROSE = re.compile(r"[;,.] raises ", re.IGNORECASE)

# (bands, rows, cols), (bands,), (wavelengths, ...), (...), or "in the same shape".
SHAPE = re.compile(r"\((\.\.\.|[\w -]+,[\w ,.-]*)\)|\bshape\b")


def functions(tree, prefix=""):
    """(name, function) of each public function and method; properties say what they are."""
    for node in ast.iter_child_nodes(tree):
        public = not getattr(node, "name", "_").startswith("_")
        if public and isinstance(node, ast.ClassDef):
            yield from functions(node, f"{node.name}.")
        elif public and isinstance(node, ast.FunctionDef) and not is_property(node):
            yield prefix + node.name, node


def is_property(function):
    """Whether it is read as an attribute."""
    return "property" in map(ast.unparse, function.decorator_list)


def overriding(tree):
    """Names of the methods of derived classes: what they do may stand in the base class."""
    return {
        f"{node.name}.{method.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.bases
        for method in node.body
        if isinstance(method, ast.FunctionDef)
    }


def returns_something(function):
    """Whether the signature says so; a context may give nothing to its ``with`` statement."""
    nothing = ("None", "Iterator[None]")
    return function.returns is not None and ast.unparse(function.returns) not in nothing


def signature(function):
    """Its parameters and what it returns, as text."""
    returned = ast.unparse(function.returns) if function.returns else ""
    return f"{ast.unparse(function.args)} {returned}"


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


def of_all_files(test):
    """Run ``test`` for each file of the runtime."""
    paths = sorted(RUNTIME.rglob("*.py"))
    names = [str(path.relative_to(RUNTIME)) for path in paths]
    return pytest.mark.parametrize("path", paths, ids=names)(test)


@of_all_files
def test_what_is_returned_and_raised_stands_in_lines_of_its_own(path):
    wrong, tree = [], ast.parse(path.read_text(encoding="utf-8"))
    for name, function in functions(tree):
        text = ast.get_docstring(function) or ""
        if not text and name not in overriding(tree):
            wrong.append(f"{name}: no docstring")
        if RAISES_IN_PROSE.search(text):
            wrong.append(f"{name}: Raises in its prose")
        lines = {line.partition(":")[0] for line in text.splitlines()}
        if returns_something(function) and "Returns" not in lines:
            wrong.append(f"{name}: Returns")
        if any(error not in text for error in raised(function)) or (
            raised(function) and "Raises" not in lines
        ):
            wrong.append(f"{name}: Raises")
    assert wrong == []


@of_all_files
def test_functions_on_arrays_give_shapes(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    without = [
        name
        for name, function in functions(tree)
        if "np.ndarray" in signature(function)
        and name not in overriding(tree)
        and not SHAPE.search(re.sub(r"\s+", " ", ast.get_docstring(function) or ""))
    ]
    assert without == []
