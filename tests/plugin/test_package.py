"""The assembled folder and its zip against the plugin repository's rules."""

import configparser
import re
import zipfile
from pathlib import Path
from urllib.parse import urlparse

import pytest

REQUIRED = [
    *("name", "qgisMinimumVersion", "description", "about", "version"),
    *("author", "email", "repository", "tracker"),
]
MAX_BYTES = 25_000_000
KINDS = {".py", ".txt", ".svg", ".md", ".json", ".onnx", ".ts", ".qm", ""}


@pytest.fixture
def general(plugin_folder):
    """The section [general] of metadata.txt, read as the repository reads it."""
    parser = configparser.ConfigParser()  # with interpolation: a lone % would fail
    parser.optionxform = str
    parser.read_string((plugin_folder / "metadata.txt").read_text(encoding="utf-8"))
    return dict(parser.items("general"))


@pytest.fixture
def archive(plugin_folder, package, tmp_path):
    """The zip of the assembled folder, in which QGIS has run."""
    cache = plugin_folder / "layers" / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "style.cpython-39.pyc").touch()
    return package(plugin_folder, tmp_path)


def test_required_metadata_is_there(general):
    assert [key for key in REQUIRED if not general.get(key, "").strip()] == []


def test_metadata_says_what_the_project_promises(general):
    assert general["qgisMinimumVersion"] == "3.22"
    assert general["qgisMaximumVersion"] == "4.99"
    assert general["hasProcessingProvider"] == "yes"
    assert general["category"] == "Raster"
    assert general["experimental"] in ("True", "False")
    assert "supportsQt6" not in general
    assert "plugin" not in general["name"].lower()
    assert "/" not in general["author"]
    assert re.fullmatch(r"[^@\s]+@[^@\s]+\.\w+", general["email"])
    assert len([tag for tag in general["tags"].split(",") if tag.strip()]) >= 3


@pytest.mark.parametrize("key", ["homepage", "tracker", "repository"])
def test_links_are_links(general, key):
    link = urlparse(general[key])
    assert link.scheme == "https" and link.netloc


def test_versions_agree(general, plugin_folder):
    text = (plugin_folder / "model_runtime" / "__init__.py").read_text()
    assert f'__version__ = "{general["version"]}"' in text


def test_the_named_icon_and_the_licence_are_in_the_folder(general, plugin_folder):
    assert "<svg" in (plugin_folder / general["icon"]).read_text()
    licence = (plugin_folder / "LICENSE").read_text()
    assert "GNU GENERAL PUBLIC LICENSE" in licence and "Version 2, June 1991" in licence


def test_the_zip_is_what_the_repository_takes(archive):
    assert archive.stat().st_size <= MAX_BYTES
    names = zipfile.ZipFile(archive).namelist()
    assert {name.split("/")[0] for name in names} == {"scdm_qgis"}
    assert {"scdm_qgis/__init__.py", "scdm_qgis/metadata.txt", "scdm_qgis/LICENSE"} <= set(names)
    assert "scdm_qgis/model_runtime/__main__.py" in names
    assert [n for n in names if Path(n).suffix not in KINDS or "__pycache__" in n] == []
    assert [n for n in names if any(part.startswith(".") for part in n.split("/"))] == []


def test_the_zip_is_the_same_each_time(archive, plugin_folder, package, tmp_path):
    for path in plugin_folder.rglob("*.py"):
        path.touch()
    again = package(plugin_folder, tmp_path / "again")
    assert again.read_bytes() == archive.read_bytes()
