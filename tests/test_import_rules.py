"""Which room may import what, and what no room may do: read from the source, not from a run."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("scdm_qgis", "model_runtime", "training")
STDLIB = set(sys.stdlib_module_names) if sys.version_info >= (3, 10) else None

ALLOWED = {
    "scdm_qgis": {"qgis", "processing", "numpy", "osgeo", "matplotlib", "scdm_qgis"},
    "model_runtime": {
        "numpy",
        "onnxruntime",
        "osgeo",
        "psutil",
        "dask",
        "distributed",
        "xarray",
        "model_runtime",
    },
}
# Third-party modules that only these files or folders may import.
ONLY_IN = {
    "model_runtime": {
        "onnxruntime": ["diffusion/onnx_session.py"],
        "osgeo": ["raster/gdal_setup.py"],
        "psutil": ["system/hardware.py"],
        "dask": ["executors/dask_pool.py"],
        "distributed": ["executors/dask_pool.py"],
        "xarray": ["api/data_array.py"],
    },
    "scdm_qgis": {"matplotlib": ["gui"], "osgeo": ["layers", "gui"]},
}
# What training shares with the runtime: one definition of each for both sides.
SHARED_WITH_TRAINING = {
    *("contract", "errors", "tiling", "package", "spectra", "diffusion", "raster"),
    "system.durable_files",
}
# What the plugin takes of the runtime: it imports nothing beyond the standard library,
PURE = (
    *("contract", "errors", "raster.band_choice", "raster.band_scale", "raster.wavelengths"),
    "raster.vrt_sources",
    *("spectra.index_catalogue", "spectra.sensor_catalogue"),
)
# or NumPy, which QGIS ships, and nothing else.
NUMPY_ALONE = ("spectra.spectral_library", "spectra.spectra_text")
FORBIDDEN_CALLS = {"eval", "exec", "__import__"}
PICKLES = {"pickle", "cPickle", "dill", "shelve", "marshal", "joblib"}


def sources(room):
    """(path relative to the room, syntax tree) of each file of ``room``."""
    for path in sorted((ROOT / room).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 9))
        yield path.relative_to(ROOT / room), tree


def imports(tree, package):
    """Dotted names that ``tree``, a file in the dotted ``package``, imports anywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*up, node.module or ""] if node.level else [node.module])
            yield from (f"{base.strip('.')}.{alias.name}" for alias in node.names)


def imported(room):
    """(file, dotted name) of each import in ``room``."""
    for path, tree in sources(room):
        package = ".".join([room, *path.parent.parts])
        for name in imports(tree, package):
            yield path, name


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_what_it_may(room):
    if STDLIB is None:
        pytest.skip("the list of standard modules needs Python 3.10")
    strangers = [
        f"{path}: {name}"
        for path, name in imported(room)
        if name.split(".")[0] not in ALLOWED[room] | STDLIB
    ]
    assert strangers == []


@pytest.mark.parametrize(
    "room, module, places",
    [(room, module, places) for room, rule in ONLY_IN.items() for module, places in rule.items()],
)
def test_a_heavy_module_is_imported_in_its_place_only(room, module, places):
    wrong = [
        str(path)
        for path, name in imported(room)
        if name.split(".")[0] == module and not is_in(path, places)
    ]
    assert wrong == []


def is_in(path, places):
    """Whether ``path`` is one of the files ``places`` or lies in one of the folders."""
    return any(place in (path.as_posix(), *map(str, path.parents)) for place in places)


def test_training_shares_only_the_agreed_modules_of_the_runtime():
    shared = tuple(f"model_runtime.{name}." for name in (*SHARED_WITH_TRAINING, "__version__"))
    wrong = [
        f"{path}: {name}"
        for path, name in imported("training")
        if name.split(".")[0] == "model_runtime" and not (name + ".").startswith(shared)
    ]
    assert wrong == []


def test_the_plugin_takes_the_pure_modules_of_the_runtime_alone():
    """QGIS's own process loads what imports nothing; all else of the runtime runs in another."""
    inner = "scdm_qgis.model_runtime."
    taken = {name for _, name in imported("scdm_qgis") if name.startswith(inner)}
    pure = tuple(inner + module for module in (*PURE, *NUMPY_ALONE))
    assert [name for name in taken if not name.startswith(pure)] == []


def test_training_never_imports_the_plugin():
    assert [name for _, name in imported("training") if name.split(".")[0] == "scdm_qgis"] == []


@pytest.mark.parametrize("room", ["scdm_qgis", "model_runtime"])
def test_what_users_run_knows_no_pickle(room):
    wrong = [f"{p}: {name}" for p, name in imported(room) if name.split(".")[0] in PICKLES]
    assert wrong == []


def test_checkpoints_are_read_as_weights_only():
    wrong = []
    for path, tree in sources("training"):
        for call in calls(tree):
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            if ast.unparse(call.func) == "torch.load" and given.get("weights_only") != "True":
                wrong.append(f"{path}:{call.lineno}: torch.load")
            if ast.unparse(call.func) in ("pickle.load", "pickle.loads", "pickle.Unpickler"):
                wrong.append(f"{path}:{call.lineno}: pickle")
    assert wrong == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_evaluated_text(room):
    wrong = [
        f"{path}:{call.lineno}: {ast.unparse(call.func)}"
        for path, tree in sources(room)
        for call in calls(tree)
        if ast.unparse(call.func) in FORBIDDEN_CALLS
    ]
    assert wrong == []


def calls(tree):
    """The calls in ``tree``."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("room", ROOMS)
def test_no_shell_and_no_swallowed_exception(room):
    wrong = []
    for path, tree in sources(room):
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "shell":
                wrong.append(f"{path}: shell=")
            if isinstance(node, ast.ExceptHandler) and isinstance(node.body[0], ast.Pass):
                wrong.append(f"{path}:{node.lineno}: except … pass")
    assert wrong == []


def test_the_plugin_reaches_qt_through_qgis_only():
    wrong = [
        f"{path}: {name}"
        for path, name in imported("scdm_qgis")
        if name.split(".")[0].startswith(("PyQt", "PySide", "sip"))
    ]
    assert wrong == []


def test_the_plugin_scopes_qt_enumerations():
    """PyQt6 has no Qt.AlignLeft, only Qt.AlignmentFlag.AlignLeft, and no exec_."""
    wrong = []
    for path, tree in sources("scdm_qgis"):
        classes = qt_classes(tree)
        inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute):
                continue
            of_class = isinstance(node.value, ast.Name) and node.value.id in classes
            unscoped = of_class and node.attr[0].isupper() and id(node) not in inner
            if unscoped or node.attr == "exec_":
                wrong.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
    assert wrong == []


QT6_LACKS = {"QRegExp", "QRegExpValidator", "QDesktopWidget", "QTextCodec", "QMatrix", "QVariant"}
QT6_MOVED = {"QAction", "QActionGroup", "QShortcut", "QUndoStack", "QUndoCommand"}
QT6_METHODS = {"exec_", "toTime_t", "fromTime_t", "print_", "globalPos", "delta", "desktop"}


def test_the_plugin_uses_nothing_that_qt6_lacks():
    """Names that moved come from QtWidgets, where qgis.PyQt has them in both."""
    wrong = []
    for path, tree in sources("scdm_qgis"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt"):
                names = {alias.name for alias in node.names}
                moved = names & QT6_MOVED if not node.module.endswith("QtWidgets") else set()
                wrong += [f"{path}:{node.lineno}: {name}" for name in names & QT6_LACKS | moved]
            if isinstance(node, ast.Attribute) and node.attr in QT6_METHODS:
                wrong.append(f"{path}:{node.lineno}: {node.attr}")
    assert wrong == []


def test_the_plugin_scopes_the_enumerations_of_qgis_gui():
    """PyQt6 knows QgsVertexMarker.IconType.ICON_CIRCLE, not QgsVertexMarker.ICON_CIRCLE.

    QGIS's Processing flags are left out: QGIS 4 keeps their old names, and 3.22 has no others.
    """
    wrong = []
    for path, tree in sources("scdm_qgis"):
        nodes = list(ast.walk(tree))
        inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        inner |= {id(node.func) for node in nodes if isinstance(node, ast.Call)}  # classes in them
        for node in nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                of_qgis = node.value.id.startswith("Qgs") and "Processing" not in node.value.id
                if of_qgis and node.attr[0].isupper() and id(node) not in inner:
                    wrong.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
    assert wrong == []


def qt_classes(tree):
    """Names that ``tree`` imports from qgis.PyQt."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt")
        for alias in node.names
    }


@pytest.mark.parametrize(
    "module, unwanted",
    [
        ("model_runtime.package.manifest", ["onnxruntime", "osgeo", "torch"]),
        *((f"model_runtime.{module}", ["numpy", "osgeo"]) for module in PURE),
        *((f"model_runtime.{module}", ["onnxruntime", "osgeo"]) for module in NUMPY_ALONE),
        ("model_runtime.__main__", ["onnxruntime", "osgeo", "torch"]),
        ("model_runtime.commands.upsample", ["distributed", "onnxruntime", "osgeo", "torch"]),
        ("model_runtime.commands.upsample", ["model_runtime.executors.dask_pool"]),
        # What only a report, a mask or a checker of types needs.
        ("model_runtime.pipeline.scene", ["model_runtime.report.html_page", "numpy.typing"]),
        ("model_runtime.pipeline.scene", ["model_runtime.raster.features"]),
    ],
)
def test_importing_stays_light(module, unwanted):
    script = f"import sys, {module}; print([m for m in {unwanted!r} if m in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
