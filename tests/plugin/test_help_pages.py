"""The help pages in the assembled plugin: offline, whole, and behind each Help button."""

import re
from pathlib import Path
from urllib.parse import unquote, urlparse

from qgis.core import QgsApplication, QgsProcessingModelAlgorithm

from scdm_qgis.help_pages import help_url, homepage

ROOT = Path(__file__).resolve().parents[2]
CHAIN = "scdm:Check a model on a measured cube"
TARGET = re.compile(r'(?:href|src)="([^"]+)"')


def test_each_algorithm_has_its_page(registered):
    for algorithm in registered.provider.algorithms():
        if isinstance(algorithm, QgsProcessingModelAlgorithm):
            continue  # it states no page
        address = urlparse(algorithm.helpUrl())
        assert address.scheme == "file", algorithm.id()
        assert "</html>" in Path(unquote(address.path)).read_text(encoding="utf-8")


def test_every_page_of_the_docs_is_there_and_no_link_is_broken(plugin_folder):
    folder = plugin_folder / "help"
    assert {page.stem for page in folder.glob("*.html")} == {
        page.stem for page in (ROOT / "docs").glob("*.md")
    }
    broken = []
    for page in folder.glob("*.html"):
        for target in TARGET.findall(page.read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            other = folder / path if path else page
            if urlparse(target).scheme:
                continue
            if not other.is_file() or (anchor and f'id="{anchor}"' not in other.read_text()):
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_nothing_of_a_page_is_fetched_and_no_markdown_is_left(plugin_folder):
    for page in (plugin_folder / "help").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r'src="https?:|<script|<link', text)
        prose = re.sub(r"<(pre|code)>.*?</\1>", "", text, flags=re.DOTALL)
        assert not re.search(r"\]\(\S+\)|^```", prose, re.MULTILINE), page.name


def test_a_missing_page_leads_to_the_project(plugin_folder):
    assert help_url("nothing") == homepage() == "https://github.com/scdm-qgis/scdm-qgis"


def test_what_the_plugin_lacks_is_linked_at_the_project(plugin_folder):
    page = (plugin_folder / "help" / "README.html").read_text(encoding="utf-8")
    assert f'href="{homepage()}/blob/main/docs/measurements/speed.md"' in page


def test_the_modelers_chain_is_an_algorithm(registered):
    found = QgsApplication.processingRegistry().createAlgorithmById(CHAIN)
    assert found is not None and found.canExecute()[0]
    inputs = {item.name() for item in found.parameterDefinitions()}
    assert {"CUBE", "MODEL", "QUALITY"} <= inputs
    assert len(found.childAlgorithms()) == 3
