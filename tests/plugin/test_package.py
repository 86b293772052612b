"""The assembled folder and its zip against the plugin repository's rules."""

import configparser
import re
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import urlparse

import pytest
from qgis.PyQt.QtGui import QImage

REQUIRED = [
    *("name", "qgisMinimumVersion", "description", "about", "version"),
    *("author", "email", "repository", "tracker"),
]
MAX_BYTES = 25_000_000
KINDS = {".py", ".txt", ".svg", ".png", ".md", ".html", ".json", ".onnx", ".ts", ".qm", ""}
KINDS |= {".model3"}
TEXTS = {".py", ".md", ".txt", ".toml", ".cff", ".yml", ".json"}
ROOT = Path(__file__).resolve().parents[2]


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
    assert general["hasProcessingProvider"] == "yes"
    assert general["category"] == "Raster"
    assert general["experimental"] in ("True", "False")
    assert "plugin" not in general["name"].lower()
    assert "/" not in general["author"]
    assert re.fullmatch(r"[^@\s]+@[^@\s]+\.\w+", general["email"])
    assert len([tag for tag in general["tags"].split(",") if tag.strip()]) >= 3


def test_qgis_4_loads_the_plugin_and_the_docs_say_whether_it_was_run_there(general):
    """QGIS 4 goes by the maximum; QGIS 3 built on Qt 6 refuses what does not name supportsQt6."""
    assert general["qgisMaximumVersion"] == "4.99"
    assert general["supportsQt6"] == "True"
    table = (ROOT / "docs" / "qgis.md").read_text(encoding="utf-8").partition("## Versions")[2]
    run = re.findall(r"^\| (\d+)\.(\d+)\S* \| [\d.]+ \|", table, re.MULTILINE)
    newest = max(int(major) for major, _minor in run)
    assert newest == 4 or "| 4 (Qt 6) | | not run: " in table


def test_the_projects_address_is_the_same_everywhere(general):
    """metadata.txt is the place where it is set; what cannot read it there repeats it."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs git, which knows the project's files")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    named = re.compile(r"https://github\.com/[\w.-]+/" + re.escape(Path(general["homepage"]).name))
    texts = [ROOT / name for name in listed if Path(name).suffix in TEXTS]
    found = {
        str(path.relative_to(ROOT)): set(named.findall(path.read_text(encoding="utf-8")))
        for path in texts
        if path.is_file() and "test" not in path.parts[-1]
    }
    assert {name: urls for name, urls in found.items() if urls - {general["homepage"]}} == {}
    assert [name for name, urls in found.items() if urls and name.endswith(".py")] == []
    assert general["repository"] == general["homepage"]
    assert general["tracker"] == general["homepage"] + "/issues"


@pytest.mark.parametrize("key", ["homepage", "tracker", "repository"])
def test_links_are_links(general, key):
    link = urlparse(general[key])
    assert link.scheme == "https" and link.netloc


def test_versions_agree(general, plugin_folder):
    text = (plugin_folder / "model_runtime" / "__init__.py").read_text()
    assert f'__version__ = "{general["version"]}"' in text


def test_the_named_icon_and_the_licence_are_in_the_folder(general, plugin_folder):
    icon = plugin_folder / general["icon"]
    assert icon.suffix == ".png" and not QImage(str(icon)).isNull()
    licence = (plugin_folder / "LICENSE").read_text()
    assert "GNU GENERAL PUBLIC LICENSE" in licence and "Version 2, June 1991" in licence


def test_the_zip_is_what_the_repository_takes(archive):
    assert archive.stat().st_size <= MAX_BYTES
    names = zipfile.ZipFile(archive).namelist()
    assert {name.split("/")[0] for name in names} == {"scdm_qgis"}
    assert {"scdm_qgis/__init__.py", "scdm_qgis/metadata.txt", "scdm_qgis/LICENSE"} <= set(names)
    assert "scdm_qgis/model_runtime/__main__.py" in names
    beside = ("README.md", "CHANGELOG.md", "help/README.html", "models/check_on_cube.model3")
    assert {f"scdm_qgis/{name}" for name in beside} <= set(names)
    assert [n for n in names if Path(n).suffix not in KINDS or "__pycache__" in n] == []
    assert [n for n in names if any(part.startswith(".") for part in n.split("/"))] == []


def test_the_zip_is_the_same_each_time(archive, plugin_folder, package, tmp_path):
    for path in plugin_folder.rglob("*.py"):
        path.touch()
    again = package(plugin_folder, tmp_path / "again")
    assert again.read_bytes() == archive.read_bytes()
