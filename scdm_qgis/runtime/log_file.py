"""The log file for bug reports: every worker's command, what it said, and how it ended."""

import contextlib
import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import List

from qgis.core import Qgis, QgsApplication

LARGEST_BYTES = 1_000_000  # then it is renamed to scdm.log.1, in the place of an earlier one


def log_path() -> Path:
    """The file, in the QGIS profile."""
    return Path(QgsApplication.qgisSettingsDirPath()).absolute() / "scdm" / "scdm.log"


def write_log(text: str) -> None:
    """Add ``text`` with the time; a log that cannot be written must not stop a run."""
    _logger().info(text)


def log_start(argv) -> None:
    """The versions, and the command that begins."""
    write_log(f"QGIS {Qgis.version()}: {' '.join(map(str, argv))}")


def _logger() -> logging.Logger:
    logger, path = logging.getLogger("scdm_qgis"), log_path()
    if [Path(handler.baseFilename) for handler in _own(logger)] != [path]:
        close_log()
        with contextlib.suppress(OSError):
            logger.addHandler(_handler(path))
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger


def _own(logger: logging.Logger) -> List[RotatingFileHandler]:
    return [handler for handler in logger.handlers if isinstance(handler, RotatingFileHandler)]


def _handler(path: Path) -> RotatingFileHandler:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        path, maxBytes=LARGEST_BYTES, backupCount=1, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    handler.handleError = lambda record: None  # a full disk, a folder that is gone
    return handler


def close_log() -> None:
    """Let go of the file: Windows deletes no open one."""
    logger = logging.getLogger("scdm_qgis")
    for handler in _own(logger):
        handler.close()
        logger.removeHandler(handler)
