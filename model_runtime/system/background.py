"""Runs writing in the background of computing: one action at a time in another thread."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, Optional


class BackgroundWriter:
    """Runs one action at a time in another thread; use it in a ``with`` statement.

    At most one action waits, so that memory does not grow where writing is slower than computing.
    """

    def __init__(self):
        self._pool = ThreadPoolExecutor(1)
        self._last: Optional[Future] = None

    def submit(self, action: Callable, *arguments) -> None:
        """Start ``action`` when the one before it is done.

        Raises: what the action before it raised.
        """
        self.wait()
        self._last = self._pool.submit(action, *arguments)

    def wait(self) -> None:
        """Wait until all is done.

        Raises: what the last action raised.
        """
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def __enter__(self) -> "BackgroundWriter":
        return self

    def __exit__(self, error, *_) -> None:
        self._pool.shutdown()
        if error is None:
            self.wait()
