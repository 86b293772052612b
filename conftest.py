"""Before any test: QGIS without a display. After all: an end that reports what the tests did."""

import atexit
import os
import sys

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # pytest-qgis opens a QGIS in each run

_exit_status = pytest.StashKey[int]()


def pytest_sessionfinish(session, exitstatus):
    """Remember how the tests ended."""
    session.config.stash[_exit_status] = int(exitstatus)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config):
    """QGIS and torch in one process may crash while they are taken down.

    Also while pytest collects garbage once more, which this comes before. By then everything is
    printed; only the exit code would be lost.
    """
    if _exit_status in config.stash:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_exit_status])
