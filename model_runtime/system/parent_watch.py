"""Ends the worker when the program that started it is gone, which closes its standard input."""

import os
import signal
import threading
from typing import Mapping

from ..contract import CANCELLED_EXIT, LIFELINE_VARIABLE, STDIN_LIFELINE

TIDY_SECONDS = 10  # a call of ONNX Runtime may last that long before Python hears a signal


def watch(environ: Mapping[str, str] = os.environ) -> None:
    """Where SCDM_LIFELINE is 'stdin': end as if cancelled once stdin ends.

    The starter keeps the other end of stdin open and writes nothing; however it ends, crash or
    kill included, the system closes it.
    """
    if environ.get(LIFELINE_VARIABLE) == STDIN_LIFELINE:
        threading.Thread(target=_end_with_stdin, daemon=True).start()


def _end_with_stdin() -> None:
    while os.read(0, 4096):
        continue
    if os.name != "nt":  # there it would end the process without tidying, as the next line does
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(TIDY_SECONDS)
    os._exit(CANCELLED_EXIT)
