"""Errors in the words of Python: ``seed`` where the command line has ``--seed``."""

import re
from contextlib import contextmanager
from typing import Iterator

from ..errors import ScdmError

_INPUT = re.compile(r"\bINPUT\b")
_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")


@contextmanager
def naming_parameters() -> Iterator[None]:
    """Let errors leave that name parameters, not options."""
    try:
        yield
    except ScdmError as error:
        error.message, error.remedy = in_python(error.message), in_python(error.remedy)
        raise


def in_python(text: str) -> str:
    """Write ``text`` with parameters for options.

    Returns: such as "memory_limit" for "--memory-limit", and "rgb" for INPUT.
    """
    text = _INPUT.sub("rgb", text)
    return _OPTION.sub(lambda found: found.group(1).replace("-", "_"), text)
