"""The plugin's texts in QGIS's language, where a translation of them is there."""

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QTranslator

FOLDER = Path(__file__).resolve().parent / "i18n"


def tr(text: str) -> str:
    """``text`` in QGIS's language."""
    return QCoreApplication.translate("scdm", text)


def install_translator(locale: str = "") -> Optional[QTranslator]:
    """Load scdm_<language>.qm for ``locale`` (QGIS's own) and use it; None where there is none.

    The translator must be kept: Qt holds a bare pointer.
    """
    language = (locale or QgsApplication.locale())[:2]
    file = FOLDER / f"scdm_{language}.qm"
    if not file.is_file():
        return None
    translator = QTranslator()
    if not translator.load(str(file)):
        return None
    QCoreApplication.installTranslator(translator)
    return translator
