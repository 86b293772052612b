"""Sizes that pages, card and plugin state: those of the files, and the same everywhere."""

import re

import pytest
from pages import ROOT

from model_runtime.package import embedded, manifest

# What says how much Install runtime downloads for the CPU.
DOWNLOADS = (
    "README.md",
    "metadata.txt",
    "scdm_qgis/algorithms/install_runtime.py",
    "scdm_qgis/runtime/locate.py",
    "scdm_qgis/gui/setup_offer.py",
)
DOWNLOAD_MB = 24


def embedded_mb():
    """Size of the embedded model's ONNX files, in MB."""
    folder = embedded.package_folder(None)
    files = manifest.read(folder).graph_files
    return sum((folder / entry.file).stat().st_size for entry in files) / 1e6


def test_the_card_says_how_large_the_models_files_are():
    card = (embedded.package_folder(None) / "MODEL_CARD.md").read_text(encoding="utf-8")
    said = re.findall(r"ONNX\s+files[^.|]*?(\d+(?:\.\d+)?)\s+MB", card)
    for number in said:
        assert float(number) == pytest.approx(embedded_mb(), rel=0.05)


@pytest.mark.parametrize("path", DOWNLOADS)
def test_the_download_is_as_large_everywhere(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    said = re.findall(r"ownload\w*\s+(?:of\s+)?(?:about\s+)?(\d+) MB|(\d+) MB download", text)
    assert said and {int(a or b) for a, b in said} == {DOWNLOAD_MB}
