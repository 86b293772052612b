"""Takes one file out of a zip or wheel: ``extract_member.py ARCHIVE MEMBER TARGET``."""

import sys
import zipfile
from pathlib import Path


def extract(archive: Path, member: str, target: Path) -> None:
    """Write ``member`` of ``archive`` to ``target``, which appears only when it is whole."""
    part = target.with_name(target.name + ".part")
    with zipfile.ZipFile(archive) as opened:
        part.write_bytes(opened.read(member))
    part.replace(target)


if __name__ == "__main__":
    extract(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
