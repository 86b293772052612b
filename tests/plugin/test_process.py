"""A worker ends with QGIS, whatever end QGIS has, and within a second of being told to."""

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scdm_qgis.runtime import process
from scdm_qgis.runtime.process import Cancelled, ChildProcess

DEAF = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('deaf', flush=True)\n"
    "time.sleep(600)\n"
)
# A stand-in for QGIS: it starts the real worker's module as the plugin does, then hangs.
QGIS = """
import os, sys
sys.path.insert(0, {plugins!r})
from pathlib import Path
from scdm_qgis.runtime.process import ChildProcess
worker = "from model_runtime.system import parent_watch; parent_watch.watch(); " \\
         "print('up', flush=True); import time; time.sleep(600)"
root = Path({plugins!r}) / "scdm_qgis"
child = ChildProcess([sys.executable, "-c", worker],
                     {{**os.environ, "SCDM_LIFELINE": "stdin", "PYTHONPATH": str(root)}}, root)
for line in child.lines(lambda: False):
    print(child._process.pid, flush=True)
"""


@pytest.fixture
def deaf():
    """A child that ignores being asked to end."""
    with ChildProcess([sys.executable, "-c", DEAF], os.environ, Path.cwd()) as child:
        yield child


def test_a_deaf_worker_is_gone_when_cancel_returns(deaf, monkeypatch):
    """What is waited for between the user's wish and the kill is less than a second in all."""
    allowed = []
    wait = subprocess.Popen.wait
    monkeypatch.setattr(
        subprocess.Popen, "wait", lambda self, timeout=None: _noted(wait, self, timeout, allowed)
    )
    lines = deaf.lines(lambda: False)
    assert next(lines) == "deaf"
    with pytest.raises(Cancelled):
        deaf.wait(lambda: True)
    assert deaf._process.returncode == -signal.SIGKILL
    assert sum(allowed) + process.POLL_SECONDS < 1


def _noted(wait, popen, timeout, allowed):
    """Wait as asked and note how long was allowed; after the kill no limit is needed."""
    if timeout is not None:
        allowed.append(timeout)
    return wait(popen, timeout)


def test_the_last_lines_of_an_ended_worker_are_read_on_a_busy_computer(monkeypatch):
    """The thread that reads gets its turn only after the worker was seen to have ended."""
    seen = threading.Event()
    read, poll = ChildProcess._read_stdout, subprocess.Popen.poll

    def late(self):
        seen.wait(60)
        read(self)

    def told(self):
        code = poll(self)
        if code is not None:
            seen.set()
        return code

    monkeypatch.setattr(ChildProcess, "_read_stdout", late)
    monkeypatch.setattr(subprocess.Popen, "poll", told)
    with ChildProcess([sys.executable, "-c", "print('last')"], os.environ, Path.cwd()) as child:
        assert list(child.lines(lambda: False)) == ["last"]


def test_the_worker_ends_when_qgis_is_killed(plugin_folder):
    script = QGIS.format(plugins=str(plugin_folder.parent))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as stand_in:
        worker = int(stand_in.stdout.readline())
        handle = os.pidfd_open(worker)
        stand_in.kill()
        ended = select.select([handle], [], [], 60)[0]
    os.close(handle)
    assert ended
