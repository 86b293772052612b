"""What the panel says of a library: the runtime's reading, in the user's language."""

import pytest
from qgis.PyQt.QtCore import QCoreApplication
from scdm_qgis.model_runtime.spectra import spectral_text

from scdm_qgis.layers.spectral_library import NOTICES, LibraryError, read
from scdm_qgis.translation import install_translator


@pytest.fixture
def german(qgis_app):
    """Qt speaks German while the test runs."""
    translator = install_translator("de_DE")
    yield translator
    QCoreApplication.removeTranslator(translator)


def test_a_guess_is_told_in_german(german, tmp_path):
    (tmp_path / "p.csv").write_text("nm,grass\n400,4\n500,45\n600,50\n")
    assert read(tmp_path / "p.csv")[0].notice == "als Prozent gelesen"


def test_the_reason_is_told_in_german_with_its_numbers(german, tmp_path):
    (tmp_path / "one.txt").write_text(" title\n 0.1\n 0.2\n 0.3\n")
    with pytest.raises(LibraryError, match=r"eine Spalte mit 3 Werten.*Gelesen werden: ENVI"):
        read(tmp_path / "one.txt")


def test_a_reason_without_a_translation_is_told_as_it_is(german, tmp_path):
    with pytest.raises(LibraryError, match=r"none\.csv.*Gelesen werden: ENVI"):
        read(tmp_path / "none.csv")


def test_every_notice_has_its_text():
    assert set(NOTICES) == {spectral_text.PERCENT, spectral_text.TEN_THOUSANDTHS}
