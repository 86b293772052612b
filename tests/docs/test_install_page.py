"""docs/install.md keeps to what the code says: versions, messages, make targets, menu names."""

import ast
import re

import pytest
from pages import ROOT, pages

PAGE = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
# Messages of pip, Python and NumPy: not in our sources.
FOREIGN = (
    "Could not find a version that satisfies the requirement onnxruntime",
    "CERTIFICATE_VERIFY_FAILED",
    "numpy.core.multiarray failed to import",
)


def said():
    """Every string in the sources of the plugin and the runtime."""
    for room in ("scdm_qgis", "model_runtime"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def messages():
    """The messages in the first column of the page's last table."""
    rows = PAGE.split("## What to do when", 1)[1]
    return re.findall(r"^\| `([^`]+)` \|", rows, re.MULTILINE)


@pytest.mark.parametrize("message", messages())
def test_a_message_that_the_page_explains_is_one_that_users_get(message):
    assert message in FOREIGN or any(message in text for text in said())


def test_the_versions_are_those_that_are_installed():
    tree = ast.parse((ROOT / "scdm_qgis" / "runtime" / "wheels.py").read_text(encoding="utf-8"))
    (tested,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "TESTED"
    )
    rows = re.findall(r"^\| (3\.\d+)(?: and newer)? \| ([\d.]+) \|$", PAGE, re.MULTILINE)
    assert rows == [("{}.{}".format(*python), version) for python, version in tested]
    assert re.findall(r'"onnxruntime==([\d.]+)"', PAGE) == [tested[0][1]]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_that_a_page_names_are_there(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"(?:`|^)make ([a-z][a-z0-9-]*)", page.read_text(encoding="utf-8"), re.M)
    assert [name for name in named if f"\n{name}:" not in makefile] == []
