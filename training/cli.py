"""How a training command ends: an error is one line on stderr and an exit code, Ctrl-C another."""

import sys
from typing import Callable

from model_runtime.contract import CANCELLED_EXIT
from model_runtime.errors import ScdmError

STOPPED = "stopped: run the same command again"


def run(work: Callable[[], None], stopped: str = STOPPED) -> int:
    """Do ``work``; ``stopped`` is said when the user breaks it off.

    Returns: the exit code: 0, the error's, or 130.
    """
    try:
        work()
    except ScdmError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        return CANCELLED_EXIT
    return 0
