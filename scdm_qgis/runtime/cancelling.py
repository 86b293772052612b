"""Whether the user has cancelled, in the dialog or with Ctrl-C on ``qgis_process``."""

from typing import Callable

from qgis.PyQt.QtCore import QCoreApplication, QThread


def cancel_check(feedback) -> Callable[[], bool]:
    """A function that says whether ``feedback`` was cancelled.

    qgis_process hears Ctrl-C in its event loop only, and runs algorithms in the loop's own thread:
    there the function lets the loop look. In QGIS's window algorithms have other threads.
    """
    if not _holds_up_the_loop():
        return feedback.isCanceled

    def look() -> bool:
        QCoreApplication.processEvents()
        return feedback.isCanceled()

    return look


def _holds_up_the_loop() -> bool:
    from qgis.utils import iface

    application = QCoreApplication.instance()
    return iface is None and QThread.currentThread() == application.thread()
