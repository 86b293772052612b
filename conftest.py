"""Before any test: QGIS without a display. After all: an end that reports what the tests did."""

import atexit
import os
import sys
from typing import List

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # pytest-qgis opens a QGIS in each run

_exit_status = pytest.StashKey[int]()
_ended_with: List[int] = []


@atexit.register
def _leave():
    """Leave out what was to be done at exit before this file was read.

    That is PyQt's deletion of a QGIS that is still open: it crashes on QGIS 3.44.
    """
    if _ended_with:
        os._exit(_ended_with[0])


def pytest_sessionfinish(session, exitstatus):
    """Remember how the tests ended."""
    session.config.stash[_exit_status] = int(exitstatus)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config):
    """QGIS and torch in one process may crash while they are taken down.

    Also while pytest collects garbage once more, which this comes before. What pytest and the
    tests want done at exit is done, once everything is printed.
    """
    if _exit_status in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        _ended_with.append(config.stash[_exit_status])
        atexit._run_exitfuncs()
