"""Packs installed packages as wheels again, so that an installation needs no network."""

import importlib.metadata
import re
import zipfile
from pathlib import Path

from packaging.requirements import Requirement


def pack(name: str, folder: Path, seen=None) -> None:
    """Write the wheels of the installed package ``name`` and of all that it needs.

    What the system installed was no wheel; an environment that sees the system's needs none.
    """
    seen = set() if seen is None else seen
    if name.lower() in seen:
        return
    seen.add(name.lower())
    package = importlib.metadata.distribution(name)
    if package.read_text("WHEEL") is None:
        return
    _write(package, folder)
    for line in package.requires or ():
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            pack(needed.name, folder, seen)


def _write(package, folder: Path) -> None:
    """Give ``package`` the name and tags that its installation remembers."""
    tags = re.findall(r"^Tag: (.+)$", package.read_text("WHEEL"), re.MULTILINE)
    parts = zip(*(tag.split("-") for tag in tags))  # Pythons, ABIs, platforms
    tag = "-".join(".".join(dict.fromkeys(part)) for part in parts)
    title = re.sub(r"[-_.]+", "_", package.metadata["Name"])
    path = folder / f"{title}-{package.version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in package.files:
            inside = not file.as_posix().startswith("..") and "__pycache__" not in file.parts
            if inside and file.name not in ("INSTALLER", "REQUESTED", "direct_url.json"):
                wheel.write(file.locate(), file.as_posix())
