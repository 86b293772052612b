"""A child process whose lines are read without blocking, and which ends with all its children."""

import collections
import contextlib
import os
import queue
import signal
import subprocess  # nosec B404: argument lists only, never a shell
import threading
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

from .interpreter import no_window_flags

POLL_SECONDS = 0.1
GRACE_SECONDS = 0.5
DRAIN_SECONDS = 2.0
STDERR_LINES = 40
LINE_CHARACTERS = 1 << 20


class Cancelled(Exception):
    """The user stopped the process."""


class ChildProcess:
    """``argv`` running in a process group of its own; use as a context manager."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], folder: Path):
        self._process = subprocess.Popen(  # nosec B603: no shell, the plugin builds argv
            list(argv),
            stdin=subprocess.PIPE,  # a lifeline: nothing is written, it ends when QGIS does
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            cwd=str(folder),
            encoding="utf-8",
            errors="replace",
            start_new_session=os.name != "nt",
            creationflags=no_window_flags(),
        )
        self._lines: queue.Queue = queue.Queue()
        self._stderr = collections.deque(maxlen=STDERR_LINES)
        self._readers = [_thread(self._read_stdout), _thread(self._read_stderr)]

    def __enter__(self) -> "ChildProcess":
        return self

    def __exit__(self, *_exception) -> None:
        self.stop()

    def lines(self, cancelled: Callable[[], bool]) -> Iterator[str]:
        """Each line of stdout; raises Cancelled, with the process ended, once ``cancelled()``."""
        reader, waited = self._readers[0], False
        while True:
            if cancelled():
                self.stop()
                raise Cancelled
            try:
                line = self._lines.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if self._process.poll() is None:
                    continue
                if waited:
                    return  # gone, but a child of it still holds stdout open
                # On a busy computer the last lines may not have been read yet.
                reader.join(DRAIN_SECONDS)
                waited = True
                continue
            if line is None:
                return
            yield line

    def wait(self, cancelled: Callable[[], bool]) -> int:
        """The exit code (negative: the signal on POSIX); raises Cancelled as ``lines`` does."""
        while True:
            if cancelled():
                self.stop()
                raise Cancelled
            try:
                code = self._process.wait(timeout=POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            self._readers[1].join(GRACE_SECONDS)
            return code

    def stderr_tail(self) -> str:
        """The last lines that the process wrote to stderr."""
        return "\n".join(self._stderr).strip()

    def stop(self) -> None:
        """End the process and its children: asked first, killed after GRACE_SECONDS."""
        if self._process.poll() is None:
            _signal_group(self._process, forced=False)
            with contextlib.suppress(subprocess.TimeoutExpired):  # killed below
                self._process.wait(timeout=GRACE_SECONDS)
        _signal_group(self._process, forced=True)
        self._process.wait()
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _read_stdout(self) -> None:
        for line in iter(lambda: self._process.stdout.readline(LINE_CHARACTERS), ""):
            self._lines.put(line.rstrip("\r\n"))
        self._lines.put(None)
        self._process.stdout.close()

    def _read_stderr(self) -> None:
        for line in iter(lambda: self._process.stderr.readline(LINE_CHARACTERS), ""):
            self._stderr.append(line.rstrip("\r\n"))
        self._process.stderr.close()


def _thread(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def _signal_group(process: subprocess.Popen, forced: bool) -> None:
    if os.name == "nt":
        _end_tree_on_windows(process)
        return
    try:
        os.killpg(process.pid, signal.SIGKILL if forced else signal.SIGTERM)
    except ProcessLookupError:
        return  # all of the group is gone
    except PermissionError:
        process.kill()  # macOS refuses for a group of zombies


def _end_tree_on_windows(process: subprocess.Popen) -> None:
    if process.poll() is not None:
        return
    taskkill = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "taskkill.exe")
    subprocess.run(  # nosec B603: the system's taskkill, fixed arguments
        [str(taskkill), "/F", "/T", "/PID", str(process.pid)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=no_window_flags(),
    )
