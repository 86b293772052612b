"""The checks that QGIS's plugin repository runs on an upload, on the zip.

As its scanner does them: bandit on everything with no floor of severity, detect-secrets on all
files but metadata.txt, flake8 with 120 columns, permissions and kinds of files. Stricter in one
thing: of flake8 all rules but E203 (which contradicts the formatter, and which the repository
leaves off like all of style) and W503 are on.
"""

import json
import subprocess
import sys
import zipfile

import pytest

SUSPICIOUS = (".exe", ".dll", ".so", ".dylib", ".bat", ".sh", ".ps1", ".cmd", ".pyc")


@pytest.fixture(scope="module")
def upload(plugin_folder, package, tmp_path_factory):
    """The zip and the folder that it unpacks to."""
    folder = tmp_path_factory.mktemp("upload")
    path = package(plugin_folder, folder / "dist")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "unpacked")
    return path, folder / "unpacked"


def tool(name, folder, *words):
    """The answer of the tool ``name``, run as a module in ``folder``; skips without it."""
    pytest.importorskip(name.partition(".")[0])
    return subprocess.run(
        [sys.executable, "-m", name, *words], capture_output=True, text=True, cwd=folder
    )


def test_bandit_finds_nothing(upload):
    answer = tool("bandit", upload[1], "-r", ".", "-f", "json", "--quiet")
    found = json.loads(answer.stdout)
    assert found["errors"] == []
    assert [
        f"{item['filename']}:{item['line_number']}: {item['test_id']} {item['issue_text']}"
        for item in found["results"]
    ] == []
    assert found["metrics"]["_totals"]["loc"] > 1000


def test_flake8_finds_nothing(upload):
    answer = tool("flake8", upload[1], "--max-line-length=120", "--extend-ignore=E203,W503", ".")
    assert answer.stdout + answer.stderr == ""


def test_no_secrets(upload):
    words = ["scan", "--all-files", "--exclude-files", r"metadata\.txt", "."]
    answer = tool("detect_secrets", upload[1], *words)
    found = json.loads(answer.stdout)["results"]
    assert {name: kinds(items) for name, items in found.items() if not digests(name, items)} == {}


def kinds(items):
    """What a file's findings are said to be."""
    return sorted({item["type"] for item in items})


def digests(name, items):
    """Whether they are SHA-256 that must be stated: of a model package's files, or of wheels."""
    stated = name.endswith(("/model.json", "/wheel_hashes.json"))
    return stated and kinds(items) == ["Hex High Entropy String"]


def test_permissions_and_kinds_of_files(upload):
    with zipfile.ZipFile(upload[0]) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    assert [e.filename for e in entries if (e.external_attr >> 16) & 0o111] == []
    assert [name for name in names if name.lower().endswith(SUSPICIOUS)] == []
    assert [name for name in names if name.rpartition("/")[2].startswith(".")] == []
    assert "scdm_qgis/i18n/scdm_de.qm" in names
