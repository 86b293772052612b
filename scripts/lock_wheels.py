"""Looks up the hashes of what Install runtime installs: ``python scripts/lock_wheels.py``.

Needs QGIS's Python and the network. Asks PyPI for the wheels of each release in
scdm_qgis/runtime/wheels.py and writes their SHA-256 into wheel_hashes.json beside it. Do so when a
release there changes, and read what it changed.
"""

import json
import re
import sys
import urllib.request
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scdm_qgis.runtime import wheels  # noqa: E402

INDEX = "https://pypi.org/simple/{}/"
WHEEL = r"/{}-{}-[^/\"#]*\.whl#sha256=([0-9a-f]{{64}})"


def hashes(name: str, version: str) -> List[str]:
    """The SHA-256 of each wheel of a release, in order. Raises OSError."""
    with urllib.request.urlopen(INDEX.format(name), timeout=60) as answer:
        page = answer.read().decode()
    return sorted(set(re.findall(WHEEL.format(name, re.escape(version)), page)))


def main() -> None:
    """Write the file."""
    releases = [tuple(name.split("==")) for name in wheels.LOCKED]
    found = {f"{name}=={version}": hashes(name, version) for name, version in releases}
    wheels.HASHES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
