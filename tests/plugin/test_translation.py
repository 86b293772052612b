"""German: complete, up to date, loaded by Qt, and without broken placeholders."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication

from scdm_qgis.runtime import locate
from scdm_qgis.runtime.exit_messages import explain
from scdm_qgis.translation import install_translator

ROOT = Path(__file__).resolve().parents[2]
GERMAN = ROOT / "scdm_qgis" / "i18n" / "scdm_de.ts"


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
        assert sorted(re.findall(r"{[^}]*}", source)) == sorted(re.findall(r"{[^}]*}", text)), (
            source
        )


def test_qt_finds_every_translation(german):
    for source, text in messages():
        assert QCoreApplication.translate("scdm", source) == text


def test_the_algorithms_speak_german(registered, german):
    found = QgsApplication.processingRegistry().createAlgorithmById("scdm:upsample")
    assert found.displayName() == "RGB zu Hyperspektral erweitern"
    assert "Drei Werte je Pixel legen kein Spektrum fest" in found.shortHelpString()
    assert found.parameterDefinition("SEED").description() == "Startwert"


def test_the_errors_speak_german(german, monkeypatch):
    assert "Arbeitsspeicher" in explain(-9, "") and "SIGKILL" in explain(-9, "")
    assert explain(4, "x").splitlines()[1:] == ["Seine letzte Ausgabe:", "x"]
    with pytest.raises(locate.RuntimeNotFound, match="Umgebungsvariable SCDM_PYTHON ist „nichts"):
        monkeypatch.setenv("SCDM_PYTHON", "nichts")
        locate.find(locate.current_places())


# What a user reads of these is their first argument.
SPOKEN = {"QgsProcessingException", "RuntimeNotFound", "LibraryError", "ValueError"}
SPOKEN |= {"pushInfo", "pushWarning", "setProgressText", "_say"}


def plain_words(node):
    """The words of a text that is no placeholder: of "{a}: gone" it is "gone"."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    return [word for text in texts for word in re.findall(r"[A-Za-z]{2,}", str(text))]


def test_no_error_and_no_log_line_goes_untranslated():
    untranslated = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "scdm_qgis").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and node.args
        if getattr(node.func, "attr", getattr(node.func, "id", "")) in SPOKEN
        if isinstance(node.args[0], (ast.Constant, ast.JoinedStr)) and plain_words(node.args[0])
    ]
    assert untranslated == []


def test_a_language_without_translation_stays_english(qgis_app):
    assert install_translator("xx") is None
    assert QCoreApplication.translate("scdm", "Seed") == "Seed"
