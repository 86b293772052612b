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
from typing import Callable, Iterator, List, Tuple

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
_last_word, _said = threading.Lock(), threading.Event()
_watching = threading.Event()
_asked = threading.Event()


def tidy(action: Callable[[], None]) -> Callable[[], None]:
    """Register a clean-up action for a forced exit; its OSErrors are ignored.

    Returns: a function that unregisters it.
    """
    _tidy.append(action)
    return lambda: _tidy.remove(action)


def explain(left: Callable[[], Tuple[str, str]]) -> None:
    """If the process is cancelled, ask ``left`` what that leaves and what to do about it."""
    _left[:] = [left]


def cancelled_error() -> CancelledError:
    """Make the error of a cancelled process, with what it leaves.

    Returns: the CancelledError.
    """
    for left in _left:
        with contextlib.suppress(OSError):
            return CancelledError(*left())
    return CancelledError("Cancelled")


@contextlib.contextmanager
def last_word() -> Iterator[bool]:
    """Claim the right to report how the run ended, which only the first caller gets.

    The process is not forced to end while that caller speaks.

    Returns: a context, True for that caller.
    """
    mine = not _watching.is_set() or _last_word.acquire(blocking=False)
    try:
        yield mine
    finally:
        if mine:
            _said.set()


def watch(say_cancelled: Callable[[], None]) -> None:
    """End the process on signals from now on.

    ``say_cancelled`` reports it where the process has to be forced to end.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(reader, writer, say_cancelled), daemon=True).start()
    _watching.set()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _cancel)


def is_requested() -> bool:
    """Tell whether the process was asked to end.

    Returns: True after a signal.
    """
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
    with last_word() as mine, contextlib.suppress(Exception):
        if mine:
            say_cancelled()
    _said.wait(GRACE_SECONDS)  # the other thread may have begun to speak, but not ended
    os._exit(CANCELLED_EXIT)
