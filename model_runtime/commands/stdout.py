"""How a command that makes no raster gives its answer: as text, as JSON, or as the last event."""

import json
import time
from typing import Any, Dict

from ..events import Events


def print_result(args, events: Events, facts: Dict[str, Any], text: str, since: float) -> None:
    """Print ``facts`` or ``text`` as ``args`` say; with ``--events`` stdout holds events only.

    ``since`` is the monotonic time at which the command began; ``facts`` is plain data.
    """
    if args.events:
        output = getattr(args, "report", None) or ""
        events.done(output, time.monotonic() - since, **facts)
    else:
        print(json.dumps(facts, indent=1, allow_nan=False) if args.json else text)
