"""Installs wheels that were carried along: joined from their parts, beside the machine's packages.

Nothing of the machine is changed: what it lacks goes into a folder of its own, for this run. A
wheel too large to carry in one file lies there as NAME.whl.part00, NAME.whl.part01 and so on, as
``split --numeric-suffixes --bytes 60M NAME.whl NAME.whl.part`` makes them.
"""

import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Dict, List

_PART = re.compile(r"(?P<name>.+\.whl)\.part(?P<number>\d+)")


def install_missing(wheels: Path, target: Path) -> List[str]:
    """Install from ``wheels`` into ``target`` what this Python lacks; returns a line a package."""
    if not wheels.is_dir():
        return [f"{wheels} is no folder: nothing installed"]
    joined = target.parent / f"{target.name}_joined"
    said = []
    for wheel in [*sorted(wheels.glob("*.whl")), *join_parts(wheels, joined)]:
        said.append(_install(wheel, target))
    shutil.rmtree(joined, ignore_errors=True)
    return said


def join_parts(wheels: Path, joined: Path) -> List[Path]:
    """Wheels made of their parts, in the folder ``joined``."""
    parts: Dict[str, Dict[int, Path]] = {}
    for path in wheels.iterdir():
        if found := _PART.fullmatch(path.name):
            parts.setdefault(found["name"], {})[int(found["number"])] = path
    made = []
    for name, numbered in sorted(parts.items()):
        joined.mkdir(parents=True, exist_ok=True)
        whole = joined / name
        with whole.open("wb") as out:
            for number in sorted(numbered):
                with numbered[number].open("rb") as part:
                    shutil.copyfileobj(part, out)
        made.append(whole)
    return made


def _install(wheel: Path, target: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    if _has(name):
        return f"{name}: there already"
    if not zipfile.is_zipfile(wheel):
        return f"{name}: {wheel.name} is not whole, a part may be missing"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    done = subprocess.run(
        [*command, "--target", str(target), str(wheel)], capture_output=True, text=True
    )
    if done.returncode:
        return f"{name}: {(done.stderr.strip().splitlines() or ['pip failed'])[-1][:200]}"
    return f"{name} {version}: installed"


def _has(name: str) -> bool:
    """Whether this Python has a package; onnxruntime counts for no onnxruntime-gpu."""
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
