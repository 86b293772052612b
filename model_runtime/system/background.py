"""What is written goes on behind what is computed: one action at a time in another thread."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, Optional


class BackgroundWriter:
    """Does one action at a time in another thread; use it in a ``with`` statement.

    No more than one waits, so that memory does not grow where writing is slower than computing.
    """

    def __init__(self):
        self._pool = ThreadPoolExecutor(1)
        self._last: Optional[Future] = None

    def submit(self, action: Callable, *arguments) -> None:
        """Begin ``action`` when the one before it is done; raises what that one raised."""
        self.wait()
        self._last = self._pool.submit(action, *arguments)

    def wait(self) -> None:
        """Until all is done; raises what it raised."""
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def __enter__(self) -> "BackgroundWriter":
        return self

    def __exit__(self, error, *_) -> None:
        self._pool.shutdown()
        if error is None:
            self.wait()
