"""The help pages inside the plugin, for the Help button without a network; and the address."""

import configparser
from pathlib import Path

from qgis.PyQt.QtCore import QUrl

PLUGIN = Path(__file__).resolve().parent
INDEX = "README"


def help_url(page: str = INDEX) -> str:
    """The address of the help page ``page``; the project's where the plugin holds none."""
    file = PLUGIN / "help" / f"{page}.html"
    return QUrl.fromLocalFile(str(file)).toString() if file.is_file() else homepage()


def homepage() -> str:
    """The project's address: metadata.txt is the one place where it is set."""
    metadata = configparser.ConfigParser()
    metadata.read(PLUGIN / "metadata.txt", encoding="utf-8")
    return metadata.get("general", "homepage", fallback="")
