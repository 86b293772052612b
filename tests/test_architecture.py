"""The order of folders: imports go down only, and what argparse gives stays at the top.

docs/architecture.md says what each folder is for. Read from the source, not from a run.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# From the top down; a folder or file imports from the lines below its own.
ORDER = {
    "model_runtime": """
        __main__
        commands api
        executors
        batch
        pipeline
        diffusion report
        journal raster
        spectra
        system events package
        errors
        contract tiling __init__
    """,
    "training": """
        train ablate average distill export add_sample_graphs calibrate fit_truncation \
        prepare import_reference simulate_vegetation simulate_water convert_float16
        graphs
        loop
        package data
        networks
        config
        band_rules cli __init__
    """,
}
MOST_ROOMS = 16  # below the commands, which users call by their names


def floors(package):
    """{folder or file: its line in ORDER, from 0 at the top}."""
    lines = ORDER[package].strip().splitlines()
    return {name: number for number, line in enumerate(lines) for name in line.split()}


def modules(package):
    """{dotted name: syntax tree} of all modules of ``package``."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def imports(package):
    """{module: the modules of the same package that it imports anywhere}."""
    known, edges = modules(package), {}
    for name, tree in known.items():
        folder = (ROOT / Path(*name.split("."))).is_dir()
        inside = name.split(".") if folder else name.split(".")[:-1]
        edges[name] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                up = inside[: len(inside) - node.level + 1] if node.level else []
                base = [*up, *(node.module.split(".") if node.module else [])]
                edges[name] |= {_module([*base, alias.name], known) for alias in node.names}
        edges[name] -= {None, name}
    return edges


def _module(parts, known):
    while parts and ".".join(parts) not in known:
        parts = parts[:-1]
    return ".".join(parts) or None


def room(name):
    """The folder or file of the package that holds a module."""
    return (name.split(".") + ["__init__"])[1]


@pytest.mark.parametrize("package", ORDER)
def test_imports_go_down(package):
    floor = floors(package)
    up = [
        f"{module} imports {other}"
        for module, others in imports(package).items()
        for other in others
        if room(other) != room(module) and floor[room(other)] <= floor[room(module)]
    ]
    assert up == []


@pytest.mark.parametrize("package", ORDER)
def test_no_file_imports_itself_by_way_of_others(package):
    edges, state = imports(package), {}

    def visit(module, way):
        assert state.get(module) != "open", " -> ".join([*way, module])
        if module not in state:
            state[module] = "open"
            for other in sorted(edges[module]):
                visit(other, [*way, module])
            state[module] = "done"

    for module in edges:
        visit(module, [])


@pytest.mark.parametrize("package", ORDER)
def test_every_room_has_its_place_and_they_are_few(package):
    rooms = {room(name) for name in modules(package)}
    assert rooms <= set(floors(package))
    commands = ORDER[package].strip().splitlines()[0].split()
    assert len(rooms - {"__init__", *commands}) <= MOST_ROOMS


def test_what_argparse_gives_stays_in_the_commands():
    """Below them options have types: no parameter is called args, and nothing is a Namespace."""
    wrong = []
    for name, tree in modules("model_runtime").items():
        if room(name) in ("commands", "__main__"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.Lambda)) and "args" in _parameters(node):
                wrong.append(f"{name}:{node.lineno}: args")
            if isinstance(node, (ast.Import, ast.ImportFrom)) and "argparse" in ast.dump(node):
                wrong.append(f"{name}:{node.lineno}: argparse")
    assert wrong == []


def _parameters(function):
    every = (function.args.posonlyargs, function.args.args, function.args.kwonlyargs)
    return [parameter.arg for kind in every for parameter in kind]


def test_one_type_is_called_window():
    named = [
        f"{name}.{node.name}"
        for package in ORDER
        for name, tree in modules(package).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name == "Window"
    ]
    aliases = [
        f"{name}:{node.lineno}"
        for package in ORDER
        for name, tree in modules(package).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "Window"
    ]
    assert (named, aliases) == (["model_runtime.tiling.Window"], [])
