"""German: complete, up to date, loaded by Qt, and without broken placeholders."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication

from scdm_qgis.translation import install_translator

ROOT = Path(__file__).resolve().parents[2]
GERMAN = ROOT / "scdm_qgis" / "i18n" / "scdm_de.ts"


@pytest.fixture
def german(qgis_app):
    """Qt speaks German while the test runs."""
    translator = install_translator("de_DE")
    yield translator
    QCoreApplication.removeTranslator(translator)


def messages():
    """(source, translation) of each message."""
    for message in ElementTree.parse(GERMAN).iter("message"):
        yield message.findtext("source"), message.findtext("translation")


def test_every_text_is_translated():
    script = ROOT / "scripts" / "extract_texts.py"
    answer = subprocess.run(
        [sys.executable, str(script), str(GERMAN), "--check"], capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stdout


def test_placeholders_survive():
    for source, text in messages():
        assert sorted(re.findall(r"{\w*}", source)) == sorted(re.findall(r"{\w*}", text)), source


def test_qt_finds_every_translation(german):
    for source, text in messages():
        assert QCoreApplication.translate("scdm", source) == text


def test_the_algorithms_speak_german(registered, german):
    found = QgsApplication.processingRegistry().createAlgorithmById("scdm:upsample")
    assert found.displayName() == "RGB zu Hyperspektral erweitern"
    assert "Drei Zahlen legen kein Spektrum fest" in found.shortHelpString()
    assert found.parameterDefinition("SEED").description() == "Startwert"


def test_a_language_without_translation_stays_english(qgis_app):
    assert install_translator("xx") is None
    assert QCoreApplication.translate("scdm", "Seed") == "Seed"
