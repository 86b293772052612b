"""Kills commands before every step that changes the disk, and fills the disk at many sizes.

    python tests/end_to_end/crashing.py PACKAGE FOLDER [--every N] [--sizes N] [--only NAME ...]

A step is a rename, link, unlink, mkdir, rmdir or fsync. After each kill, and on each full disk,
every file that was there is as it was or wholly new; the same command then ends well, to the very
same files as an unbroken run, and leaves nothing beside them.
"""

import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Tuple

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # in front of it may lie a plugin that tests assembled
    sys.path.insert(0, str(ROOT))
STEPS = ("rename", "replace", "link", "unlink", "remove", "mkdir", "rmdir", "fsync")
# Their content tells the time: whole is enough.
TIMED = {".html": b"</html>", ".json": b"}"}
OLD = b"an older file of the same name"
NM = tuple(400.0 + 75 * i for i in range(8))


@dataclass(frozen=True)
class Scenario:
    """``words`` of the command in a folder that ``prepare`` fills; ``old``: what is replaced.

    ``again``: exit codes of the same command after a break; 2 only where all was there already.
    """

    name: str
    words: Tuple[str, ...]
    old: Tuple[str, ...] = ()
    prepare: Callable[[Path], None] = lambda folder: None


@dataclass
class Tried:
    """How often a scenario was broken, and what was wrong afterwards."""

    name: str
    kills: int = 0
    full_disks: int = 0
    faults: List[str] = field(default_factory=list)


def scenarios(package: Path) -> List[Scenario]:
    """All writing commands; an option to replace files goes with old files to be replaced."""
    model = ("--model", str(package), "--threads", "1")
    up = ("upsample", "in.tif", "o.tif", *model, "--tile", "32")
    envi = ("upsample", "in.tif", "o.img", *up[3:])
    more = ("--spread", "s.tif", "--samples", "2", "--keep-stages", "st")
    page = ("--report", "r.html")
    cube = ("convert", "cube.tif")
    over = "--overwrite"
    many = ("upsample", "many", "out", *model)
    return [
        Scenario("upsample", up),
        Scenario("upsample, all outputs", (*up, *more)),
        Scenario("upsample over old files", (*up, *page, over), ("o.tif", "r.html")),
        Scenario("upsample to COG", (*up, "--format", "cog")),
        Scenario("upsample to ENVI", (*envi, "--samples", "2", "--spread", "s.dat")),
        Scenario("upsample to ENVI over old", (*envi, over), ("o.img", "o.hdr")),
        Scenario("upsample to sheets", ("upsample", "in.tif", "o.vrt", *up[3:], "--sheet", "64")),
        Scenario("scenes", many),
        Scenario("convert to ENVI", (*cube, "o.img", "--format", "envi")),
        Scenario("ENVI over old", (*cube, "o.img", "--format", "envi", over), ("o.img", "o.hdr")),
        Scenario("convert to COG", (*cube, "o.tif", "--format", "cog")),
        Scenario("COG over old", (*cube, "o.tif", "--format", "cog", over), ("o.tif",)),
        Scenario("simulate-rgb", ("simulate-rgb", "cube.tif", "o.tif", *model[:2])),
        Scenario(
            "simulate-rgb over old",
            ("simulate-rgb", "cube.tif", "o.tif", *model[:2], over),
            ("o.tif",),
        ),
        Scenario("evaluate", ("evaluate", "cube.tif", "cube.tif", "--report", "r.html")),
        Scenario("cluster", (*up, "--cluster", "local:1")),
    ]


def prepare(folder: Path, scenario: Scenario) -> None:
    """The inputs and the old files."""
    from osgeo import gdal

    folder.mkdir(parents=True)
    driver, rng = gdal.GetDriverByName("GTiff"), np.random.default_rng(0)
    for name in ("in.tif", "many/a.tif", "many/b.tif"):
        (folder / name).parent.mkdir(exist_ok=True)
        picture = driver.Create(str(folder / name), 60, 40, 3, gdal.GDT_Byte)
        picture.WriteArray(rng.integers(5, 250, (3, 40, 60)).astype(np.uint8))
    cube = driver.Create(str(folder / "cube.tif"), 70, 60, len(NM), gdal.GDT_UInt16)
    cube.WriteArray(rng.integers(100, 5000, (len(NM), 60, 70)).astype(np.uint16))
    cube.SetMetadata({"wavelength_units": "Nanometers"}, "ENVI")
    for number, nm in enumerate(NM, start=1):
        band = cube.GetRasterBand(number)
        band.SetMetadata({"wavelength": str(nm), "wavelength_units": "Nanometers", "fwhm": "80"})
        band.SetScale(1e-4)
    for name in scenario.old:
        (folder / name).write_bytes(OLD)


def contents(folder: Path) -> Dict[str, bytes]:
    """Every file below ``folder``, and its folders' names with nothing."""
    found = {}
    for path in sorted(folder.rglob("*")):
        found[str(path.relative_to(folder))] = path.read_bytes() if path.is_file() else b""
    return found


def run(
    words: Tuple[str, ...], folder: Path, kill_at: int = 0, largest: int = 0
) -> Tuple[int, int]:
    """(exit code, steps) of a command in a child; -9 where it was killed before step ``kill_at``.

    ``largest``: bytes of a file above which the disk is full.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        _be_the_child(words, folder, kill_at, largest, writer)
    os.close(writer)
    told = os.read(reader, 64)
    os.close(reader)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), int(told or 0)


def _be_the_child(words, folder: Path, kill_at: int, largest: int, writer: int) -> None:
    from model_runtime.__main__ import main

    code = 1
    try:
        os.chdir(folder)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1) if os.environ.get("CRASHING_LOUD") else (0, 1, 2):
            os.dup2(nothing, number)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        if largest:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
        steps = _count_steps(kill_at)
        code = main(words)
        os.write(writer, str(len(steps)).encode())
    finally:
        os._exit(code)


def _count_steps(kill_at: int) -> List[str]:
    """Every step is noted before it is done; the process is killed before number ``kill_at``."""
    steps, lock = [], threading.Lock()

    def counted(name: str, step: Callable) -> Callable:
        def do(*arguments, **how):
            with lock:
                steps.append(name)
                if len(steps) == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)
            return step(*arguments, **how)

        return do

    for name in STEPS:
        setattr(os, name, counted(name, getattr(os, name)))
    return steps


def is_whole(name: str, content: bytes, whole: Dict[str, bytes]) -> bool:
    """Whether a file is what an unbroken run makes of it."""
    end = TIMED.get(Path(name).suffix)
    if end and name in whole:
        return content.rstrip().endswith(end)
    return content == whole.get(name)


def faults_of(
    before: Dict[str, bytes], after: Dict[str, bytes], whole: Dict[str, bytes]
) -> Iterator[str]:
    """What a break must not leave: a file lost or cut off."""
    for name, content in before.items():
        if name not in after:
            yield f"{name} is lost"
        elif after[name] != content and not is_whole(name, after[name], whole):
            yield f"{name} is neither old nor new"
    for name in whole:
        if name not in before and name in after and not is_whole(name, after[name], whole):
            yield f"{name} is half a file"


def faults_of_again(
    code: int, ending: bool, after: Dict[str, bytes], whole: Dict[str, bytes]
) -> Iterator[str]:
    """What the same command must have made of it; ``ending``: it found the mark of the end."""
    if code not in ((0,) if ending else (0, 2)):
        yield f"the same command ends with {code}"
    for name in sorted({*whole, *after}):
        if name not in whole:
            yield f"{name} is left over (then {code})"
        elif name not in after:
            yield f"{name} is missing (then {code})"
        elif not is_whole(name, after[name], whole):
            yield f"{name} differs (then {code})"


def broken(
    scenario: Scenario, folder: Path, whole: Dict[str, bytes], **how
) -> Tuple[int, List[str]]:
    """(exit code, faults) of a run that is broken as ``how`` says, and of the same one after it."""
    place = folder / "broken"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(folder / "prepared", place)
    before = contents(place)
    code, _ = run(scenario.words, place, **how)
    left = contents(place)
    faults = list(faults_of(before, left, whole))
    again, _ = run(scenario.words, place)
    ending = any(name.endswith(".blocks/ending") for name in left)
    faults += faults_of_again(again, ending, contents(place), whole)
    return code, faults


def tried(scenario: Scenario, folder: Path, every: int, sizes: int) -> Tried:
    """Break a scenario in all ways."""
    found = Tried(scenario.name)
    prepare(folder / "prepared", scenario)
    shutil.copytree(folder / "prepared", folder / "whole")
    code, steps = run(scenario.words, folder / "whole")
    whole = contents(folder / "whole")
    if code:
        found.faults.append(f"unbroken it ends with {code}")
        return found
    for step in range(1, steps + 1, every):
        code, faults = broken(scenario, folder, whole, kill_at=step)
        found.kills += 1
        found.faults += [f"killed before step {step} ({code}): {fault}" for fault in faults]
    largest = max(
        len(content) for name, content in whole.items() if name not in ("in.tif", "cube.tif")
    )
    for size in np.unique(np.geomspace(100, 0.98 * largest, sizes).astype(int)) if sizes else ():
        code, faults = broken(scenario, folder, whole, largest=int(size))
        found.full_disks += 1
        if code not in (0, 5):
            faults.append(f"it ends with {code}")
        found.faults += [f"files up to {size} bytes: {fault}" for fault in faults]
    return found


def main() -> int:
    """Break all scenarios and print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="kill before every Nth step (1)")
    parser.add_argument("--sizes", type=int, default=12, help="full disks of each scenario (12)")
    parser.add_argument("--only", nargs="*", help="names of scenarios")
    parser.add_argument("--without", nargs="*", default=(), help="names of scenarios")
    args = parser.parse_args()
    _import_all()
    results = []
    for number, scenario in enumerate(scenarios(args.package.absolute())):
        if scenario.name not in (args.only or [scenario.name]) or scenario.name in args.without:
            continue
        result = tried(scenario, args.folder.absolute() / str(number), args.every, args.sizes)
        print(json.dumps(asdict(result)), flush=True)
        results.append(result)
    return 1 if any(result.faults for result in results) else 0


def _import_all() -> None:
    """Once, for all children."""
    import onnxruntime  # noqa: F401

    from model_runtime.__main__ import build_parser

    build_parser()
    with contextlib.suppress(ImportError):
        import distributed  # noqa: F401
    from model_runtime.batch import batch  # noqa: F401
    from model_runtime.pipeline import scene  # noqa: F401
    from model_runtime.raster import copy  # noqa: F401


if __name__ == "__main__":
    sys.exit(main())
