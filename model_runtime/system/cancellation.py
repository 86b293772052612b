"""Stopping at once when asked to: SIGTERM, SIGINT and SIGHUP end a run within half a second.

Python hears a signal between two of its own instructions only; a network's pass, the packing of
blocks or the thinning of overviews may keep it for long. The first signal raises KeyboardInterrupt
for the orderly way out; a watching thread ends the process where that takes longer than GRACE.
What that leaves is what a kill would leave, which a later run can go on from, less what was
registered with ``tidy``.
"""

import contextlib
import os
import signal
import socket
import threading
from typing import Callable, List, Tuple

from ..contract import CANCELLED_EXIT
from ..errors import CancelledError

# The last is a closed terminal's or a lost connection's; Windows has none.
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)
)
# QGIS's plugin kills half a second after asking.
GRACE_SECONDS = 0.4

_tidy: List[Callable[[], None]] = []
_left: List[Callable[[], Tuple[str, str]]] = []
_last_word = threading.Lock()
_watching = threading.Event()
_asked = threading.Event()


def tidy(action: Callable[[], None]) -> Callable[[], None]:
    """Have ``action`` done before a forced end; call what is returned when it needs not be.

    ``action`` may run in another thread, at any moment; its OSErrors are nobody's.
    """
    _tidy.append(action)
    return lambda: _tidy.remove(action)


def explain(left: Callable[[], Tuple[str, str]]) -> None:
    """If the process is cancelled, ask ``left`` what that leaves and what to do about it."""
    _left[:] = [left]


def cancelled_error() -> CancelledError:
    """That the process was cancelled, and what it leaves."""
    for left in _left:
        with contextlib.suppress(OSError):
            return CancelledError(*left())
    return CancelledError("Cancelled")


def may_speak() -> bool:
    """Whether the caller is the first to say how the run ended: only one may."""
    return not _watching.is_set() or _last_word.acquire(blocking=False)


def watch(say_cancelled: Callable[[], None]) -> None:
    """From now on signals end the process; ``say_cancelled`` is what it says when forced to."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(reader, writer, say_cancelled), daemon=True).start()
    _watching.set()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _cancel)


def is_requested() -> bool:
    """Whether the process was asked to end."""
    return _asked.is_set()


def _cancel(_, frame) -> None:
    """Raise KeyboardInterrupt once; then nothing disturbs the tidying up.

    Not amid an import: a library's C code may take that for a failure of its own. The watching
    thread ends the process there.
    """
    _asked.set()
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if not _importing(frame):
        raise KeyboardInterrupt


def _importing(frame) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _wait(reader, writer, say_cancelled: Callable[[], None]) -> None:
    """``writer`` is held here so that it stays open; a byte comes with the signal."""
    while not set(reader.recv(16)) & set(SIGNALS):
        pass
    threading.Event().wait(GRACE_SECONDS)
    for action in list(_tidy):
        with contextlib.suppress(Exception):
            action()
    if may_speak():
        with contextlib.suppress(Exception):
            say_cancelled()
    os._exit(CANCELLED_EXIT)
